"""What a caller set up once: the arguments of a client, checked, and what its calls share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic import ValidationError as PydanticError

from indox_core._credentials import HiddenText, find_key, kind, read_key
from indox_core._errors import ConfigurationError, ValidationError, did_you_mean
from indox_core._money import Ledger, read_overrides
from indox_core._options import OnUnsupported, ProviderConfig
from indox_core._plugins import Provider, Registry, hooks
from indox_core._schema import Frozen, validation_error
from indox_core._transport import LentClients

from .connections import Connections

ModelT = TypeVar("ModelT", bound=Frozen)

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


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise ValueError("must begin with https:// or http:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "must not hold a user, a query or a fragment: they may carry secrets. "
            "Pass credentials as api_key or headers."
        )
    return url.rstrip("/")


def _checked_proxy(proxy: str) -> str:
    """A proxy's address may hold a user and a password."""
    if "@" not in proxy:
        return _checked_url(proxy)
    scheme, _, rest = proxy.partition("://")
    _checked_url(f"{scheme}://{rest.rpartition('@')[2]}")
    return HiddenText(proxy)


def _checked_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("has a name that HTTP does not allow")
        if name.lower() in _HEADERS_NOT_YOURS:
            raise ValueError(f"must not set {name}; a key is passed as api_key")
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the value of {name} must be printable ASCII text")
    return {name: HiddenText(value) for name, value in headers.items()}


def _says(sentence: str) -> WrapValidator:
    """What is said of a value that the type refuses, in place of pydantic's words."""

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except PydanticError:
            raise ValueError(sentence) from None

    return WrapValidator(check)


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("no number")
    return value


_Seconds = Annotated[
    float,
    Field(strict=True, gt=0, allow_inf_nan=False),
    _says("must be a positive, finite number of seconds"),
]
_Bytes = Annotated[int, Field(strict=True, gt=0), _says("must be a positive whole number of bytes")]
_Dollars = Annotated[
    Decimal,
    BeforeValidator(_no_flag),
    Field(gt=0, allow_inf_nan=False),
    _says("must be a positive number of US dollars"),
]
_Flag = Annotated[bool, Field(strict=True), _says("must be True or False")]


class CallSettings(Frozen):
    """How one call is made."""

    timeout: _Seconds = 600.0
    idle_timeout: _Seconds | None = None
    max_retries: Annotated[
        int, Field(strict=True, ge=0), _says("must be a whole number, 0 or more")
    ] = 2
    on_unsupported: Annotated[OnUnsupported, _says('must be "adapt" or "error"')] = "adapt"
    include_raw: _Flag = False
    max_cost: _Dollars | None = None
    """US dollars. `None`: no limit."""


class _ClientSettings(Frozen):
    """What a client has besides."""

    max_image_bytes: _Bytes
    max_request_bytes: _Bytes
    transport: Annotated[Literal["httpx2", "aiohttp"], _says('must be "httpx2" or "aiohttp"')]
    proxy: Annotated[str, Field(strict=True), AfterValidator(_checked_proxy)] | None
    debug: bool


class ProviderSetup(Frozen):
    """How one provider is reached."""

    api_key: SecretStr | None = None
    base_url: Annotated[str, Field(strict=True), AfterValidator(_checked_url)] | None = None
    headers: Annotated[dict[str, str], Field(strict=True), AfterValidator(_checked_headers)] = {}  # noqa: RUF012 # pydantic copies it
    compatible_with: Annotated[str, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _check(self) -> ProviderSetup:
        if self.compatible_with is not None and self.base_url is None:
            raise ValueError("compatible_with names a provider, and needs base_url")
        return self


_UNTOLD = ProviderSetup()


def checked(kind: type[ModelT], given: Mapping[str, Any], where: str = "") -> ModelT:
    """The arguments as that model. Raises `ValidationError`, which holds none of their values."""
    try:
        return kind.model_validate(given)
    except PydanticError as error:
        problem = validation_error(error, where)
    raise problem


def _read_provider(name: Any, config: Any) -> ProviderSetup:
    where = f'providers["{name}"]'
    if not isinstance(config, Mapping):
        raise ValidationError(f"{where} must be a dict, not {kind(config)}")
    for key in config:
        if key not in ProviderConfig.__annotations__:
            hint = did_you_mean(str(key), ProviderConfig.__annotations__)
            raise ValidationError(f"{where} has an unknown key.{hint}")
    given = {key: value for key, value in config.items() if value is not None}
    given["api_key"] = read_key(given.get("api_key"), f'{where}["api_key"]')
    setup = checked(ProviderSetup, given, where)
    if setup.compatible_with is not None and not re.fullmatch(
        r"[a-z0-9][a-z0-9_-]{0,63}", str(name)
    ):
        raise ValidationError(f"{where}: a name has lower-case letters, digits, - and _")
    return setup


def _check_aiohttp(asynchronous: bool) -> None:
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


class Setup:
    """The arguments of one client, checked, and what its calls share. `Client` says what each is.

    Raises `ValidationError`, `ConfigurationError` and `PluginLoadError`.
    """

    def __init__(
        self,
        asynchronous: bool,
        *,
        api_key: Any,
        providers: Any,
        prices: Any,
        plugins: Any,
        verify: Any,
        defaults: dict[str, Any],
        **settings: Any,
    ) -> None:
        self.has_router_key = read_key(api_key, "api_key") is not None
        if providers is not None and not isinstance(providers, Mapping):
            raise ValidationError(f"providers must be a dict, not {kind(providers)}")
        self._providers = {
            name: _read_provider(name, config) for name, config in (providers or {}).items()
        }
        self.defaults = checked(CallSettings, defaults)
        client = checked(_ClientSettings, settings)
        self.debug = client.debug
        self.max_image_bytes = client.max_image_bytes
        self.max_request_bytes = client.max_request_bytes
        self.overrides = read_overrides(prices)
        self.ledger = Ledger()
        if not isinstance(plugins, Iterable):
            raise ValidationError(f"plugins must be a list, not {type(plugins).__name__}")
        handed_over = tuple(plugins)
        self.observers = hooks.observers(handed_over)
        self.registry = Registry(
            handed_over,
            {
                name: (told.compatible_with, told.base_url or "")
                for name, told in self._providers.items()
                if told.compatible_with is not None
            },
        )
        if verify is not None and not isinstance(verify, bool):
            import ssl  # who passes a context has it loaded

            if not isinstance(verify, ssl.SSLContext):
                raise ValidationError("verify must be an ssl.SSLContext, True or False")
        if client.transport == "aiohttp":
            _check_aiohttp(asynchronous)
        self.connections = Connections(LentClients(client.proxy, verify, client.transport))

    @property
    def configured(self) -> list[str]:
        """The names of the providers that the caller configured."""
        return sorted(self._providers)

    def headers(self, provider: str) -> dict[str, str]:
        """What the caller wants sent with every call."""
        return self._providers.get(provider, _UNTOLD).headers

    def base_url(self, provider: Provider) -> str:
        return self._providers.get(provider.spec.name, _UNTOLD).base_url or provider.spec.base_url

    def key(self, provider: Provider, per_call: SecretStr | None) -> SecretStr | None:
        """The key of one call. Raises `MissingKeyError`."""
        name = provider.spec.name
        own = self._providers.get(name, _UNTOLD).api_key
        return find_key(name, provider.spec.key_variable, per_call, own, self.has_router_key)

    def settings(self, options: Mapping[str, Any]) -> CallSettings:
        """How one call is made: its own options where it has some, else the client's."""
        mine = {
            name: options[name]
            for name in CallSettings.model_fields
            if options.get(name) is not None
        }
        return checked(CallSettings, {**self.defaults.__dict__, **mine}) if mine else self.defaults

    def resolved(self, model: Any) -> Any:
        """The model that a name of the caller's own stands for, or the model itself."""
        if not isinstance(model, str):
            return model
        return hooks.ask(self.observers, "indox_resolve_model", str, name=model) or model
