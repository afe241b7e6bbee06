"""The clients of httpx2 that are lent to the SDKs: what an SDK wants of one, and no more."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from .transports import AsyncTransport, SyncTransport

# Nothing from the environment, neither proxies nor .netrc; redirects could carry a key away.
_CLIENT_OPTIONS: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": None}


class LentClient(httpx2.Client):
    """What an SDK wants of it and no more: between the SDK and the transport there are no
    redirects, no cookies and no hooks, so that their steps are left out. A call with `auth` of its
    own takes them all."""

    def __init__(self, transport: SyncTransport) -> None:
        super().__init__(transport=transport, cookies=_no_cookies(), **_CLIENT_OPTIONS)
        self._straight = transport

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        return _built(self, method, url, given) or super().build_request(method, url, **given)

    def send(
        self, request: httpx2.Request, *, stream: bool = False, **given: Any
    ) -> httpx2.Response:
        if _has_auth(given):
            return super().send(request, stream=stream, **given)
        if self.is_closed:
            raise RuntimeError("This client is closed.")
        try:
            response = self._straight.handle_request(request)
        except httpx2.RequestError as error:
            error.request = request
            raise
        response.request = request
        if not stream:
            _whole(response)
        return response


class AsyncLentClient(httpx2.AsyncClient):
    """The same, awaited."""

    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport=transport, cookies=_no_cookies(), **_CLIENT_OPTIONS)
        self._straight = transport

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        return _built(self, method, url, given) or super().build_request(method, url, **given)

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **given: Any
    ) -> httpx2.Response:
        if _has_auth(given):
            return await super().send(request, stream=stream, **given)
        if self.is_closed:
            raise RuntimeError("This client is closed.")
        try:
            response = await self._straight.handle_async_request(request)
        except httpx2.RequestError as error:
            error.request = request
            raise
        response.request = request
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        return response


def _has_auth(given: dict[str, Any]) -> bool:
    return isinstance(given.get("auth"), httpx2.Auth | tuple) or callable(given.get("auth"))


def _whole(response: httpx2.Response) -> None:
    try:
        response.read()
    except BaseException:
        response.close()
        raise


_PLAIN_REQUEST = {"content", "headers", "timeout", "extensions"}


def _built(
    client: httpx2.Client | httpx2.AsyncClient,
    method: str,
    url: httpx2.URL | str,
    given: dict[str, Any],
) -> httpx2.Request | None:
    """A request with a body of bytes or none; `None` for any other, which httpx2 builds itself."""
    content = given.get("content")
    rest = [name for name, value in given.items() if name not in _PLAIN_REQUEST and value]
    address = url if isinstance(url, httpx2.URL) else httpx2.URL(url)
    if rest or not address.host or not (content is None or type(content) is bytes):
        return None
    headers = given.get("headers")
    named = (headers if isinstance(headers, httpx2.Headers) else httpx2.Headers(headers)).raw
    present = {name.lower() for name, _ in named}
    lines = [] if b"host" in present else [(b"Host", address.netloc)]
    lines += [item for item in client.headers.raw if item[0].lower() not in present]
    lines += named
    unsized = not present & {b"content-length", b"transfer-encoding"}
    if unsized and (content or method.upper() in ("POST", "PUT", "PATCH")):
        lines.append((b"Content-Length", b"%d" % len(content or b"")))
    extensions = dict(given.get("extensions") or {})
    if "timeout" not in extensions:
        timeout = given.get("timeout")
        is_given = isinstance(timeout, int | float | tuple | httpx2.Timeout)
        extensions["timeout"] = httpx2.Timeout(timeout if is_given else None).as_dict()
    request = httpx2.Request(
        method, address, headers=lines, stream=httpx2.ByteStream(content or b""),
        extensions=extensions,
    )  # fmt: skip
    request.read()
    return request


def _no_cookies() -> CookieJar:
    """Cookies would travel from one key's calls to another's."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
