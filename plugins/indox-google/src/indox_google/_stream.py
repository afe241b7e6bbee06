"""The generateContent API's chunks to chat events, and a whole answer as one chunk."""

from __future__ import annotations

import itertools
import re
from typing import Any

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    ChatEnd,
    ChatEvent,
    ChatStart,
    CitationFound,
    ContentPart,
    Failure,
    PartEnd,
    ProviderFailure,
    ProviderState,
    ReasoningDelta,
    ReasoningPart,
    Reply,
    TextDelta,
    TextPart,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
    arguments_text,
    as_object,
    media_part,
    parse_arguments,
    reply_of,
)

from ._decode import blocked_of, check, citations_of, finish_of, is_newer, usage_of, words_of
from ._encode import PROVIDER


class GoogleDecoder:
    """Each chunk is a whole response object with more parts; the counts replace each other."""

    def __init__(self) -> None:
        self.finished = False
        self._start: tuple[Any, Any] = (None, None)
        self._usage: dict[str, Any] = {}
        self._usage_is_full = False
        self._candidates: dict[int, _Candidate] = {}
        self._blocked = False

    @property
    def answered(self) -> bool:
        """Whether there is an answer, or a reason why there is none."""
        return self._blocked or any(one.began or one.ended for one in self._candidates.values())

    def push(self, event: JSON) -> list[ChatEvent]:
        if is_newer(event):
            return []
        body = check(event)
        events: list[ChatEvent] = []
        start = (body.get("responseId"), body.get("modelVersion"))
        if start != self._start:
            self._start = start
            events.append(ChatStart(*start))
        for place, candidate in enumerate(body.get("candidates") or ()):
            number = candidate.get("index", place) or 0
            state = self._candidates.setdefault(number, _Candidate(number))
            events += state.push(candidate)
        if usage := as_object(body.get("usageMetadata")):
            # Some chunks state the prompt alone; the last full statement stands.
            full = usage.keys() & {"candidatesTokenCount", "thoughtsTokenCount"}
            if full or not self._usage_is_full:
                self._usage, self._usage_is_full = usage, bool(full)
        if self._usage:
            searches = [len(c.queries) for c in self._candidates.values() if c.grounded]
            events.append(UsageSnapshot(usage_of(self._usage, sum(searches) if searches else None)))
        blocked = blocked_of(as_object(body.get("promptFeedback")))
        if blocked and not any(candidate.ended for candidate in self._candidates.values()):
            self._blocked = True
            events.append(ChatEnd(blocked))
        return events

    def finish(self) -> list[ChatEvent]:
        return [event for candidate in self._candidates.values() for event in candidate.finish()]


_CONTENT = ("functionCall", "inlineData", "text")


class _OpenCall:
    """A call whose arguments still arrive, each value in pieces at its path."""

    def __init__(self, call: ToolCallPart) -> None:
        self._call = call
        self._arguments: dict[str, Any] = dict(call.arguments or {})

    def add(self, piece: dict[str, Any]) -> None:
        steps = [a or int(b) for a, b in _STEP.findall(str(piece.get("jsonPath")))]
        values = [piece[name] for name in _VALUES if name in piece]
        if not steps or not values:
            return
        place: Any = self._arguments
        for step, following in itertools.pairwise(steps):
            place = _at(place, step, [] if isinstance(following, int) else {})
        value = None if "nullValue" in piece else values[0]
        before = _at(place, steps[-1], None)
        both = isinstance(before, str) and isinstance(value, str)
        place[steps[-1]] = before + value if both else value

    def part(self) -> ToolCallPart:
        return self._call.model_copy(update={"arguments": self._arguments})


_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


def _at(place: Any, step: Any, empty: Any) -> Any:
    """What stands at one step of a path, put there if nothing does."""
    if isinstance(place, list):
        place += [None] * (step + 1 - len(place))
        if place[step] is None:
            place[step] = empty
    elif step not in place:
        place[step] = empty
    return place[step]


class _Candidate:
    """One answer: adjacent texts are one part, and keep the signature that comes with them."""

    def __init__(self, number: int) -> None:
        self.grounded = False
        self.queries: list[str] = []
        """The searches that were made, each once: chunks may repeat them."""
        self._number = number
        self._part = -1
        self._kind = ""
        self._texts: list[str] = []
        self._extras: dict[str, Any] = {}
        self._has_calls = False
        self._cited: list[Any] = []
        self._finish: str | None = None
        self._message: str | None = None
        """What Google says of the end."""
        self._open_call: _OpenCall | None = None

    @property
    def began(self) -> bool:
        return self._part >= 0

    @property
    def ended(self) -> bool:
        return self._finish is not None

    def push(self, candidate: dict[str, Any]) -> list[ChatEvent]:
        events: list[ChatEvent] = []
        if not self.ended:  # what comes after the end signal is no answer any more
            for part in (candidate.get("content") or {}).get("parts") or ():
                events += self._push_part(part)
        queries = (candidate.get("groundingMetadata") or {}).get("webSearchQueries")
        if queries is not None:
            self.grounded = True
            self.queries += dict.fromkeys(q for q in queries if q and q not in self.queries)
        for citation in citations_of(candidate):
            if citation not in self._cited:  # each chunk repeats them
                self._cited.append(citation)
                events.append(CitationFound(citation))
        raw = candidate.get("finishReason")
        if raw:
            self._finish = raw
            ratings = candidate.get("safetyRatings")
            self._message = words_of(candidate.get("finishMessage"), ratings)
        return events

    def finish(self) -> list[ChatEvent]:
        events = self._close()
        if self._finish is not None:
            finish = finish_of(self._finish, self._has_calls, self._message)
            events.append(ChatEnd(finish, self._number))
        return events

    def _push_part(self, part: dict[str, Any]) -> list[ChatEvent]:
        extras = {k: v for k, v in part.items() if k not in _CONTENT}
        call, blob, text = (part.get(name) for name in _CONTENT)
        if isinstance(text, str) and call is None and blob is None:
            kind = "reasoning" if part.get("thought") else "text"
            signed = "thoughtSignature" in extras and "thoughtSignature" in self._extras
            if kind != self._kind or signed:  # each signature belongs to its own text
                events = self._open(kind)
            else:
                events = []
            self._extras.update(extras)
            self._texts.append(text)
            if not text:
                return events
            delta = ReasoningDelta if kind == "reasoning" else TextDelta
            return [*events, delta(text, self._part, self._number)]
        state = ProviderState(provider=PROVIDER, data=extras) if extras else None
        if self._open_call is not None and call is not None and not call.get("name"):
            return self._more_of_call(call)
        events = self._open("")
        if call is not None:
            return [*events, *self._call(call, state)]
        if blob is not None:
            whole_part = ProviderState(provider=PROVIDER, data=part)
            if part.get("thought"):  # an image on the way to the one of the answer
                whole: ContentPart = TextPart(text="", provider_state=whole_part)
            else:
                whole = media_part(blob.get("data"), blob.get("mimeType"), whole_part, state)
            return [*events, PartEnd(whole, self._part, self._number)]
        # Code that ran, tools that Google called: they go back as they came.
        whole = TextPart(text="", provider_state=state)
        return [*events, PartEnd(whole, self._part, self._number)] if state else events

    def _call(self, call: dict[str, Any], state: ProviderState | None) -> list[ChatEvent]:
        self._has_calls = True
        whole = ToolCallPart(
            id=call.get("id") or f"{MADE_UP_CALL}{self._part}",
            name=call.get("name") or "",
            **parse_arguments(call.get("args") or {}),
            provider_state=state,
        )
        if call.get("willContinue"):
            self._open_call = _OpenCall(whole)
            return [ToolCallDelta(self._part, whole.id, whole.name, "", self._number)]
        delta = ToolCallDelta(self._part, whole.id, whole.name, arguments_text(whole), self._number)
        return [delta, PartEnd(whole, self._part, self._number)]

    def _more_of_call(self, call: dict[str, Any]) -> list[ChatEvent]:
        """Vertex streams the arguments of a call as values at paths."""
        opened = self._open_call
        assert opened is not None
        for piece in call.get("partialArgs") or ():
            opened.add(piece)
        if call.get("willContinue"):
            return []
        self._open_call = None
        whole = opened.part()
        delta = ToolCallDelta(self._part, None, None, arguments_text(whole), self._number)
        return [delta, PartEnd(whole, self._part, self._number)]

    def _open(self, kind: str) -> list[ChatEvent]:
        events = self._close()
        self._part += 1
        self._kind = kind
        return events

    def _close(self) -> list[ChatEvent]:
        """The text so far, if it has to go back with a signature."""
        texts, extras, kind = self._texts, self._extras, self._kind
        self._texts, self._extras, self._kind = [], {}, ""
        if not extras or not kind:
            return []
        state = ProviderState(provider=PROVIDER, data=extras)
        cls = ReasoningPart if kind == "reasoning" else TextPart
        return [PartEnd(cls(text="".join(texts), provider_state=state), self._part, self._number)]


def google_to_reply(body: JSON) -> Reply:
    """A whole `GenerateContentResponse`: the same as a stream of this one chunk."""
    chunks = body if isinstance(body, list) and body else [body]  # a list: a stored stream
    decoder = GoogleDecoder()
    events: list[ChatEvent] = []
    for chunk in chunks:
        events += decoder.push(chunk)
    if not decoder.answered:
        raise ProviderFailure(Failure("malformed", "the answer has no candidates"))
    return reply_of([*events, *decoder.finish()])
