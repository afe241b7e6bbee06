"""What a call would be, without making it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from indox_core._credentials import HIDDEN
from indox_core._money import PriceRange, Quote, TokenRange, price_range, prompt_tokens
from indox_core._options import ChatOptions
from indox_core._schema import JSON, Adaptation, TokenUsage

from .encoding import encoded
from .preparation import check_names, check_stream, check_unsupported, read_chat, taken_key
from .pricing import Question, quote
from .setup import Setup


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


def explained(
    setup: Setup, messages: Any, model: Any, stream: Any, options: dict[str, Any]
) -> Explanation:
    """The call that these arguments make. `Client.explain` says what each is."""
    taken_key(options)
    check_names(options, ChatOptions, "explain")
    check_stream(stream)
    settings = setup.settings(options)
    provider, request = read_chat(setup, messages, model, stream, options)
    call = encoded(setup, provider, "encode", lambda: provider.encode(request))
    check_unsupported(call, request, settings)
    at = datetime.now(UTC)

    def quote_of(usage: TokenUsage) -> Quote | None:
        question = Question(provider, request.model, None, usage, at)
        return quote(question, setup.overrides, setup.observers)

    return Explanation(
        provider=request.provider,
        model=request.model,
        base_url=request.base_url,
        operation=call.operation,
        body=call.arguments,
        headers={**call.headers, **dict.fromkeys(setup.headers(request.provider), HIDDEN)},
        adaptations=request.adaptations + call.adaptations,
        prompt_tokens=prompt_tokens(request),
        price=price_range(request, call.adaptations, quote_of),
    )
