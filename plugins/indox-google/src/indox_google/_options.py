"""What only Google knows: `provider_options={"google": {...}}`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from indox_core.plugin import ProviderOptions


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
