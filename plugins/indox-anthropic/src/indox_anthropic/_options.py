"""What only Anthropic knows, and what each generation of its models takes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from indox_core.plugin import ProviderOptions, SchemaLimits


class AnthropicOptions(ProviderOptions):
    """Fields that have no place in the canonical request. `None`: Anthropic's default."""

    service_tier: Literal["auto", "standard_only"] | None = None
    speed: Literal["standard", "fast"] | None = None
    inference_geo: str | None = None
    thinking_display: Literal["summarized", "omitted"] | None = None
    """Whether the thinking comes as a summary or only as its signature."""
    top_k: int | None = Field(default=None, ge=1)
    """Only older models take it, as they do temperature."""
    betas: tuple[str, ...] = ()
    """Names for the `anthropic-beta` header."""

    @property
    def region(self) -> str | None:
        """What the core asks for when it reckons the price beforehand."""
        return self.inference_geo


# https://platform.claude.com/docs/en/about-claude/models/overview: which generation takes what. A
# model that is not named here is taken for a modern one.
_CLAUDE_3 = ("claude-3-opus", "claude-3-sonnet", "claude-3-haiku")
_CLAUDE_3_5 = ("claude-3-5", "claude-3.5")
_BUDGET_THINKERS = (
    "claude-3-7",
    "claude-sonnet-4-2",
    "claude-sonnet-4-0",
    "claude-opus-4-2",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-sonnet-4-5",
    "claude-haiku-4-5",
    "claude-opus-4-5",
)
_SAMPLERS = (
    "claude-2",
    "claude-instant",
    *_CLAUDE_3,
    *_CLAUDE_3_5,
    *_BUDGET_THINKERS,
    "claude-sonnet-4-6",
    "claude-opus-4-6",
)
_ONE_SAMPLER = ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5",
                "claude-sonnet-4-6", "claude-opus-4-6")  # fmt: skip

OLDER_VERSION = "2023-06-01"
"""The API version under which older models still take temperature, top_p and top_k."""


def is_sampler(model: str) -> bool:
    """Whether the model takes temperature, top_p and top_k, under the older API version."""
    return model.startswith(_SAMPLERS)


def takes_one_sampler_only(model: str) -> bool:
    """Whether the model refuses temperature and top_p together."""
    return model.startswith(_ONE_SAMPLER)


def thinks_by(model: str) -> Literal["nothing", "budget", "effort"]:
    """How much the model thinks is said by a token budget, by an effort, or not at all."""
    if model.startswith(_BUDGET_THINKERS):
        return "budget"
    if model.startswith(("claude-2", "claude-instant", *_CLAUDE_3, *_CLAUDE_3_5)):
        return "nothing"
    return "effort"


def is_older_than_regions(model: str) -> bool:
    """Whether the model came before 4.6, from which on a region has a price of its own."""
    return model.startswith(("claude-2", "claude-instant", *_CLAUDE_3, *_CLAUDE_3_5)) or (
        model.startswith(_BUDGET_THINKERS)
    )


def default_max_tokens(model: str) -> int:
    """Anthropic wants a limit with every request; these are within what each model may write."""
    if model.startswith(_CLAUDE_3):
        return 4096
    return 8192 if model.startswith(_CLAUDE_3_5) else 16384


# https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)


def _takes(key: str, value: Any) -> bool:
    return value in (0, 1) if key == "minItems" else key != "format" or value in _FORMATS


SCHEMA = SchemaLimits(
    keys=frozenset(
        {"$ref", "type", "enum", "const", "title", "required", "anyOf", "allOf", "items", "format",
         "minItems"}
    ),
    closed=True,
    renamed={"oneOf": "anyOf"},
    takes=_takes,
)  # fmt: skip
SCHEMA_REASON = "Anthropic closes every object, and takes limits and defaults only as a description"
