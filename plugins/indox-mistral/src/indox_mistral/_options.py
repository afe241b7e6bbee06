"""What only Mistral knows: `provider_options={"mistral": {...}}`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from indox_core.plugin import ChatRequest, JSONObject


class MistralOptions(BaseModel):
    """Fields that have no place in the canonical request. `None`: Mistral's default."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )

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
    extra_body: JSONObject = Field(default_factory=dict)
    """Fields added to the request body as they are."""


def options_of(request: ChatRequest) -> MistralOptions:
    return request.options if isinstance(request.options, MistralOptions) else MistralOptions()
