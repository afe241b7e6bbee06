"""The canonical request: what a caller asks of any model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic import ValidationError as PydanticError

from indox_core._errors import ValidationError, did_you_mean

from .base import (
    JSON,
    Frozen,
    JSONObject,
    Text,
    WithOptions,
    validation_error,
    with_options,
    with_vendors_keys,
)
from .content import ToolResultPart, with_results
from .messages import Adaptation, Message
from .spellings import read_messages

StrictFloat = Annotated[float, Field(strict=True, allow_inf_nan=False)]
StrictInt = Annotated[int, Field(strict=True)]

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Tool(WithOptions):
    """A function that the model may ask to have called."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_./:-]{1,128}$")]
    """As its owner calls it; a vendor that does not take it gets another, and calls name it so."""
    description: Text = ""
    parameters: JSONObject = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON schema of the arguments."""
    strict: bool | None = None
    """Whether the arguments must match the schema exactly. `None`: the vendor's default."""

    @model_validator(mode="before")
    @classmethod
    def _read_openai_spelling(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        given = {key: item for key, item in value.items() if item is not None}
        given = dict(with_vendors_keys(given))
        if given.get("type") != "function":
            return given
        del given["type"]
        function = given.pop("function", None)
        if isinstance(function, Mapping):
            given |= {key: item for key, item in function.items() if item is not None}
        # In its spelling OpenAI takes any other key, and does nothing with those it does not know.
        others = {key: given.pop(key) for key in [*given] if key not in cls.model_fields}
        inner = {key: others.pop(key) for key in [*others] if key in (function or ())}
        if inner:
            others["function"] = inner
        for key in (*others, *inner):
            if hint := did_you_mean(str(key), cls.model_fields):
                raise ValueError(f"a tool has no {str(key)!r}.{hint}")
        return with_options(given, "openai", others) if others else given


ToolChoiceMode = Literal["auto", "none", "required"]


class ToolChoice(Frozen):
    """Whether the model calls a tool: by mode, or one tool by name."""

    mode: ToolChoiceMode = "required"
    name: str | None = None
    """The one tool to call. `None`: any."""

    @model_validator(mode="before")
    @classmethod
    def _read_spellings(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"mode": value} if value in ("auto", "none", "required") else {"name": value}
        if isinstance(value, Mapping) and value.get("type") in ("function", "tool"):
            function = value.get("function")
            named = function if isinstance(function, Mapping) else value
            return {"name": named.get("name")}
        return value


class ResponseSchema(Frozen):
    """The JSON schema that the answer must match."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")] = "response"
    json_schema: JSONObject
    strict: bool | None = True
    """Whether the answer must match it exactly. `None`: the vendor's default."""
    description: Text = ""
    """What the answer is for, where a vendor has a place for it; else in the schema."""

    @property
    def described(self) -> dict[str, JSON]:
        """The schema with the description in it, for a vendor that has no other place."""
        if not self.description:
            return self.json_schema
        return {"description": self.description, **self.json_schema}

    @classmethod
    def read(cls, value: Any) -> ResponseSchema | None:
        """From a JSON schema, a pydantic class, or OpenAI's `response_format`."""
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, type) and issubclass(value, BaseModel):
            name = re.sub(r"[^a-zA-Z0-9_-]+", "_", value.__name__)[:64]
            return cls(name=name, json_schema=value.model_json_schema())
        if not isinstance(value, Mapping):
            raise ValidationError(
                "response_schema must be a JSON schema (a dict) or a pydantic class, "
                f"not {type(value).__name__}"
            )
        kind = value.get("type")
        if kind in ("text", "json_object"):
            _check_keys(value, ("type",), kind)
            if kind == "text":
                return None
            return cls(json_schema={"type": "object"}, strict=None)
        if kind == "json_schema":  # of Chat Completions, or of Responses, which is flat
            given = value.get("json_schema", value)
            if given is not value:
                _check_keys(value, ("type", "json_schema"), kind)
            if not isinstance(given, Mapping):
                raise ValidationError("response_schema: json_schema must be a dict")
            _check_keys(given, ("type", "name", "schema", "strict", "description"), kind)
            return cls(
                name=given.get("name", "response"),
                json_schema=given.get("schema"),
                strict=given.get("strict"),
                description=given.get("description") or "",
            )
        return cls(json_schema=dict(value))


def _check_keys(given: Mapping[Any, Any], known: tuple[str, ...], kind: str) -> None:
    for key in given:
        if key not in known:
            hint = did_you_mean(str(key), known)
            raise ValidationError(f"response_schema: a {kind} has no {str(key)!r}.{hint}")


class ProviderOptions(Frozen):
    """Base of a plugin's options: what only that vendor knows."""

    model_config = ConfigDict(allow_inf_nan=False)

    extra_body: JSONObject = Field(default_factory=dict)
    """Fields added to the request body as they are."""


OptionsT = TypeVar("OptionsT", bound=ProviderOptions)


class ChatRequest(Frozen):
    """One call, checked. A plugin reads it and never changes it."""

    provider: str
    model: str
    """The model as the vendor knows it, without our prefix."""
    base_url: str = ""
    """Where the call goes; '' for a provider that has no address."""
    stream: bool = False
    messages: tuple[Message, ...]
    temperature: Annotated[StrictFloat, Field(ge=0)] | None = None
    top_p: Annotated[StrictFloat, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[StrictInt, Field(ge=1, le=2**53)] | None = None
    stop: tuple[Annotated[Text, Field(min_length=1)], ...] = ()
    seed: Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)] | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: Annotated[bool, Field(strict=True)] | None = None
    response_schema: ResponseSchema | None = None
    reasoning_effort: ReasoningEffort | None = None
    """How much the model thinks first. `None`: the vendor's default."""
    cache: Annotated[bool, Field(strict=True)] | Literal["5m", "1h"] | None = None
    """Whether, and how long, the vendor keeps the prompt. `None`: the vendor's default."""
    web_search: Annotated[bool, Field(strict=True)] = False
    metadata: dict[str, Text] = Field(default_factory=dict)
    provider_options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Per provider, what only that vendor knows."""
    options: Any = None
    """This provider's options, as an instance of its spec's `options` model."""
    adaptations: tuple[Adaptation, ...] = ()
    """What reading the messages had to add."""

    def options_as(self, kind: type[OptionsT]) -> OptionsT:
        """This provider's options; the defaults if the caller gave none."""
        return self.options if isinstance(self.options, kind) else kind()

    @field_validator("stop", mode="before")
    @classmethod
    def _read_one_stop(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else () if value is None else value

    @field_validator("cache", mode="before")
    @classmethod
    def _check_cache(cls, value: Any) -> Any:
        if value is not None and value not in (True, False, "5m", "1h"):
            raise ValueError('must be True, False, "5m" or "1h"')
        return value

    @field_validator("tools", mode="before")
    @classmethod
    def _read_no_tools(cls, value: Any) -> Any:
        return () if value is None else value

    @model_validator(mode="after")
    def _check_tools(self) -> ChatRequest:
        names = [tool.name for tool in self.tools]
        if len(set(names)) != len(names):
            raise ValueError("tools: two tools have the same name")
        choice = self.tool_choice
        if choice is not None and choice.mode == "required":
            if not names:
                raise ValueError("tool_choice asks for a call but no tools are given")
            if choice.name is not None and choice.name not in names:
                raise ValueError(
                    "tool_choice names none of the tools; use auto, none, required or one of "
                    + ", ".join(names)
                )
        return self


ItemT = TypeVar("ItemT", bound=WithOptions)


def for_its_provider(request: ChatRequest) -> ChatRequest:
    """The request without what its messages, parts and tools carry for other providers."""
    parts = (part for message in request.messages for part in with_results(message.content))
    if not any(item.provider_options for item in (*request.tools, *request.messages, *parts)):
        return request

    def own(item: ItemT) -> ItemT:
        mine = (item.provider_options or {}).get(request.provider)
        kept = None if mine is None else {request.provider: mine}
        return item.model_copy(update={"provider_options": kept})

    def own_part(part: Any) -> Any:
        if isinstance(part, ToolResultPart):
            part = part.model_copy(update={"content": tuple(map(own, part.content))})
        return own(part)

    messages = tuple(
        own(message).model_copy(update={"content": tuple(map(own_part, message.content))})
        for message in request.messages
    )
    return request.model_copy(
        update={"messages": messages, "tools": tuple(map(own, request.tools))}
    )


def split_model(model: Any) -> tuple[str, str]:
    """`openai/gpt-4o-mini` as provider and model, split at the first slash."""
    if not isinstance(model, str):
        raise ValidationError(
            f'model must be a string like "openai/gpt-4o-mini", not {type(model).__name__}'
        )
    provider, slash, name = model.partition("/")
    if not slash or not provider or not name:
        raise ValidationError(
            'model must name provider and model, like "openai/gpt-4o-mini" or "local/smollm2"'
        )
    return provider, name


def check_model(name: str) -> None:
    """Raises `ValidationError` for a name that could lead to another address."""
    if not name.isprintable() or " " in name or ".." in name.split("/"):
        raise ValidationError("model holds a space, a control character or a '..' step")


def _read_provider_options(
    given: Any, provider: str, model: type[BaseModel] | None
) -> BaseModel | None:
    """The provider's own options, by its plugin's model."""
    mine = given.get(provider, {}) if isinstance(given, Mapping) else {}
    where = f"provider_options.{provider}"
    known = model.model_fields if model is not None else {}
    for name in mine if isinstance(mine, Mapping) else ():
        if name not in known:
            raise ValidationError(f'{where} has no "{name}".{did_you_mean(str(name), known)}')
    try:
        return None if model is None else model.model_validate(mine)
    except PydanticError as error:
        raise validation_error(error, where) from None


def _read_schema(value: Any) -> ResponseSchema | None:
    try:
        return ResponseSchema.read(value)
    except PydanticError as error:
        raise validation_error(error, "response_schema") from None


def merged(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The body with `extra_body` laid over it, objects within objects too."""
    result = dict(body)
    if not extra:
        return result
    for key, value in extra.items():
        own = result.get(key)
        both = isinstance(own, Mapping) and isinstance(value, Mapping)
        result[key] = merged(own, value) if both else value  # type: ignore[arg-type]
    return result


def read_request(
    messages: Any,
    provider: str,
    model: str,
    base_url: str,
    stream: bool,
    options: Mapping[str, Any],
    options_model: type[BaseModel] | None = None,
) -> ChatRequest:
    """The checked request. Raises `ValidationError` that names the argument."""
    read, adaptations = read_messages(messages)
    # None means "not given" for every option, so that callers can pass theirs through.
    given = {name: value for name, value in options.items() if value is not None}
    try:
        if "response_schema" in given:
            given["response_schema"] = _read_schema(given["response_schema"])
        return ChatRequest(
            provider=provider,
            model=model,
            base_url=base_url,
            stream=stream,
            messages=read,
            adaptations=adaptations,
            options=_read_provider_options(given.get("provider_options"), provider, options_model),
            **given,
        )
    except PydanticError as error:
        raise validation_error(error) from None
