"""How connections are made: how many, trusting whom, through which proxy."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import httpcore2
import httpx2

MAX_CONNECTIONS = 1000
MAX_IDLE_CONNECTIONS = 100
IDLE_S = 30.0

_T = TypeVar("_T")


@cache
def _default_tls() -> ssl.SSLContext:
    """Building one takes tens of milliseconds, so the process has one."""
    return httpcore2.default_ssl_context()


class Factory:
    """Makes what makes connections: trusting whom, and through which proxy."""

    def __init__(self, tls: ssl.SSLContext | None, proxy: str | None) -> None:
        self._tls = tls
        self.proxy = proxy

    @property
    def tls(self) -> ssl.SSLContext:
        return self._tls or _default_tls()

    def make(self, factory: Callable[..., _T], backend: Any) -> _T:
        """What makes connections, through the proxy where there is one."""
        return factory(
            ssl_context=self.tls,
            proxy=_proxy_of(self.proxy) if self.proxy is not None else None,
            keepalive_expiry=IDLE_S,
            network_backend=backend,
        )


def _proxy_of(address: str) -> httpcore2.Proxy:
    url = httpx2.URL(address)
    auth = (url.username, url.password) if url.username or url.password else None
    return httpcore2.Proxy(str(url.copy_with(username=None, password=None)), auth=auth)
