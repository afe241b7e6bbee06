"""What a vendor's refusal means: its body read in one place, and a vendor's rules for its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from indox_core._errors import Failure, FailureKind, kind_of_status
from indox_core._schema import JSON, as_object

_ITEMS = 50
_DEPTH = 8
_ECHOES = frozenset({"input", "ctx", "flagged_input", "prompt", "messages"})
"""What servers repeat of the request: it may be the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of refusal, and what tells it: everything that is given must hold.

    `text` is for what the vendor gives no name of its own.
    """

    kind: FailureKind
    name: str | None = None
    """A pattern that the whole of one of the vendor's names matches: its code, type or status."""
    text: str | None = None
    """A pattern that is found in the message, in any case."""
    status: int | tuple[int, ...] | None = None
    """The HTTP status, or several; 200 is that of an answer which holds the refusal."""
    source: str
    """Where the vendor says so, or who sent it."""


def rules_by_name(kinds: dict[str, FailureKind], source: str) -> tuple[Rule, ...]:
    """One rule for each of the vendor's names."""
    return tuple(
        Rule(kind=kind, name=re.escape(name), source=source) for name, kind in kinds.items()
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a vendor says when it refuses, whichever way its body says it."""

    status: int | None
    """The HTTP status. `None`: it came inside an answer with 200 that names none."""
    names: tuple[str, ...] = ()
    """The vendor's own names for it, the most telling first."""
    message: str = ""
    """'' if the body has none."""
    request_id: str | None = None
    details: JSON = field(default=None, repr=False)
    """The vendor's error object. `None`: the body is not one."""

    @classmethod
    def read(cls, body: JSON, status: int | None = None) -> Refusal:
        """From a body in the shape of OpenAI, Anthropic, Google, Mistral, FastAPI or a gateway."""
        found = body[0] if isinstance(body, list) and body else body
        if isinstance(found, str):
            return cls(status, message=found)
        outer = as_object(found)
        error = outer.get("error")
        facts = error if isinstance(error, dict) else outer
        names = _names(facts) if facts is outer else (*_names(facts), *_names(outer))
        number = facts.get("code")
        if status is None and type(number) is int and 400 <= number < 600:
            status = number  # llama.cpp and Google put the HTTP status there
        request_id = outer.get("request_id") or facts.get("request_id")
        return cls(
            status,
            tuple(dict.fromkeys(name for name in names if name != "error")),
            error if isinstance(error, str) else _message(facts),
            request_id if isinstance(request_id, str) else None,
            _bounded(facts) if facts else None,
        )

    def failure(self, rules: Iterable[Rule]) -> Failure:
        """By the first rule that fits, else by the status."""
        kind = next((rule.kind for rule in rules if self._fits(rule)), None)
        said = self.details is not None and (self.names or self.message)
        if kind is None and self.status is None and not said:
            return Failure("malformed", "the answer is not what the API promises")
        if kind is None:
            kind = "api" if self.status is None else kind_of_status(self.status)
            if kind == "not_found" and "model" not in self.message.lower():
                kind = "invalid"  # the address is wrong, not the model
        code = self.names[0] if self.names else None
        message = self.message or "no details"
        return Failure(kind, message, self.status, code, self.request_id, details=self.details)

    def _fits(self, rule: Rule) -> bool:
        wanted = (rule.status,) if isinstance(rule.status, int) else rule.status
        if wanted is not None and (self.status or 200) not in wanted:
            return False
        if rule.name is not None:
            pattern = _pattern(rule.name)
            if not any(pattern.fullmatch(name) for name in self.names):
                return False
        return rule.text is None or _pattern(rule.text).search(self.message) is not None


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _names(facts: dict[str, Any]) -> Iterator[str]:
    inner = as_object(facts.get("innererror"))  # Azure's
    details = facts.get("details")
    if isinstance(details, dict):  # Anthropic's
        yield from (v for v in (details.get("error_code"),) if isinstance(v, str))
    for value in (facts.get("code"), facts.get("status"), facts.get("type"), inner.get("code")):
        if isinstance(value, str) and value:
            yield value
        elif type(value) is int and not 400 <= value < 600:
            yield str(value)
    for item in details if isinstance(details, list) else ():  # Google's
        for value in (item.get("reason"), *_quotas(item)) if isinstance(item, dict) else ():
            if isinstance(value, str):
                yield value


def _quotas(item: dict[str, Any]) -> Iterator[Any]:
    violations = item.get("violations")
    for violation in violations if isinstance(violations, list) else ():
        yield as_object(violation).get("quotaId")


def _message(facts: dict[str, Any]) -> str:
    """The message with the fields that it is about, and what an upstream server said."""
    given = facts.get("message") or facts.get("detail") or facts.get("error_description")
    text = given if isinstance(given, str) else ""
    fields = [*_fields(given), *_fields(facts.get("detail")), *_fields(facts.get("details"))]
    fields += _fields(facts.get("errors"))
    metadata = as_object(facts.get("metadata"))  # OpenRouter's
    upstream, said = metadata.get("provider_name"), metadata.get("raw")
    if said:
        said = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        fields.append(f"{upstream}: {said}" if isinstance(upstream, str) else said)
    generated = facts.get("failed_generation")  # Groq's: what the model wrote in place of a call
    if isinstance(generated, str) and generated:
        fields.append(f"the model wrote: {generated}")
    added = "; ".join(dict.fromkeys(one for one in fields if one not in text))
    return ": ".join(filter(None, (text.rstrip(":"), added)))


def _fields(value: Any) -> list[str]:
    """`path: what is wrong` of each field that FastAPI's or Google's list names."""
    if isinstance(value, dict):
        return _fields(value.get("detail")) + _fields(value.get("fieldViolations"))
    found: list[str] = []
    for item in value[:_ITEMS] if isinstance(value, list) else ():
        if isinstance(item, str):
            found.append(item)
            continue
        facts = as_object(item)
        said = facts.get("msg") or facts.get("description") or facts.get("message")
        steps = facts.get("loc") or facts.get("field") or facts.get("path")
        if isinstance(steps, list):
            steps = ".".join(str(step) for step in steps if step != "body")
        if isinstance(said, str):
            found.append(f"{steps}: {said}" if isinstance(steps, str) and steps else said)
        found += _fields(facts.get("fieldViolations"))
    return found


def _bounded(value: JSON, depth: int = 0) -> JSON:
    """The same with long lists cut, and without what is repeated of the request.

    Texts are cut when the key is out of them: half a key would not be found.
    """
    if isinstance(value, dict | list) and depth == _DEPTH:
        return None
    if isinstance(value, dict):
        items = list(value.items())[:_ITEMS]
        return {str(key): _bounded(item, depth + 1) for key, item in items if key not in _ECHOES}
    if isinstance(value, list):
        return [_bounded(item, depth + 1) for item in value[:_ITEMS]]
    return value
