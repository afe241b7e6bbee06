"""Between a client's arguments and the engine: everything before the first byte is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from indox_core._credentials import HIDDEN, find_key, read_key
from indox_core._errors import (
    ConfigurationError,
    IndoxError,
    UnsupportedFeatureError,
    ValidationError,
    did_you_mean,
)
from indox_core._money import prices
from indox_core._money.budget import checked_limit, price_range, prompt_tokens
from indox_core._money.ledger import ClientUsage, Ledger
from indox_core._money.overrides import read_overrides
from indox_core._options import CallOptions, ChatOptions, OnUnsupported, ProviderConfig
from indox_core._plugins import hooks
from indox_core._plugins.capabilities import without
from indox_core._plugins.provider import (
    Call,
    ModelInfo,
    ModelLister,
    Provider,
    TokenCounter,
    breach,
)
from indox_core._plugins.registry import Registry
from indox_core._schema.content import Media, TextPart, with_results
from indox_core._schema.messages import Adaptation
from indox_core._schema.request import ChatRequest, check_model, read_request, split_model
from indox_core._schema.usage import Receipt, TokenUsage

from .engine import (
    Connections,
    Lender,
    Plan,
    Run,
    check_unsupported,
    first_answer,
    parser,
    usage_of,
)
from .explanation import Explanation
from .stored import decode_stored, plugin_raised

T = TypeVar("T")
Ready: TypeAlias = tuple[Plan[Any], float, float | None]
"""What a driver takes: the plan, when it must have ended, and how long a stream may pause."""
_CALL_OPTIONS = frozenset(
    {
        "byok_api_key",
        "on_unsupported",
        "timeout",
        "idle_timeout",
        "max_retries",
        "max_cost",
        "include_raw",
    }
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The key goes with the call; a header of the client would win over every user's own.
_HEADERS_NOT_YOURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "authorization",
        "x-goog-api-key",
        "x-api-key",
    }
)


class _Configured:
    """One provider's configuration, checked."""

    def __init__(self, name: str, config: Any) -> None:
        where = f'providers["{name}"]'
        if not isinstance(config, Mapping):
            raise ValidationError(f"{where} must be a dict, not {type(config).__name__}")
        for key in config:
            if key not in ProviderConfig.__annotations__:
                hint = did_you_mean(str(key), ProviderConfig.__annotations__)
                raise ValidationError(f"{where} has an unknown key.{hint}")
        self.key = read_key(config.get("api_key"), f'{where}["api_key"]')
        self.base_url = _checked_url(config.get("base_url"), f'{where}["base_url"]')
        self.headers = _checked_headers(config.get("headers"), f'{where}["headers"]')
        self.compatible_with = config.get("compatible_with")
        if self.compatible_with is None:
            return
        if not isinstance(self.compatible_with, str) or self.base_url is None:
            raise ValidationError(f"{where}: compatible_with names a provider, and needs base_url")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", str(name)):
            raise ValidationError(f"{where}: a name has lower-case letters, digits, - and _")


def _checked_url(url: Any, where: str) -> str | None:
    if url is None:
        return None
    if not isinstance(url, str):
        raise ValidationError(f"{where} must be a string, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise ValidationError(f"{where} must begin with https:// or http:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError(
            f"{where} must not hold a user, a query or a fragment: they may carry secrets. "
            "Pass credentials as api_key or headers."
        )
    return url.rstrip("/")


def _checked_proxy(proxy: Any) -> str | None:
    """A proxy's address may hold a user and a password."""
    if isinstance(proxy, str) and "@" in proxy:
        scheme, _, rest = proxy.partition("://")
        _checked_url(f"{scheme}://{rest.rpartition('@')[2]}", "proxy")
        return proxy
    return _checked_url(proxy, "proxy")


def _checked_headers(headers: Any, where: str) -> dict[str, str]:
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise ValidationError(f"{where} must be a dict, not {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValidationError(f"{where} has a name that HTTP does not allow")
        if name.lower() in _HEADERS_NOT_YOURS:
            raise ValidationError(f"{where} must not set {name}; a key is passed as api_key")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ValidationError(f"{where}: the value of {name} must be printable ASCII text")
    return dict(headers)


def _checked_seconds(value: Any, name: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise ValidationError(f"{name} must be a positive, finite number of seconds")
    return float(value)


def _checked_retries(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValidationError("max_retries must be a whole number, 0 or more")
    return value


def _checked_size(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValidationError(f"{name} must be a positive whole number of bytes")
    return value


def _megabytes(size: int) -> str:
    return f"{size / 2**20:g} MiB"


def _checked_cost(value: Any) -> Decimal | None:
    try:
        return checked_limit(value)
    except (ValueError, ArithmeticError):
        raise ValidationError("max_cost must be a positive number of US dollars") from None


def _checked_flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValidationError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def _checked_policy(value: Any) -> OnUnsupported:
    if value not in ("adapt", "error"):
        raise ValidationError('on_unsupported must be "adapt" or "error"')
    return cast(OnUnsupported, value)


def _check_transport(transport: Any, asynchronous: bool) -> None:
    if transport not in ("httpx2", "aiohttp"):
        raise ValidationError('transport must be "httpx2" or "aiohttp"')
    if transport != "aiohttp":
        return
    if not asynchronous:
        raise ValidationError('transport="aiohttp" is for AsyncClient; Client has httpx2')
    try:
        # Here and not at the first call: it imports the httpx that was before httpx2, and an
        # SDK that looks whether that is there must not see half of it from another thread.
        import httpx_aiohttp.httpx2  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "transport=\"aiohttp\" needs the extra: pip install 'indox-core[aiohttp]'"
        ) from None


class Calls:
    """Makes a client's calls ready to be driven: its configuration, checks, and what it holds."""

    def __init__(
        self,
        asynchronous: bool,
        *,
        api_key: Any,
        providers: Any,
        timeout: Any,
        idle_timeout: Any,
        max_retries: Any,
        on_unsupported: Any,
        max_image_bytes: Any,
        max_request_bytes: Any,
        prices: Any,
        plugins: Any,
        proxy: Any,
        verify: Any,
        transport: Any,
        debug: bool,
    ) -> None:
        self._router_key = read_key(api_key, "api_key")
        if providers is not None and not isinstance(providers, Mapping):
            raise ValidationError(f"providers must be a dict, not {type(providers).__name__}")
        self._configured = {
            name: _Configured(name, config) for name, config in (providers or {}).items()
        }
        self._timeout_s = _checked_seconds(timeout, "timeout")
        self._idle_timeout_s = (
            None if idle_timeout is None else _checked_seconds(idle_timeout, "idle_timeout")
        )
        self._max_retries = _checked_retries(max_retries)
        self._on_unsupported = _checked_policy(on_unsupported)
        self._max_image_bytes = _checked_size(max_image_bytes, "max_image_bytes")
        self._max_request_bytes = _checked_size(max_request_bytes, "max_request_bytes")
        self._overrides = read_overrides(prices)
        self._ledger = Ledger()
        if not isinstance(plugins, Iterable):
            raise ValidationError(f"plugins must be a list, not {type(plugins).__name__}")
        handed_over = tuple(plugins)
        self._observers = hooks.observers(handed_over)
        self._registry = Registry(
            handed_over,
            {
                name: (config.compatible_with, config.base_url or "")
                for name, config in self._configured.items()
                if config.compatible_with is not None
            },
        )
        if verify is not None and not isinstance(verify, bool):
            import ssl

            if not isinstance(verify, ssl.SSLContext):
                raise ValidationError("verify must be an ssl.SSLContext, True or False")
        _check_transport(transport, asynchronous)
        self.connections = Connections(Lender(_checked_proxy(proxy), verify, transport))
        self._debug = debug

    @property
    def configured(self) -> list[str]:
        """The names of the providers that the caller configured."""
        return sorted(self._configured)

    def chat(self, messages: Any, model: Any, stream: Any, options: Any) -> Ready:
        runs = self._prepare(self._chat_runs, messages, model, stream, options)
        first = runs[0]
        return first_answer(runs, stream), first.end, first.idle_timeout_s if stream else None

    def models(self, provider: Any, options: Any) -> Ready:
        run = self._prepare(self._models_run, provider, options)
        return _models(run), run.end, None

    def count_tokens(self, messages: Any, model: Any, options: Any) -> Ready:
        run = self._prepare(self._count_run, messages, model, options)
        return _tokens(run), run.end, None

    def explain(self, messages: Any, model: Any, stream: Any, options: Any) -> Explanation:
        return self._prepare(self._explained, messages, model, stream, options)

    def warm_up(self, providers: tuple[str, ...], asynchronous: bool) -> None:
        self._prepare(self._warm, providers, asynchronous)

    def _prepare(self, make: Callable[..., T], *arguments: Any) -> T:
        """A call that is ready. What is refused holds nothing of the input, also in its context."""
        try:
            return make(*arguments)
        except IndoxError as error:
            if not self._debug:
                error.__context__ = None
            raise

    def _chat_run(
        self,
        messages: Any,
        model: Any,
        stream: Any,
        options: dict[str, Any],
        per_call: SecretStr | None,
    ) -> Run:
        """Everything before the first byte: checked, encoded, with its key. Nothing is sent."""
        provider, request = self._request(messages, model, stream, options)
        call = _called(provider, "encode", lambda: provider.encode(request), self._debug)
        run = self._run(provider, request, call, per_call, options)
        run.observers = self._observers
        if request.response_schema is not None:
            run.parse = parser(options["response_schema"])
        run.max_cost = _checked_cost(options.get("max_cost"))
        return run

    def _explained(self, messages: Any, model: Any, stream: Any, options: Any) -> Explanation:
        _taken_key(options)
        _check_names(options, ChatOptions, "explain")
        _checked_flag(stream, "stream")
        _checked_cost(options.get("max_cost"))
        provider, request = self._request(messages, model, stream, options)
        call = _called(provider, "encode", lambda: provider.encode(request), self._debug)
        check_unsupported(call, request, self._settings(options)[0])
        at = datetime.now(UTC)

        def quote_of(usage: TokenUsage) -> prices.Quote | None:
            question = prices.Question(provider, request.model, None, usage, at)
            return prices.quote(question, self._overrides, self._observers)

        configured = self._configured.get(request.provider)
        hidden = dict.fromkeys(configured.headers if configured else (), HIDDEN)
        return Explanation(
            provider=request.provider,
            model=request.model,
            base_url=request.base_url,
            operation=call.operation,
            body=call.arguments,
            headers={**call.headers, **hidden},
            adaptations=request.adaptations + call.adaptations,
            prompt_tokens=prompt_tokens(request),
            price=price_range(request, call, quote_of),
        )

    def _chat_runs(
        self, messages: Any, model: Any, stream: Any, options: dict[str, Any]
    ) -> list[Run]:
        """One run per model that may answer, all checked before the first is sent."""
        per_call = _taken_key(options)
        _check_names(options, ChatOptions, "chat")
        _checked_flag(stream, "stream")
        if not isinstance(model, list | tuple):
            return [self._chat_run(messages, model, stream, options, per_call)]
        if not model:
            raise ValidationError("model is an empty list. Name at least one model.")
        # Each model reads them anew, and an iterator can be read but once.
        messages = _listed(messages)
        if "tools" in options:
            options["tools"] = _listed(options["tools"])
        runs = [self._chat_run(messages, name, stream, options, per_call) for name in model]
        if per_call is not None and len({run.request.provider for run in runs}) > 1:
            raise ValidationError(
                "byok_api_key is one provider's key, and the models are of several. "
                'Configure Client(providers={"NAME": {"api_key": ...}}) instead.'
            )
        for run in runs[1:]:
            run.request_id, run.started = runs[0].request_id, runs[0].started
        return runs

    def _count_run(self, messages: Any, model: Any, options: dict[str, Any]) -> Run:
        """As `_chat_run`, for the tokens of the request."""
        per_call = _taken_key(options)
        _check_names(options, ChatOptions, "count_tokens")
        provider, request = self._request(messages, model, False, options)
        if not isinstance(provider, TokenCounter):
            raise UnsupportedFeatureError(f"{request.provider} does not count tokens beforehand.")
        call = _called(provider, "count_call", lambda: provider.count_call(request), self._debug)
        return self._run(provider, request, call, per_call, options)

    def _models_run(self, name: Any, options: dict[str, Any]) -> Run:
        """A list of models, ready to be asked for."""
        per_call = _taken_key(options)
        _check_names(options, CallOptions, "models")
        if not isinstance(name, str):
            raise ValidationError(f"provider must be a string, not {type(name).__name__}")
        provider = self._registry.provider(name)
        if not isinstance(provider, ModelLister):
            raise UnsupportedFeatureError(f"{name} has no list of models.")
        base_url = self._base_url(provider)
        request = ChatRequest(provider=name, model="", base_url=base_url, messages=())
        call = _called(provider, "models_call", lambda: provider.models_call(base_url), self._debug)
        return self._run(provider, request, call, per_call, options)

    def _request(
        self, messages: Any, model: Any, stream: bool, options: dict[str, Any]
    ) -> tuple[Provider, ChatRequest]:
        provider_name, model_name = split_model(self._resolved(model))
        provider = self._registry.provider(provider_name)
        check_model(model_name)
        request = read_request(
            messages,
            provider_name,
            model_name,
            self._base_url(provider),
            stream,
            {name: value for name, value in options.items() if name not in _CALL_OPTIONS},
            provider.spec.options,
        )
        request = without(request, provider.spec.lacks)
        self._check_media(request, provider)
        return provider, request

    def _check_media(self, request: ChatRequest, provider: Provider) -> None:
        """Nothing is downloaded here: a URL that the vendor cannot fetch is refused."""
        size = 0
        for number, message in enumerate(request.messages):
            content = message.content
            if len(content) == 1 and type(content[0]) is TextPart:
                size += len(content[0].text)
                continue
            for part in with_results(content):
                if isinstance(part, TextPart):
                    size += len(part.text)
                    continue
                media = getattr(part, part.type, None)
                if not isinstance(media, Media):
                    continue
                if media.url is not None and part.type not in provider.spec.fetches_urls:
                    raise UnsupportedFeatureError(
                        f"messages.{number}: {request.provider} does not fetch the URL of a part "
                        f"of type {part.type}. Download it and pass the bytes as data."
                    )
                length = len(media.data or "") * 3 // 4
                if part.type == "image" and length > self._max_image_bytes:
                    raise ValidationError(
                        f"messages.{number}: the image is larger than "
                        f"{_megabytes(self._max_image_bytes)}; see Client(max_image_bytes=...)"
                    )
                size += length
        if size > self._max_request_bytes:
            raise ValidationError(
                f"messages: the content is larger than {_megabytes(self._max_request_bytes)} in "
                "all; see Client(max_request_bytes=...)"
            )

    def _base_url(self, provider: Provider) -> str:
        configured = self._configured.get(provider.spec.name)
        return (configured.base_url if configured else None) or provider.spec.base_url

    def _run(
        self,
        provider: Provider,
        request: ChatRequest,
        call: Call,
        per_call: SecretStr | None,
        options: dict[str, Any],
    ) -> Run:
        policy, timeout_s, idle_timeout_s, max_retries, include_raw = self._settings(options)
        check_unsupported(call, request, policy)
        name = request.provider
        configured = self._configured.get(name)
        return Run(
            request=request,
            call=call,
            provider=provider,
            connections=self.connections,
            key=find_key(
                name,
                provider.spec.key_variable,
                per_call,
                configured.key if configured else None,
                self._router_key is not None,
            ),
            headers=configured.headers if configured else {},
            timeout_s=timeout_s,
            idle_timeout_s=idle_timeout_s,
            max_retries=max_retries,
            include_raw=include_raw,
            debug=self._debug,
            overrides=self._overrides,
            ledger=self._ledger,
        )

    def _settings(
        self, options: dict[str, Any]
    ) -> tuple[OnUnsupported, float, float | None, int, bool]:
        """How one call is made: its own options where it has some, else the client's."""
        mine = {name: options[name] for name in _CALL_OPTIONS if options.get(name) is not None}
        idle = self._idle_timeout_s
        if "idle_timeout" in mine:
            idle = _checked_seconds(mine["idle_timeout"], "idle_timeout")
        return (
            _checked_policy(mine.get("on_unsupported", self._on_unsupported)),
            _checked_seconds(mine.get("timeout", self._timeout_s), "timeout"),
            idle,
            _checked_retries(mine.get("max_retries", self._max_retries)),
            _checked_flag(mine.get("include_raw", False), "include_raw"),
        )

    def _warm(self, names: tuple[str, ...], asynchronous: bool) -> None:
        for name in names:
            provider = self._registry.provider(name)
            problem, cause = None, None
            try:
                self.connections.ready(provider, asynchronous)
            except IndoxError:
                raise
            except Exception as error:  # noqa: BLE001 # a plugin may raise anything
                problem = plugin_raised(name, error, "connect")
                cause = error if self._debug else None
            if problem is not None:
                raise problem from cause
        prices.load()

    @property
    def usage(self) -> ClientUsage:
        """What this client's calls have used and cost so far."""
        return self._ledger.so_far()

    def receipt(
        self,
        model: str,
        body: Any,
        at: datetime | None,
        service_tier: str | None,
    ) -> Receipt:
        name, asked = split_model(self._resolved(model))
        provider = self._registry.provider(name)
        if at is not None and not isinstance(at, datetime):
            raise ValidationError(f"at must be a datetime, not {type(at).__name__}")
        moment = datetime.now(UTC) if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
        reply = decode_stored(provider, body)
        usage = reply.usage
        quote = None
        if usage is not None:
            if service_tier is not None and usage.service_tier in prices.STANDARD:
                usage = replace(usage, service_tier=service_tier.lower())
            question = prices.Question(provider, asked, reply.model, usage, moment)
            quote = prices.quote(question, self._overrides, self._observers)
        receipt = prices.settle(usage, quote, reply.model or asked)
        return receipt.of(usage_of(usage, receipt))

    def _resolved(self, model: Any) -> Any:
        if not isinstance(model, str):
            return model
        return hooks.ask(self._observers, "indox_resolve_model", str, name=model) or model


def _taken_key(options: dict[str, Any]) -> SecretStr | None:
    """The call's own key, out of the options, so that no frame of ours holds it in the clear."""
    return read_key(options.pop("byok_api_key", None), "byok_api_key")


def _listed(value: Any) -> Any:
    """What can be read but once, as a list."""
    return list(value) if isinstance(value, Iterator) else value


def _check_names(options: dict[str, Any], known: type, function: str) -> None:
    for name in options:
        if name not in known.__annotations__:
            hint = did_you_mean(name, known.__annotations__)
            raise ValidationError(f'{function}() has no argument "{name}".{hint}')


def _called(provider: Provider, method: str, make: Callable[[], Call], debug: bool) -> Call:
    """What a plugin makes of a request; it may raise and return anything."""
    try:
        call = make()
    except IndoxError:
        raise
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        problem, cause = plugin_raised(provider.spec.name, error, method), error if debug else None
    else:
        wanted, value = _wanted_of(call)
        if not wanted:
            return call
        problem, cause = breach(provider.spec.name, method, wanted, value), None
    raise problem from cause


def _models(run: Run) -> Plan[Any]:
    def are_models(value: Any) -> bool:
        several = isinstance(value, (tuple, list))
        return several and all(isinstance(item, ModelInfo) for item in value)

    read = cast(ModelLister, run.provider).decode_models
    return run.fetch("decode_models", read, "a tuple of ModelInfo", are_models)


def _tokens(run: Run) -> Plan[Any]:
    read = cast(TokenCounter, run.provider).decode_count
    return run.fetch("decode_count", read, "an int", lambda value: type(value) is int)


def _wanted_of(call: Any) -> tuple[str, Any]:
    """What is wanted instead of what a plugin calls a call, and what was given; '' if it is one."""
    if not isinstance(call, Call):
        return "a Call", call
    for name, kind, wanted in _CALL_FIELDS:
        value = getattr(call, name)
        if not isinstance(value, kind):
            return f"a Call with {wanted}", value
    odd = [item for item in call.adaptations if not isinstance(item, Adaptation)]
    return ("a Call with a tuple of adaptations", odd[0]) if odd else ("", None)


_CALL_FIELDS: tuple[tuple[str, type, str], ...] = (
    ("operation", str, "an operation of text"),
    ("arguments", dict, "a dict of arguments"),
    ("adaptations", tuple, "a tuple of adaptations"),
    ("headers", Mapping, "a mapping of headers"),
)
