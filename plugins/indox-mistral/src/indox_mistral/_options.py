"""What only Mistral knows: `provider_options={"mistral": {...}}`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from indox_core.plugin import ProviderOptions


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
