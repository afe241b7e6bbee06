"""What a call would be, without making it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from indox_core._money.budget import PriceRange, TokenRange
from indox_core._schema.content import JSON
from indox_core._schema.messages import Adaptation


@dataclass(frozen=True, slots=True)
class Explanation:
    """The exact call that `chat` would make of the same arguments; keys are left out."""

    provider: str
    model: str
    base_url: str
    """'' for a provider that has no address."""
    operation: str
    """What the plugin calls, in its own words."""
    body: dict[str, JSON]
    """What would be sent, in the vendor's wire format."""
    headers: dict[str, str]
    """Headers beyond the SDK's own; configured values are hidden."""
    adaptations: tuple[Adaptation, ...]
    """What was changed in the request so that the provider takes it."""
    prompt_tokens: TokenRange
    price: PriceRange

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data; amounts are decimal text."""
        price = self.price
        return {
            "provider": self.provider,
            "model": self.model,
            "base_url": self.base_url,
            "operation": self.operation,
            "headers": self.headers,
            "body": self.body,
            "adaptations": [item.model_dump(mode="json") for item in self.adaptations],
            "prompt_tokens": {
                "low": self.prompt_tokens.low,
                "likely": self.prompt_tokens.likely,
                "high": self.prompt_tokens.high,
            },
            "price": {
                "low": None if price.low is None else f"{price.low:f}",
                "high": None if price.high is None else f"{price.high:f}",
                "reason": price.reason,
            },
        }

    def __str__(self) -> str:
        return json.dumps(self.as_json(), indent=2, ensure_ascii=False)
