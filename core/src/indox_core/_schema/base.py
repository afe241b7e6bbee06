"""What every value of the schema is made of: frozen models, JSON, text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticError

from indox_core._errors import ValidationError

JSON: TypeAlias = Any
"""Plain JSON data: dict, list, str, int, float, bool or None."""


class Frozen(BaseModel):
    """A value that is checked once and then never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def validation_error(error: PydanticError, prefix: str = "") -> ValidationError:
    """The first finding as a path and a sentence; the value itself is never shown."""
    finding = error.errors(include_url=False, include_input=False, include_context=False)[0]
    steps = finding["loc"]
    path = [
        str(step)
        for before, step in zip((None, *steps), steps, strict=False)
        if not (isinstance(before, int) and step in _PART_TYPES)  # pydantic's name of the branch
    ]
    where = ".".join([prefix, *path] if prefix else path)
    where = f"{where}: " if where else ""
    text = finding["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    if finding["type"] == "union_tag_invalid":
        text = f"unknown part type; the known ones are {', '.join(_PART_TYPES)}"
    more = error.error_count() - 1
    return ValidationError(f"{where}{text}" + (f" (and {more} more)" if more else ""))


_PART_TYPES = ("text", "image", "document", "audio", "tool_call", "tool_result", "reasoning")


def _encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("holds a lone surrogate, which UTF-8 cannot encode") from None
    return text


Text = Annotated[str, Field(strict=True), AfterValidator(_encodable)]


def is_json(value: Any) -> bool:
    """Whether the value can be written as JSON, without NaN, infinity or a lone surrogate."""
    try:
        _copied(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _copied(value: Any) -> Any:
    """A copy all the way down, so that no plugin can change what is the caller's."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())


def _checked_json(value: dict[str, JSON]) -> dict[str, JSON]:
    try:
        copied: dict[str, JSON] = _copied(value)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("is not JSON data, or holds NaN or infinity") from None
    return copied


JSONObject = Annotated[dict[str, JSON], AfterValidator(_checked_json)]
"""A JSON object that a caller gives and a vendor gets."""


class WithOptions(Frozen):
    """What may carry fields of its own for one vendor, sent to that vendor alone."""

    provider_options: dict[str, JSONObject] | None = None
    """Per provider, fields that are laid over what is sent for this. `None`: there are none."""

    @property
    def own_options(self) -> dict[str, JSON]:
        """Those of the provider that the request goes to: the core leaves it no others."""
        return next(iter(self.provider_options.values()), {}) if self.provider_options else {}


_VENDORS_KEYS = {"prompt_cache_breakpoint": "openai", "cache_control": "anthropic"}
"""What programs put into a part or a tool for the one vendor that knows it."""


def with_vendors_keys(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Such keys where they belong, in the `provider_options`."""
    for key, vendor in _VENDORS_KEYS.items():
        if key in given:
            rest = {name: item for name, item in given.items() if name != key}
            given = with_options(rest, vendor, {key: given[key]})
    return given


def with_options(given: Mapping[str, Any], vendor: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """With these among the options of that vendor, under what is said there already."""
    options = given.get("provider_options")
    options = {} if options is None else options
    own = options.get(vendor, {}) if isinstance(options, Mapping) else {}
    if not isinstance(options, Mapping) or not isinstance(own, Mapping):
        return dict(given)  # which is refused where it is checked
    return {**given, "provider_options": {**options, vendor: {**more, **own}}}
