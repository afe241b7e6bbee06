"""What only Google knows, and what each generation of its models takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from indox_core.plugin import ProviderOptions, SchemaLimits


class GoogleOptions(ProviderOptions):
    """Fields that have no place in the canonical request. `None`: Google's default."""

    api_version: Literal["v1", "v1beta", "v1alpha"] = "v1beta"
    """The aliases `gemini-*-latest` exist in v1beta only."""
    service_tier: Literal["flex", "standard", "priority"] | None = None
    safety_settings: tuple[dict[str, str], ...] = ()
    cached_content: str | None = None
    """The name of a stored prompt, `cachedContents/...`."""
    response_modalities: tuple[Literal["TEXT", "IMAGE", "AUDIO"], ...] = ()
    include_thoughts: bool | None = None
    """Whether the reasoning is shown. `None`: when an effort is asked for."""
    top_k: int | None = Field(default=None, ge=1)
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


# https://ai.google.dev/gemini-api/docs/thinking and /docs/gemini-3: which generation takes what. A
# model that is not named here is taken for a modern one.
_NOT_THINKING = ("gemini-1", "gemini-2.0", "gemma", "learnlm")
_BY_BUDGET = ("gemini-2.5", "gemini-robotics-er-1.5")


def thinks_by(model: str) -> Literal["nothing", "budget", "level"]:
    """How much the model thinks is said by a token budget, by a level, or not at all."""
    name = model.rpartition("/")[2]
    if name.startswith(_NOT_THINKING):
        return "nothing"
    return "budget" if name.startswith(_BY_BUDGET) else "level"


def lowest_budget(model: str) -> int:
    """The pro models of the generation with budgets cannot be kept from thinking."""
    return 128 if "pro" in model else 0


# What the API says of `responseJsonSchema`: https://ai.google.dev/api/generate-content
SCHEMA = SchemaLimits(
    keys=frozenset(
        {"$id", "$ref", "$anchor", "type", "format", "title", "enum", "items", "prefixItems",
         "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "additionalProperties",
         "required", "propertyOrdering"}
    )
)  # fmt: skip
