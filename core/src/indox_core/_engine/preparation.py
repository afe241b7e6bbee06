"""From the arguments of a method to a call that can be driven: everything before the first byte.

What is refused here was not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import SecretStr
from pydantic import ValidationError as PydanticError
from pydantic_core import from_json

from indox_core._credentials import read_key
from indox_core._errors import (
    IndoxError,
    UnsupportedFeatureError,
    ValidationError,
    did_you_mean,
)
from indox_core._money import library
from indox_core._options import CallOptions, ChatOptions
from indox_core._plugins import (
    Call,
    ModelInfo,
    ModelLister,
    Provider,
    TokenCounter,
    fitted,
    own_names,
    with_taken_names,
    without,
)
from indox_core._schema import (
    ChatRequest,
    Media,
    TextPart,
    check_calls,
    check_model,
    for_its_provider,
    read_request,
    split_model,
    with_results,
)

from .commands import Prepared
from .encoding import encoded, facts_of
from .fallbacks import first_answer
from .invocation import Invocation
from .plan import fetch
from .reading import plugin_raised
from .setup import CallSettings, Setup

T = TypeVar("T")
_NOT_OF_THE_REQUEST = frozenset({"byok_api_key", *CallSettings.model_fields})


def refused_clean(setup: Setup, make: Callable[..., T], *arguments: Any) -> T:
    """What `make` makes. What is refused holds nothing of the input, also in its context."""
    try:
        return make(setup, *arguments)
    except IndoxError as error:
        if not setup.debug:
            error.__context__ = None
        raise


def prepared_chat(setup: Setup, messages: Any, model: Any, stream: Any, options: Any) -> Prepared:
    invocations = refused_clean(setup, _chats, messages, model, stream, options)
    first = invocations[0]
    idle_timeout_s = first.settings.idle_timeout if stream else None
    return Prepared(first_answer(invocations), first.end, idle_timeout_s)


def prepared_models(setup: Setup, provider: Any, options: Any) -> Prepared:
    return refused_clean(setup, _models, provider, options)


def prepared_count(setup: Setup, messages: Any, model: Any, options: Any) -> Prepared:
    return refused_clean(setup, _count, messages, model, options)


def _chats(
    setup: Setup, messages: Any, model: Any, stream: Any, options: dict[str, Any]
) -> list[Invocation]:
    """One per model that may answer, all checked before the first is sent."""
    per_call = taken_key(options)
    check_names(options, ChatOptions, "chat")
    check_stream(stream)
    if not isinstance(model, list | tuple):
        return [_chat(setup, messages, model, stream, options, per_call)]
    if not model:
        raise ValidationError("model is an empty list. Name at least one model.")
    # Each model reads them anew, and an iterator can be read but once.
    messages = _listed(messages)
    if "tools" in options:
        options["tools"] = _listed(options["tools"])
    invocations = [_chat(setup, messages, name, stream, options, per_call) for name in model]
    if per_call is not None and len({one.request.provider for one in invocations}) > 1:
        raise ValidationError(
            "byok_api_key is one provider's key, and the models are of several. "
            'Configure Client(providers={"NAME": {"api_key": ...}}) instead.'
        )
    first = invocations[0]
    for other in invocations[1:]:
        other.request_id, other.started = first.request_id, first.started
    return invocations


def _chat(
    setup: Setup,
    messages: Any,
    model: Any,
    stream: bool,
    options: dict[str, Any],
    per_call: SecretStr | None,
) -> Invocation:
    provider, request = read_chat(setup, messages, model, stream, options)
    call = encoded(setup, provider, "encode", lambda: provider.encode(request))
    invocation = _invocation(setup, provider, request, call, options, per_call)
    invocation.observers = setup.observers
    invocation.own_names = own_names(request)
    if request.response_schema is not None:
        invocation.parse = _parser(options["response_schema"])
    return invocation


def _models(setup: Setup, name: Any, options: dict[str, Any]) -> Prepared:
    per_call = taken_key(options)
    check_names(options, CallOptions, "models")
    if not isinstance(name, str):
        raise ValidationError(f"provider must be a string, not {type(name).__name__}")
    provider = setup.registry.provider(name)
    if not isinstance(provider, ModelLister):
        raise UnsupportedFeatureError(f"{name} has no list of models.")
    lister: ModelLister = provider
    base_url = setup.base_url(provider)
    request = ChatRequest(provider=name, model="", base_url=base_url, messages=())
    call = encoded(setup, provider, "models_call", lambda: lister.models_call(base_url))
    invocation = _invocation(setup, provider, request, call, options, per_call)

    def are_models(value: Any) -> bool:
        several = isinstance(value, (tuple, list))
        return several and all(isinstance(item, ModelInfo) for item in value)

    wanted = "a tuple of ModelInfo"
    plan = fetch(invocation, "decode_models", lister.decode_models, wanted, are_models)
    return Prepared(plan, invocation.end)


def _count(setup: Setup, messages: Any, model: Any, options: dict[str, Any]) -> Prepared:
    per_call = taken_key(options)
    check_names(options, ChatOptions, "count_tokens")
    provider, request = read_chat(setup, messages, model, False, options)
    if not isinstance(provider, TokenCounter):
        raise UnsupportedFeatureError(f"{request.provider} does not count tokens beforehand.")
    counter: TokenCounter = provider
    call = encoded(setup, provider, "count_call", lambda: counter.count_call(request))
    invocation = _invocation(setup, provider, request, call, options, per_call)

    def is_count(value: Any) -> bool:
        return type(value) is int

    plan = fetch(invocation, "decode_count", counter.decode_count, "an int", is_count)
    return Prepared(plan, invocation.end)


def _invocation(
    setup: Setup,
    provider: Provider,
    request: ChatRequest,
    call: Call,
    options: dict[str, Any],
    per_call: SecretStr | None,
) -> Invocation:
    settings = setup.settings(options)
    check_unsupported(call, request, settings)
    key = setup.key(provider, per_call)
    headers = setup.headers(request.provider)
    return Invocation(setup, provider, request, call, settings, key, headers)


def read_chat(
    setup: Setup, messages: Any, model: Any, stream: bool, options: Mapping[str, Any]
) -> tuple[Provider, ChatRequest]:
    """The provider and the checked request."""
    provider_name, model_name = split_model(setup.resolved(model))
    provider = setup.registry.provider(provider_name)
    check_model(model_name)
    request = read_request(
        messages,
        provider_name,
        model_name,
        setup.base_url(provider),
        stream,
        {name: value for name, value in options.items() if name not in _NOT_OF_THE_REQUEST},
        provider.spec.options,
    )
    plain = _is_plain(request)
    if not plain:
        request = for_its_provider(request)
        if provider.spec.pairs_calls:
            check_calls(request.messages)
    request = without(request, provider.spec.lacks)
    facts = facts_of(setup, provider, request)
    if facts is not None:
        request = fitted(request, facts)
    if not plain:
        request = with_taken_names(request, provider.spec.tool_names)
    _check_media(setup, request, provider)
    return provider, request


def _is_plain(request: ChatRequest) -> bool:
    """Whether it is text alone, as most are: without tools, calls, and fields for one vendor."""
    if request.tools:
        return False
    for message in request.messages:
        content = message.content
        if len(content) != 1 or type(content[0]) is not TextPart:
            return False
        if message.provider_options or content[0].provider_options:
            return False
    return True


def _check_media(setup: Setup, request: ChatRequest, provider: Provider) -> None:
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
            if media.id is not None and part.type not in provider.spec.reads_files:
                raise UnsupportedFeatureError(
                    f"messages.{number}: {request.provider} takes no id of a file for a part of "
                    f"type {part.type}. Pass its bytes as data."
                )
            if media.url is not None and part.type not in provider.spec.fetches_urls:
                raise UnsupportedFeatureError(
                    f"messages.{number}: {request.provider} does not fetch the URL of a part "
                    f"of type {part.type}. Download it and pass the bytes as data."
                )
            length = len(media.data or "") * 3 // 4
            if part.type == "image" and length > setup.max_image_bytes:
                raise ValidationError(
                    f"messages.{number}: the image is larger than "
                    f"{_megabytes(setup.max_image_bytes)}; see Client(max_image_bytes=...)"
                )
            size += length
    if size > setup.max_request_bytes:
        raise ValidationError(
            f"messages: the content is larger than {_megabytes(setup.max_request_bytes)} in "
            "all; see Client(max_request_bytes=...)"
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:g} MiB"


def check_unsupported(call: Call, request: ChatRequest, settings: CallSettings) -> None:
    """Under `on_unsupported="error"`, refuse what would be adapted."""
    if settings.on_unsupported != "error":
        return
    made = request.adaptations + call.adaptations
    changed = [item for item in made if item.kind in ("dropped", "clamped", "moved")]
    if changed:
        findings = "; ".join(f"{item.path}: {item.reason}" for item in changed)
        raise UnsupportedFeatureError(
            f"{request.provider}/{request.model} cannot take the request as it is: {findings}. "
            'on_unsupported="adapt" changes it and records the change.'
        )


def taken_key(options: dict[str, Any]) -> SecretStr | None:
    """The call's own key, out of the options, so that no frame of ours holds it in the clear."""
    return read_key(options.pop("byok_api_key", None), "byok_api_key")


def _listed(value: Any) -> Any:
    """What can be read but once, as a list."""
    return list(value) if isinstance(value, Iterator) else value


def check_names(options: dict[str, Any], known: type, function: str) -> None:
    unknown = [name for name in options if name not in known.__annotations__]
    for name in unknown:
        del options[name]  # it may be a key under another name, and a traceback shows locals
    if unknown:
        hint = did_you_mean(unknown[0], known.__annotations__)
        raise ValidationError(f'{function}() has no argument "{unknown[0]}".{hint}')


def check_stream(value: Any) -> None:
    if not isinstance(value, bool):
        raise ValidationError(f"stream must be True or False, not {type(value).__name__}")


def _parser(schema: Any) -> Callable[[str], Any] | None:
    """What turns the text into `response.parsed`; text that does not match gives `None`."""
    if schema is None:
        return None
    if isinstance(schema, type):

        def parse_model(text: str) -> Any:
            try:
                return schema.model_validate_json(text)  # type: ignore[attr-defined] # checked
            except PydanticError:
                return None

        return parse_model

    def parse_json(text: str) -> Any:
        try:
            return from_json(text, allow_inf_nan=False)
        except ValueError:
            return None

    return parse_json


def warm_up(setup: Setup, names: tuple[str, ...], asynchronous: bool) -> None:
    """Import what calls to these providers need, and the price list. Nothing is sent."""
    for name in names:
        provider = setup.registry.provider(name)
        problem, cause = None, None
        try:
            setup.connections.ready(provider, asynchronous)
        except IndoxError:
            raise
        except Exception as error:  # noqa: BLE001 # a plugin may raise anything
            problem = plugin_raised(name, error, "connect")
            cause = error if setup.debug else None
        if problem is not None:
            raise problem from cause
    library.load()
