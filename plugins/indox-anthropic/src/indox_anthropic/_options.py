"""What only Anthropic knows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from indox_core.plugin import ProviderOptions


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
