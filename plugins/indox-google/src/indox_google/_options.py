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


def hears_apart(model: str) -> bool:
    """Whether the model bills sound at a rate of its own; pro models and voices have but one.

    https://ai.google.dev/gemini-api/docs/pricing
    """
    return "-pro" not in model and "-tts" not in model


def searches_billed(model: str, queries: list[str]) -> int:
    """Gemini 3 and later bill each query, earlier ones a prompt however many it made."""
    if model.rpartition("/")[2].startswith(("gemini-1", "gemini-2")):
        return min(len(queries), 1)
    return len(queries)


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
