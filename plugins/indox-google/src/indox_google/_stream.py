"""The generateContent API's chunks to chat events."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    AudioPart,
    ChatEnd,
    ChatEvent,
    ChatStart,
    CitationFound,
    Finish,
    ImagePart,
    Media,
    PartEnd,
    ProviderState,
    ReasoningDelta,
    ReasoningPart,
    TextDelta,
    TextPart,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
)

from ._decode import check, citations_of, finish_of, usage_of
from ._encode import PROVIDER


class GoogleDecoder:
    """Each chunk is a whole response object with more parts; the counts replace each other."""

    def __init__(self) -> None:
        self.finished = False
        self._start: tuple[Any, Any] = (None, None)
        self._usage: dict[str, Any] = {}
        self._usage_is_full = False
        self._candidates: dict[int, _Candidate] = {}

    def push(self, event: JSON) -> list[ChatEvent]:
        body = check(event)
        events: list[ChatEvent] = []
        start = (body.get("responseId"), body.get("modelVersion"))
        if start != self._start:
            self._start = start
            events.append(ChatStart(*start))
        for candidate in body.get("candidates") or ():
            number = candidate.get("index") or 0
            state = self._candidates.setdefault(number, _Candidate(number))
            events += state.push(candidate)
        if usage := body.get("usageMetadata"):
            # Some chunks state the prompt alone; the last full statement stands.
            full = usage.keys() & {"candidatesTokenCount", "thoughtsTokenCount"}
            if full or not self._usage_is_full:
                self._usage, self._usage_is_full = usage, bool(full)
        if self._usage:
            searches = [c.searches for c in self._candidates.values() if c.searches is not None]
            events.append(UsageSnapshot(usage_of(self._usage, sum(searches) if searches else None)))
        blocked = (body.get("promptFeedback") or {}).get("blockReason")
        if blocked and not self._candidates:
            events.append(ChatEnd(Finish("content_filter", f"blocked:{blocked}")))
        return events

    def finish(self) -> list[ChatEvent]:
        return [event for candidate in self._candidates.values() for event in candidate.finish()]


class _Candidate:
    """One answer: adjacent texts are one part, and keep the signature that comes with them."""

    def __init__(self, number: int) -> None:
        self.searches: int | None = None
        self._number = number
        self._part = -1
        self._kind = ""
        self._texts: list[str] = []
        self._extras: dict[str, Any] = {}
        self._has_calls = False
        self._cited: list[Any] = []
        self._finish: str | None = None

    def push(self, candidate: dict[str, Any]) -> list[ChatEvent]:
        events: list[ChatEvent] = []
        for part in (candidate.get("content") or {}).get("parts") or ():
            events += self._push_part(part)
        queries = (candidate.get("groundingMetadata") or {}).get("webSearchQueries")
        if queries is not None:
            self.searches = max(self.searches or 0, sum(map(bool, queries)))
        for citation in citations_of(candidate):
            if citation not in self._cited:  # each chunk repeats them
                self._cited.append(citation)
                events.append(CitationFound(citation))
        raw = candidate.get("finishReason")
        if raw and raw != "FINISH_REASON_UNSPECIFIED":
            self._finish = raw
        return events

    def finish(self) -> list[ChatEvent]:
        events = self._close()
        if self._finish is not None:
            events.append(ChatEnd(finish_of(self._finish, self._has_calls), self._number))
        return events

    def _push_part(self, part: dict[str, Any]) -> list[ChatEvent]:
        extras = {k: v for k, v in part.items() if k not in ("text", "functionCall", "inlineData")}
        if "text" in part:
            kind = "reasoning" if part.get("thought") else "text"
            if kind != self._kind:
                events = self._open(kind)
            else:
                events = []
            self._extras.update(extras)
            self._texts.append(part["text"])
            if not part["text"]:
                return events
            delta = ReasoningDelta if kind == "reasoning" else TextDelta
            return [*events, delta(part["text"], self._part, self._number)]
        events = self._open("")
        state = ProviderState(provider=PROVIDER, data=extras) if extras else None
        if "functionCall" in part:
            return [*events, *self._call(part["functionCall"], state)]
        if "inlineData" in part:
            return [*events, *self._inline(part["inlineData"], state)]
        # Code that ran, tools that Google called: they go back as they came.
        whole = TextPart(text="", provider_state=state)
        return [*events, PartEnd(whole, self._part, self._number)] if state else events

    def _call(self, call: dict[str, Any], state: ProviderState | None) -> list[ChatEvent]:
        self._has_calls = True
        whole = ToolCallPart(
            id=call.get("id") or f"{MADE_UP_CALL}{self._part}",
            name=call.get("name") or "",
            arguments=call.get("args") or {},
            provider_state=state,
        )
        arguments = to_json(whole.arguments).decode()
        delta = ToolCallDelta(self._part, whole.id, whole.name, arguments, self._number)
        return [delta, PartEnd(whole, self._part, self._number)]

    def _inline(self, blob: dict[str, Any], state: ProviderState | None) -> list[ChatEvent]:
        media = Media(data=blob.get("data"), media_type=blob.get("mimeType"))
        if str(media.media_type).startswith("image/"):
            image = ImagePart(image=media, provider_state=state)
            return [PartEnd(image, self._part, self._number)]
        return [PartEnd(AudioPart(audio=media, provider_state=state), self._part, self._number)]

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
