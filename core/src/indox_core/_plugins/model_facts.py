"""What the models of a vendor take, as a table; and a request fitted to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar, get_args

from indox_core._errors import UnsupportedFeatureError
from indox_core._schema import ChatRequest, ReasoningEffort, clamped

from .capabilities import Capability, without

EFFORTS: tuple[ReasoningEffort, ...] = get_args(ReasoningEffort)
"""From the least to the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the models of one family take. A plugin adds fields for what only its vendor knows."""

    models: str
    """A pattern that the whole of a model's name matches, such as `gpt-5\\.4-pro.*`."""
    lacks: frozenset[Capability] = frozenset()
    """What none of them can do, beside what the provider lacks."""
    efforts: tuple[ReasoningEffort, ...] = EFFORTS
    """The efforts that they take. Without `none` they always think."""
    prefill: bool = True
    """Whether the last message may be the assistant's, so that the model goes on with it."""
    source: str
    """The vendor's page that says so."""
    as_of: str
    """The day on which it said so, as an ISO date."""


FactsT = TypeVar("FactsT", bound=ModelFacts)


class ModelTable(Generic[FactsT]):
    """Families of models, the most specific first. The last one is for names that come later.

    Raises `ValueError` if the last family does not match every name.
    """

    def __init__(self, *families: FactsT) -> None:
        if not families or families[-1].models != ".*":
            raise ValueError("the last family of a table is for all other models: '.*'")
        self._families = [(re.compile(one.models), one) for one in families]
        self.of = lru_cache(maxsize=1024)(self._of)

    def _of(self, model: str) -> FactsT:
        """The facts of the first family that the name belongs to."""
        return next(facts for pattern, facts in self._families if pattern.fullmatch(model))

    def __iter__(self) -> Iterator[FactsT]:
        return (facts for _, facts in self._families)


def nearest_effort(
    asked: ReasoningEffort, taken: tuple[ReasoningEffort, ...]
) -> ReasoningEffort | None:
    """The highest effort that is taken and no higher than the one asked for, else the lowest.

    `None`: none is taken.
    """
    order = sorted(taken, key=EFFORTS.index)
    lower = [effort for effort in order if EFFORTS.index(effort) <= EFFORTS.index(asked)]
    return lower[-1] if lower else order[0] if order else None


def fitted(request: ChatRequest, facts: ModelFacts) -> ChatRequest:
    """The request as models of that family take it.

    What tunes the answer is dropped or clamped, and recorded. Raises `UnsupportedFeatureError` for
    a guarantee that they do not give.
    """
    name = f"{request.provider}/{request.model}"
    if not facts.prefill and request.messages and request.messages[-1].role == "assistant":
        raise UnsupportedFeatureError(
            f"messages.{len(request.messages) - 1}: {name} does not go on with a message of the "
            "assistant. End with a user's message, or use response_schema for a fixed form."
        )
    request = without(request, facts.lacks, name)
    asked = request.reasoning_effort
    if asked is None or asked in facts.efforts:
        return request
    if asked == "none" and (not facts.efforts or "reasoning" in facts.lacks):  # it never thinks
        return request.model_copy(update={"reasoning_effort": None})
    nearest = nearest_effort(asked, facts.efforts)
    known = ", ".join(facts.efforts) or "none at all"
    change = clamped("reasoning_effort", f"{name} knows the efforts {known}", asked, nearest)
    return request.model_copy(
        update={
            "reasoning_effort": nearest,
            "adaptations": (*request.adaptations, change),
        }
    )
