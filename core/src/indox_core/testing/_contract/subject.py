"""The provider under test, and how a request becomes its call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from indox_core import UnsupportedFeatureError
from indox_core.plugin import Call, Capability, ChatRequest, Provider

from .core import fitted, read_request, without
from .samples import FIELDS, HELLO, PARTS, TEXTS, TOOLS, VALUES, WEATHER, spoken, tool_turn

Recorder = Callable[[str, object], None]


class Subject:
    """What a subclass says of its provider, and what every group of promises needs."""

    provider: ClassVar[type[Provider]]
    recorded: ClassVar[Path]
    model: ClassVar[str] = "contract-model"
    """A model with which the provider can do all that it does not lack."""
    options: ClassVar[dict[str, Any]] = {}
    """Arguments of every call, such as `provider_options` that choose one of two APIs."""
    base_path: ClassVar[str] = ""
    """What a base URL of this vendor ends with."""
    refuses: ClassVar[frozenset[Capability]] = frozenset()
    """What `options` rule out, beside what the provider lacks."""
    stream_format: ClassVar[Literal["sse", "ndjson"]] = "sse"
    """Server-sent events, or JSON by the line; recorded streams end with this name."""
    async_client: ClassVar[dict[str, Any]] = {}
    """Arguments of every `AsyncClient`, such as another `transport`."""
    models_without: ClassVar[dict[Capability, str]] = {}
    """Another model for a field that `model` does not take, such as an older one."""
    never_says: ClassVar[dict[str, str]] = {}
    """What the vendor's answers truly cannot say, with the reason: a recorded answer such as
    `text_and_tool_call`, or `id` or `model`."""

    def request(
        self,
        messages: list[Any],
        *,
        model: str | None = None,
        stream: bool = False,
        **options: Any,
    ) -> ChatRequest:
        """A request as the core hands it to `encode`."""
        spec = self.provider.spec
        given = {**self.options, **options}
        request = read_request(
            messages, spec.name, model or self.model, spec.base_url, stream, given, spec.options
        )
        request = without(request, spec.lacks)
        facts = self.provider().facts(request)
        return request if facts is None else fitted(request, facts)

    def encode(self, request: ChatRequest) -> Call:
        """The provider's call, with what the core has recorded before it."""
        call = self.provider().encode(request)
        return Call(
            call.operation,
            call.arguments,
            request.adaptations + tuple(call.adaptations),
            call.headers,
        )

    def attempt(self, messages: list[Any], **options: Any) -> Call | None:
        """The call; `None` where the provider refuses the request before anything is sent."""
        try:
            return self.encode(self.request(messages, **options))
        except UnsupportedFeatureError:
            return None

    def corpus(self) -> Iterator[tuple[str, ChatRequest]]:
        """Requests of every kind, with what they ask. Those that the core refuses are left out."""
        for what, messages, options in self._wishes():
            for stream in (False, True):
                try:
                    yield what, self.request(messages, stream=stream, **options)
                except UnsupportedFeatureError:
                    continue

    def _wishes(self) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
        yield "a question", HELLO, {}
        for name, (capability, options, _) in FIELDS.items():
            model = {"model": self.models_without.get(capability)}
            yield name, HELLO, {**options, **model}
            for value in VALUES.get(name, ()):
                yield name, HELLO, {**options, **model, name: value}
        for kind, (_, part, _) in PARTS.items():
            yield kind, [{"role": "user", "content": [part, {"type": "text", "text": "x"}]}], {}
        for role in ("system", "user", "assistant"):
            for name, text in TEXTS.items():
                yield f"{name} of {role}", spoken(role, text), {}
        talk = [*HELLO, *tool_turn()]
        yield "a tool's result", talk, {"tools": [WEATHER]}
        yield "a failed tool", [*talk[:-1], {**talk[-1], "is_error": True}], {"tools": [WEATHER]}
        yield "many tools", HELLO, {"tools": TOOLS}
        for choice in ("auto", "none", "required", "get_weather"):
            yield "tool_choice", HELLO, {"tools": [WEATHER], "tool_choice": choice}

    # What it has

    def _has(self, capability: Capability) -> bool:
        return capability not in self.provider.spec.lacks

    def _needs(self, capability: Capability) -> None:
        if not self._has(capability):
            pytest.skip(f"{self.provider.spec.name} lacks {capability} (spec.lacks)")

    def _needs_address(self) -> None:
        if not self.provider.spec.base_url:
            pytest.skip(f"{self.provider.spec.name} has no address: nothing goes over HTTP")

    def _shows(self, record_property: Recorder, row: str) -> None:
        """What a passing test shows, for the report."""
        record_property("indox_provider", self.provider.spec.name)
        record_property("indox_row", row)

    def _asked(
        self,
        record_property: Recorder,
        row: str,
        capability: Capability,
        messages: list[Any],
        **options: Any,
    ) -> Call | None:
        """The call; `None` if the request is refused, which only a lack or a model may do."""
        self._shows(record_property, row)
        try:
            model = self.models_without.get(capability)
            call = self.encode(self.request(messages, model=model, **options))
        except UnsupportedFeatureError as error:
            record_property("indox_outcome", "refused")
            if self._has(capability) and capability not in self.refuses:
                pytest.fail(f"{row} is refused, but spec.lacks has no {capability}: {error}")
            return None
        lost = [i for i in call.adaptations if i.path.partition(".")[0] == row and
                i.kind == "dropped"]  # fmt: skip
        record_property("indox_outcome", "dropped" if lost else "yes")
        return call
