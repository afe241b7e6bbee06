"""What only Mistral knows: `provider_options={"mistral": {...}}`, and what its models take."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from indox_core.plugin import (
    Adaptation,
    ChatRequest,
    ProviderOptions,
    ReasoningEffort,
    SchemaLimits,
    clamped,
    dropped,
)


class MistralOptions(ProviderOptions):
    """Fields that have no place in the canonical request. `None`: Mistral's default."""

    service_tier: Literal["auto", "standard_only"] | None = None
    top_k: int | None = Field(default=None, ge=1)
    n: int | None = Field(default=None, ge=1)
    """How many answers to write."""
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    prompt_cache_key: str | None = None
    prompt_mode: Literal["reasoning"] | None = None
    """How Magistral models are made to think."""
    safe_prompt: bool | None = None


SCHEMA = SchemaLimits(closed=True, lone_references=False)
"""The SDK's own `parse` closes every object of a strict schema, and nothing else."""

# https://docs.mistral.ai/capabilities/reasoning: these models write without thinking first. Others
# think or not: a model that is not named here is taken for one of them.
_NOT_THINKING = (
    "codestral", "devstral", "ministral", "mistral-large", "mistral-tiny", "mistral-nemo",
    "mistral-ocr", "mistral-saba", "open-", "pixtral", "voxtral",
)  # fmt: skip


def effort_of(request: ChatRequest, adaptations: list[Adaptation]) -> ReasoningEffort | None:
    """`none` or `high`, the two that Mistral knows; what had to change is recorded."""
    asked = request.reasoning_effort
    if asked is None:
        return None
    if request.model.startswith(_NOT_THINKING):
        if asked != "none":
            reason = f"{request.model} does not think before it answers"
            adaptations.append(dropped("reasoning_effort", reason, asked))
        return None
    if asked in ("none", "high"):
        return asked
    nearest: ReasoningEffort = "none" if asked == "minimal" else "high"
    adaptations.append(
        clamped("reasoning_effort", "Mistral knows the efforts none and high", asked, nearest)
    )
    return nearest
