"""Who prices a call: the user, a hook, the plugin, the price library, in this order."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from indox_core._errors import ValidationError
from indox_core._money import (
    STANDARD,
    Quote,
    library_quote,
    of_the_users,
    settle,
    surcharged,
    usage_of,
)
from indox_core._plugins import ask
from indox_core._schema import Rates, Receipt, TokenUsage, split_model

from .reading import decode_stored
from .setup import Setup

if TYPE_CHECKING:
    import pluggy

    from indox_core._money import Overrides
    from indox_core._plugins import Provider


log = logging.getLogger("indox")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose price is wanted: what was used of which model, and when."""

    provider: Provider
    asked: str
    """The model that the caller named."""
    served: str | None
    """The one that answered, where the vendor says so: its price counts."""
    usage: TokenUsage
    at: datetime

    @property
    def model(self) -> str:
        return self.served or self.asked


def own_quote(
    question: Question, overrides: Overrides, observers: pluggy.PluginManager | None
) -> Quote | None:
    """The price that the user, a hook or the plugin gives, in this order."""
    name = question.provider.spec.name
    names = (model and f"{name}/{model}" for model in (question.served, question.asked))
    own = overrides.find(*names)
    if own is not None:
        return of_the_users(own)
    hooks = ask(
        observers, "indox_rates", Rates, provider=name, model=question.model, at=question.at
    )
    return _plugins_quote(question) if hooks is None else Quote(hooks)


def listed_quote(question: Question) -> Quote | None:
    """The price that the library lists; `load` comes first. `None` too if the look-up fails."""
    spec = question.provider.spec
    name, model = spec.name, spec.listed_as.get(question.model, question.model)
    try:
        found = library_quote(name, model, question.at, question.usage)
    except Exception:  # an answer is paid for, and a call is not to fail for its price
        log.exception("looking up the price of %s/%s failed", name, question.model)
        return None
    return None if found is None else _surcharged(found, question)


def quote(
    question: Question, overrides: Overrides, observers: pluggy.PluginManager | None
) -> Quote | None:
    """Who prices a call: the user, a hook, the plugin, the library, in this order."""
    own = own_quote(question, overrides, observers)
    return own if own is not None else listed_quote(question)


def _plugins_quote(question: Question) -> Quote | None:
    rates = _guarded(question.provider, "rates", question.model, question.at)
    if rates is None:
        return None
    # It knows no tiers; the plugin's surcharges may.
    usage = question.usage
    special = [v for v in (usage.service_tier, usage.speed) if v not in STANDARD]
    quote = Quote(rates, standard_for=special[0] if special else None)
    return _surcharged(quote, question)


def _surcharged(quote: Quote, question: Question) -> Quote:
    """With what the plugin knows of the vendor's rules, tiers, speeds and regions."""
    usage = question.usage
    completed = _guarded(question.provider, "complete_rates", question.model, quote.rates)
    if completed is not None and completed is not quote.rates:
        quote = replace(quote, rates=completed)
    if quote.standard_for is None and usage.region is None:
        return quote
    given = _guarded(question.provider, "surcharges", question.model, usage, question.at)
    return surcharged(quote, given or (), usage)


def _guarded(provider: Provider, method: str, *arguments: Any) -> Any:
    """The answer is paid for already: a plugin that fails here costs its price, not itself."""
    try:
        return getattr(provider, method)(*arguments)
    except Exception:  # a plugin may raise anything
        log.exception("the plugin for %s failed in %s", provider.spec.name, method)
        return None


def stored_receipt(
    setup: Setup, model: Any, body: Any, at: datetime | None, service_tier: str | None
) -> Receipt:
    """The price of a stored answer. `Client.receipt` says what each argument is."""
    name, asked = split_model(setup.resolved(model))
    provider = setup.registry.provider(name)
    if at is not None and not isinstance(at, datetime):
        raise ValidationError(f"at must be a datetime, not {type(at).__name__}")
    moment = datetime.now(UTC) if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
    reply = decode_stored(provider, body)
    usage, found = reply.usage, None
    if usage is not None:
        if service_tier is not None and usage.service_tier in STANDARD:
            usage = replace(usage, service_tier=service_tier.lower())
        question = Question(provider, asked, reply.model, usage, moment)
        found = quote(question, setup.overrides, setup.observers)
    receipt = settle(usage, found, reply.model or asked, name)
    return receipt.of(usage_of(usage, receipt))
