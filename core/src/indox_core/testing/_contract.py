"""The suite that every provider passes: `class TestMine(ProviderContract): provider = Mine`.

Each failure says what the contract wants and why. Nothing here knows a provider's name.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import logging
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, unquote

import pytest

from indox_core import _client, _errors
from indox_core._errors import (
    CallError,
    IndoxError,
    MalformedResponseError,
    NetworkError,
    ProviderFailure,
    StreamInterruptedError,
    UnsupportedFeatureError,
    kind_of_status,
)
from indox_core._plugins import (
    CAPABILITIES,
    CONTRACT_VERSIONS,
    Call,
    Capability,
    Provider,
    check_provider,
    installed,
    without,
)
from indox_core._schema import (
    ChatRequest,
    Fold,
    Message,
    ProviderState,
    ReasoningPart,
    Reply,
    TextPart,
    ToolCallPart,
    read_request,
    text_of,
)
from indox_core._transport import LineParser, SSEParser

from ._loopback import HTTPAnswer, LoopbackServer, Received
from ._scenarios import CANARY, SCENARIOS, TEXT, Scenario

HELLO = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(24)).decode()
_PDF = base64.b64encode(b"%PDF-1.7 the contract's document").decode()
_WAV = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVEthe contract's sound").decode()
_SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string"}},
    "required": ["capital"],
    "additionalProperties": False,
}
# Each field of a request that a caller may set, with what must be found of it on the wire.
FIELDS: dict[str, tuple[Capability, dict[str, Any], tuple[Any, ...]]] = {
    "temperature": ("temperature", {"temperature": 0.375}, (0.375,)),
    "top_p": ("top_p", {"top_p": 0.625}, (0.625,)),
    "max_tokens": ("max_tokens", {"max_tokens": 4321}, (4321,)),
    "stop": ("stop", {"stop": ["canary-stop", "canary-end"]}, ("canary-stop", "canary-end")),
    "seed": ("seed", {"seed": 424243}, (424243,)),
    "tools": (
        "tools",
        {"tools": [WEATHER, {**WEATHER, "name": "get_time"}]},
        ("get_weather", "The weather in a city.", "city", "get_time"),
    ),
    "tool_choice": ("tools", {"tools": [WEATHER], "tool_choice": "get_weather"}, ()),
    "parallel_tool_calls": (
        "parallel_tool_calls",
        {"tools": [WEATHER], "parallel_tool_calls": False},
        (),
    ),
    "response_schema": ("response_schema", {"response_schema": _SCHEMA}, ("capital",)),
    "reasoning_effort": ("reasoning", {"reasoning_effort": "high"}, ()),
    "cache": ("cache", {"cache": True}, ()),
    "web_search": ("web_search", {"web_search": True}, ()),
    "metadata": ("metadata", {"metadata": {"user_id": "canary-user"}}, ("canary-user",)),
}
PARTS: dict[str, tuple[Capability, dict[str, Any], str]] = {
    "images": (
        "images",
        {"type": "image", "image": {"data": _PNG, "media_type": "image/png"}},
        _PNG,
    ),
    "documents": (
        "documents",
        {"type": "document", "document": {"data": _PDF, "media_type": "application/pdf"}},
        _PDF,
    ),
    "audio": (
        "audio",
        {"type": "audio", "audio": {"data": _WAV, "media_type": "audio/wav"}},
        _WAV,
    ),
}
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
_JSON = "application/json"
_STREAM_TYPES = {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}
WAYS = ("chat", "stream", "async chat", "async stream")
Recorder = Callable[[str, object], None]


class ProviderContract:
    """Inherit it, name the provider and the folder of recorded answers; offline, without a key.

        class TestMine(ProviderContract):
            provider = MyProvider
            recorded = Path(__file__).parent / "recorded"

    The folder holds `NAME.json` and `NAME.sse` for the names in `docs/reference/contract.md`, and
    `error.json`, the body of a refusal that says no more than its status.
    """

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

    # What it is

    def test_the_class_keeps_the_contract(self) -> None:
        """The core reads the spec before the first call; what it lacks there it cannot ask for."""
        problem = check_provider(self.provider)
        assert problem is None, f"The contract wants a whole provider: {problem}."
        spec = self.provider.spec
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", spec.name), (
            f"spec.name {spec.name!r}: a prefix has lower-case letters, digits, - and _, since it "
            'stands before the slash of "provider/model".'
        )
        assert spec.contract in CONTRACT_VERSIONS
        unknown = set(spec.lacks) - CAPABILITIES
        assert not unknown, f"spec.lacks names {unknown}, which is no capability."
        assert re.match(r"$|https://|http://(localhost|127\.0\.0\.1)\b", spec.base_url), (
            "spec.base_url must be https: a key travels there."
        )
        if spec.key_variable is not None:
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", spec.key_variable)

    def test_its_entry_point_leads_here(self) -> None:
        """`pip install` alone makes the provider known: by the name of its entry point."""
        name = self.provider.spec.name
        found = [item for item in installed() if item.name == name]
        assert found, (
            f'No installed distribution has an entry point "{name}" in the group "indox"; without '
            f'it no user reaches "{name}/model". Is the package installed in this environment?'
        )
        assert len(found) == 1, f"{[i.distribution for i in found]} claim the same name."
        plugin = found[0].entry_point.load()
        hook = getattr(plugin, "indox_provider", None)
        assert callable(hook), f"{found[0].entry_point.value} has no hook indox_provider."
        assert hook() is self.provider, (
            "indox_provider() returns another class than the one tested."
        )

    def test_naming_it_imports_no_sdk(self) -> None:
        """Every user of the core would pay for it at start; connect() is the place to import."""
        (item,) = [item for item in installed() if item.name == self.provider.spec.name]
        names = ["httpx2", "asyncio", "ssl"]
        if self.provider.spec.sdk is not None:
            sdk = re.split(r"[<>=!~ \[]", self.provider.spec.sdk)[0].lower().replace("_", "-")
            names += [
                name
                for name, owners in packages_distributions().items()
                if sdk in {owner.lower().replace("_", "-") for owner in owners}
            ]
        code = f"import sys, {item.entry_point.module}; print(*sys.modules)"
        done = subprocess.run(  # noqa: S603 # this interpreter, on the plugin's own module
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        loaded = set(done.stdout.split())
        early = sorted(loaded.intersection(names))
        assert not early, f"Importing {item.entry_point.module} also imports {early}."
        assert not done.stderr, f"Importing the plugin prints {done.stderr!r}."

    # What is sent

    def test_encode_is_pure(self) -> None:
        """The core encodes for explain() and for chat() alike: both must show the same call."""
        request = self.request([*HELLO, *self._tool_turn()] if self._has("tools") else HELLO)
        before = request.model_dump()
        first, second = self.encode(request), self.encode(request)
        assert isinstance(first, Call), "encode() must return a Call."
        assert first == second, "encode() gives another call for the same request."
        assert request.model_dump() == before, "encode() has changed the request."
        json.dumps(first.arguments, allow_nan=False)

    @pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
    def test_every_role_arrives_in_order(self, record_property: Recorder, stream: bool) -> None:
        """A text that is dropped or moved in silence changes what the model answers."""
        self._shows(record_property, "roles")
        texts = ["canary-system", "  canary-one", "canary-two", "canary-three", "canary-four"]
        roles = ["system", "user", "assistant", "user", "user"]
        messages: list[Any] = [
            {"role": role, "content": text} for role, text in zip(roles, texts, strict=True)
        ]
        more = ["canary-five", "canary-six"]
        texts += more
        messages[-1]["content"] = [{"type": "text", "text": text} for text in texts[-3:]]
        call = self.encode(self.request(messages, stream=stream))
        sent = _sent(call)
        places = [sent.find(text) for text in texts]
        missing = [text for text, place in zip(texts, places, strict=True) if place < 0]
        assert not missing, f"{missing} is nowhere in the call: every message must arrive."
        assert places[1:] == sorted(places[1:]), "The messages arrive in another order."

    def test_a_late_system_message_keeps_its_place_or_is_recorded(self) -> None:
        """Instructions in mid-conversation mean something else at its beginning."""
        messages = [
            {"role": "user", "content": "canary-one"},
            {"role": "system", "content": "canary-late"},
            {"role": "user", "content": "canary-two"},
        ]
        call = self.encode(self.request(messages))
        sent = _sent(call)
        one, late, two = (sent.find(f"canary-{name}") for name in ("one", "late", "two"))
        assert late >= 0, "The late system message is nowhere in the call."
        moved = any(item.path.startswith("messages.1") for item in call.adaptations)
        assert one < late < two or moved, "It was moved without an adaptation that says so."

    def test_an_empty_text_of_a_user_keeps_its_turn(self) -> None:
        """Leaving it out would change whose turn it is."""
        with_empty = self.encode(self.request([*HELLO, {"role": "user", "content": ""}]))
        alone = self.encode(self.request(HELLO))
        recorded = any(item.path.startswith("messages.1") for item in with_empty.adaptations)
        assert with_empty.arguments != alone.arguments or recorded

    def test_a_name_arrives_or_is_recorded(self, record_property: Recorder) -> None:
        """Who of several people has spoken changes what the answer should say."""
        self._shows(record_property, "names")
        message = {"role": "user", "content": "canary-one", "name": "canary-name"}
        call = self.encode(self.request([message]))
        recorded = any(item.path.startswith("messages.0.name") for item in call.adaptations)
        assert "canary-name" in _sent(call) or recorded, (
            "The message's name is neither in the call nor recorded as messages.0.name."
        )
        record_property("indox_outcome", "dropped" if recorded else "yes")

    def test_the_detail_of_an_image_arrives_or_is_recorded(self) -> None:
        """It decides what the image costs, and whether small print can be read."""
        self._needs("images")
        part = PARTS["images"][1]
        plain, low = (
            self.encode(self.request([{"role": "user", "content": [{**part, **detail}]}]))
            for detail in ({}, {"detail": "low"})
        )
        recorded = len(low.adaptations) > len(plain.adaptations)
        assert low.arguments != plain.arguments or recorded, (
            'detail="low" changes neither the call nor the adaptations.'
        )

    def test_extra_body_is_sent_as_it_is(self) -> None:
        """What the vendor added yesterday must not wait for a release of the plugin."""
        options = self.provider.spec.options
        if options is None or "extra_body" not in options.model_fields:
            pytest.skip(f"{self.provider.spec.name} has no option extra_body")
        own = self.options.get("provider_options", {}).get(self.provider.spec.name, {})
        given = {self.provider.spec.name: {**own, "extra_body": {"canary_field": "canary-extra"}}}
        call = self.encode(self.request(HELLO, provider_options=given))
        assert {"canary_field", "canary-extra"} <= set(_strings(call.arguments))

    @pytest.mark.parametrize("kind", PARTS)
    def test_media_arrive_or_are_refused(self, record_property: Recorder, kind: str) -> None:
        """An image that is left out in silence gives an answer about nothing."""
        capability, part, data = PARTS[kind]
        text = {"type": "text", "text": "canary-text"}
        messages = [{"role": "user", "content": [text, part, part]}]
        call = self._asked(record_property, kind, capability, messages)
        if call is not None:
            sent = _sent(call)
            assert sent.count(data) == 2, f"Two {kind} were given, {sent.count(data)} arrive."
            assert "canary-text" in sent, "The text beside the media is lost."

    @pytest.mark.parametrize("name", FIELDS)
    def test_a_field_is_used_adapted_or_refused(self, record_property: Recorder, name: str) -> None:
        """A parameter that is ignored in silence is the commonest bug of all."""
        capability, options, canaries = FIELDS[name]
        base = {key: value for key, value in options.items() if key != name}
        call = self._asked(record_property, name, capability, HELLO, **options)
        if call is None:
            return
        model = self.models_without.get(capability)
        plain = self.encode(self.request(HELLO, model=model, **base))
        recorded = [i for i in call.adaptations if i.path.partition(".")[0] == name]
        used = call.arguments != plain.arguments or call.operation != plain.operation
        assert used or recorded, (
            f"{name} changes neither the call nor the adaptations: use it, record it as dropped, "
            f"raise UnsupportedFeatureError, or name {capability} in spec.lacks."
        )
        if not any(item.kind in ("dropped", "clamped") for item in recorded):
            values = list(_values(_wire(call)))
            missing = [canary for canary in canaries if canary not in values]
            assert not missing, f"{name}: {missing} of what the caller said is not in the call."

    @pytest.mark.parametrize(("name", "zero"), [("temperature", 0.0), ("top_p", 0.0), ("seed", 0)])
    def test_zero_is_a_wish_too(self, name: str, zero: Any) -> None:
        """`if request.temperature:` loses the commonest wish of all, an answer without chance."""
        asked: dict[str, Any] = {name: zero}
        plain, call = self.encode(self.request(HELLO)), self.encode(self.request(HELLO, **asked))
        told = call.arguments != plain.arguments or call.adaptations != plain.adaptations
        assert told, f"{name}={zero} is lost in silence."

    def test_nothing_is_asked_that_the_caller_did_not_ask(self) -> None:
        """A default of the plugin's own is a wish of nobody, unless it is recorded."""
        for name in ("temperature", "top_p", "max_tokens", "seed", "stop"):
            capability, options, canaries = FIELDS[name]
            if not self._has(capability) or capability in {*self.refuses, *self.models_without}:
                continue
            asked = self.encode(self.request(HELLO, **options))
            plain = self.encode(self.request(HELLO))
            place = _place_of(canaries[0], asked.arguments)
            made_up = place is not None and _at(place, plain.arguments) is not None
            recorded = any(item.path == name for item in plain.adaptations)
            assert not made_up or recorded, f"{name} is sent, although the caller has not set it."

    def test_choices_of_tools_differ(self) -> None:
        """auto, none, required and one by name are four different wishes."""
        self._needs("tools")
        other = {**WEATHER, "name": "get_time"}
        calls = [
            json.dumps(
                self.encode(
                    self.request(HELLO, tools=[WEATHER, other], tool_choice=choice)
                ).arguments,
                sort_keys=True,
            )
            for choice in ("auto", "none", "required", "get_weather", "get_time")
        ]
        assert len(set(calls)) == len(calls), "Two choices give the same call."

    @pytest.mark.parametrize(
        "ids",
        [("call00001", "call00002"), ("toolu_01A09q90qw90lq917835lq9", "call_UCA8y1-of.others")],
        ids=["nine letters", "others"],
    )
    def test_calls_and_results_go_back_as_pairs(self, ids: tuple[str, str]) -> None:
        """A result that cannot be told from another answers the wrong call."""
        self._needs("tools")
        call = self.encode(self.request([*HELLO, *self._tool_turn(ids)], tools=[WEATHER]))
        sent = _sent(call)
        for text in ("canary-said", "Paris", "Rome", "21 degrees", "25 degrees", "get_weather"):
            assert text in sent, f"{text!r} of the calls and their results is not in the call."
        assert sent.find("Paris") < sent.find("21 degrees") < sent.find("25 degrees")
        renamed = {item.before: item.after for item in call.adaptations if item.kind == "renamed"}
        for identifier in ids:
            own = str(renamed.get(identifier, identifier))
            assert sent.count(f'"{own}"') >= 2, (
                f"The id {identifier} must stand with its call and with its result; where it has "
                "to be another one, both have it and an adaptation says so."
            )
        for where in ({"city": "Paris"}, {"city": "Rome"}):
            assert any(_means(value, where) for value in _nodes(_wire(call))), (
                f"The arguments {where} of a call are in no place as an object or as its JSON text."
            )

    def test_an_empty_result_stays_with_its_call(self) -> None:
        """Vendors refuse a conversation in which a call has no result."""
        self._needs("tools")
        turn = self._tool_turn()
        empty = [turn[0], {**turn[1], "content": ""}, turn[2]]
        call = self.encode(self.request([*HELLO, *empty], tools=[WEATHER]))
        assert _sent(call).count('"call00001"') >= 2, "The result that is empty has been left out."

    def test_a_failed_tool_is_told_or_recorded(self) -> None:
        """The model must not take an error for an answer."""
        self._needs("tools")
        turn = self._tool_turn()
        good = self.encode(self.request([*HELLO, *turn], tools=[WEATHER]))
        bad = [turn[0], {**turn[1], "is_error": True}, turn[2]]
        call = self.encode(self.request([*HELLO, *bad], tools=[WEATHER]))
        recorded = len(call.adaptations) > len(good.adaptations)
        assert call.arguments != good.arguments or recorded

    def test_foreign_state_is_left_out_and_recorded(self) -> None:
        """Another vendor's signature is refused by this one."""
        state = ProviderState(provider="elsewhere", data={"signature": "canary-foreign"})
        parts = (
            ReasoningPart(text="canary-thought", provider_state=state),
            TextPart(text="canary-answer"),
        )
        messages = [*HELLO, Message(role="assistant", content=parts), *HELLO]
        call = self.encode(self.request(messages))
        sent = _sent(call)
        assert "canary-foreign" not in sent, "Another vendor's state is sent."
        assert "canary-answer" in sent, "The text beside the foreign state is lost."
        paths = [item.path for item in call.adaptations]
        assert any(path.startswith("messages.1.content.0") for path in paths), (
            "What is left out must be recorded: messages.1.content.0 is not."
        )

    def test_the_answer_goes_back_unchanged(self, record_property: Recorder) -> None:
        """Reasoning and signatures belong to the next turn, also after JSON."""
        for scenario in SCENARIOS:
            if scenario.name not in ("reasoning", "tool_call", "parallel_tool_calls"):
                continue
            for reply in self._replies(scenario):
                answer = Message(role="assistant", content=reply.parts)
                kept = json.loads(json.dumps(answer.model_dump(mode="json")))
                results = [
                    {"role": "tool", "tool_call_id": call.id, "content": "done"}
                    for call in answer.tool_calls
                ]
                tools: dict[str, Any] = {"tools": [WEATHER]} if results else {}
                calls = [
                    self.encode(self.request([*HELLO, turn, *results, *HELLO], **tools))
                    for turn in (answer, kept)
                ]
                assert calls[0] == calls[1], "The conversation as JSON gives another call."
                sent = _sent(calls[0])
                for part in reply.parts:
                    for text in _strings(part.provider_state.data if part.provider_state else {}):
                        assert json.dumps(text)[1:-1] in sent, (
                            f"{text!r} of the provider_state does not go back."
                        )
                lost = [item for item in calls[0].adaptations if item.kind == "dropped"]
                if all(part.provider_state or part.type != "reasoning" for part in reply.parts):
                    assert not lost, f"What the provider gave is left out: {lost}."
                if scenario.name == "reasoning":
                    self._shows(record_property, "reasoning in the next turn")

    # What is read

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_an_answer_is_read_right(self, record_property: Recorder, scenario: Scenario) -> None:
        """In whole or as a stream, the same content is read the same."""
        self._shows(record_property, f"answer: {scenario.name}")
        replies = self._replies(scenario)
        if not replies:
            self._skip_or_fail(scenario)
        for reply in replies:
            self._check(scenario, reply)
        if len(replies) == 2:
            plain, stream = replies
            assert plain.parts == stream.parts, "The stream folds into other parts."
            assert plain.first.finish == stream.first.finish
            assert (plain.usage, plain.refusal) == (stream.usage, stream.refusal)
            assert plain.citations == stream.citations
            assert (plain.id, plain.model) == (stream.id, stream.model)

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_unknown_fields_cost_nothing(self, scenario: Scenario) -> None:
        """Vendors add fields without notice; an answer must survive that."""
        body = self._body(scenario.name)
        if body is None:
            pytest.skip(f"no recorded/{scenario.name}.json")
        reply = self._decode(_with_unknown_fields(body))
        plain = self._decode(body)
        assert text_of(reply.parts) == text_of(plain.parts)
        assert reply.first.finish == plain.first.finish
        assert reply.usage == plain.usage
        assert [call.name for call in _calls(reply)] == [call.name for call in _calls(plain)]

    def test_a_stored_answer_is_told_by_its_shape(self) -> None:
        """client.receipt() knows only the body."""
        body = self._body("text")
        assert body is not None, self._wanted("text", "json")
        assert self.provider().decode(body) == self._decode(body)

    def test_a_cut_stream_is_never_complete(self) -> None:
        """Every SDK reports half a stream as a success; the end signal alone ends one."""
        for name in ("text", "tool_call", "reasoning"):
            events = self._events(name)
            if events is None:
                continue
            whole = self._fold(events)
            for length in range(len(events)):
                fold = self._fold(events[:length])
                if fold.ended:
                    assert fold.reply().parts == whole.reply().parts, (
                        f"{name}.sse: after {length} of {len(events)} events the stream counts as "
                        "complete, and is not."
                    )

    def test_streams_do_not_mix(self) -> None:
        """A decoder that is kept for all streams mixes two users' answers."""
        streams = [s for name in ("text", "length") if (s := self._events(name)) is not None]
        if len(streams) < 2:
            pytest.skip(f"{self.provider.spec.name} has no two recorded streams")
        operation = self.encode(self.request(HELLO, stream=True)).operation
        provider, folds = self.provider(), [Fold(), Fold()]
        decoders = [provider.decoder(operation) for _ in streams]
        for turn in zip_longest(*streams):
            for decoder, fold, event in zip(decoders, folds, turn, strict=True):
                if event is not None and not decoder.finished:
                    for ours in decoder.push(copy.deepcopy(event)):
                        fold.add(ours)
        alone = [self._fold(events).reply() for events in streams]
        for decoder, fold, reply in zip(decoders, folds, alone, strict=True):
            for ours in decoder.finish():
                fold.add(ours)
            assert fold.reply() == reply, "Two streams at once are read otherwise than alone."

    def test_what_is_no_answer_is_no_reply(self) -> None:
        """Proxies answer 200 with anything."""
        bodies: list[Any] = [[], {}, "text", 5, None, {"error": {"message": "no", "type": "t"}}]
        for body in bodies:
            try:
                reply = self._decode(body)
            except (ProviderFailure, LookupError, TypeError, AttributeError):
                continue
            pytest.fail(f"decode({body!r}) gives {reply}: raise ProviderFailure for what is none.")

    # Over a real socket

    @pytest.mark.parametrize("way", WAYS)
    def test_a_call_answers(
        self,
        record_property: Recorder,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
        way: str,
    ) -> None:
        """The SDK, on the core's pool, at the address and with the key of the call."""
        self._shows(record_property, way)
        caplog.set_level(logging.DEBUG)
        if not self.provider.spec.base_url:
            response = self.ask(None, way)
            assert response.data, f"{way}: the answer has no text."
            return
        with self.server("text") as server:
            response = self.ask(server, way)
            assert response.data == TEXT, f"{way}: {response.data!r}"
            assert response.finish_reason == "stop"
            if self._has("usage"):
                usage = response.usage
                assert (usage.tokens_prompt, usage.tokens_completion) == (24, 7)
            total = response.receipt.total
            if total is not None:
                assert total == sum(response.receipt.breakdown.values())
            json.dumps(dict(response))
            assert len(server.received) == 1, f"{len(server.received)} requests for one call"
            headers = str(server.received[0].headers)
            if self.provider.spec.key_variable is not None:
                assert CANARY in headers, "The key of the call did not arrive in a header."
            assert CANARY not in server.received[0].path, "The key is in the URL, which is logged."
            printed = "".join([*capfd.readouterr(), caplog.text])
            assert CANARY not in printed, "The key is printed or logged."
            loud = [r.getMessage() for r in caplog.records if r.levelno >= logging.INFO]
            assert HELLO[0]["content"] not in str(loud), "The prompt is logged."
            assert "canary-header" in headers, (
                'What the user configured as headers must be sent: Access.headers holds "x-canary".'
            )

    @pytest.mark.parametrize("way", WAYS)
    def test_a_key_belongs_to_one_call(self, way: str) -> None:
        """One client serves many users: whoever keeps a key lets one pay for another."""
        self._needs_address()
        if self.provider.spec.key_variable is None:
            pytest.skip(f"{self.provider.spec.name} needs no key")
        keys = ("sk-first-user", "sk-second-user")
        with self.server("text") as server:
            client, arguments = self._client_arguments(server, {})
            calls = [{**arguments, "byok_api_key": key} for key in keys]
            if way.startswith("async"):
                asyncio.run(self._aask(client, way, *calls))
            else:
                with _client.Client(**client) as caller:
                    for call in calls:
                        answer: Any = caller.chat(HELLO, **call, stream=way == "stream")
                        list(answer)
            for key, received in zip(keys, server.received, strict=True):
                sent = str(received.headers)
                assert key in sent, f"The call with the key {key} was sent with another one."

    def test_an_async_call_leaves_the_loop_free(self) -> None:
        """A blocking call holds up every other task of the program."""

        async def ticks() -> int:
            counted = 0
            client, arguments = self._client_arguments(server, {"timeout": 0.5})
            async with _client.AsyncClient(**client, **self.async_client) as caller:
                call = asyncio.create_task(caller.chat(HELLO, **arguments))
                while not call.done():
                    await asyncio.sleep(0.01)
                    counted += 1
                with pytest.raises(_errors.TimeoutError):
                    await call
            return counted

        with self.server("text", hang=True) as server:
            assert asyncio.run(ticks()) > 10, "asend blocks the event loop."

    @pytest.mark.parametrize("way", ["stream", "async stream"])
    def test_bytes_may_be_cut_anywhere(self, way: str) -> None:
        """Networks split inside a character and inside a line."""
        with self.server("text", pieces=1) as server:
            assert self.ask(server, way).data == TEXT

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("status", STATUSES)
    def test_every_status_has_its_class(
        self, record_property: Recorder, status: int, way: str
    ) -> None:
        """One except clause serves all providers."""
        self._shows(record_property, "errors")
        expected = _errors.ERROR_CLASSES[kind_of_status(status)]
        with self.server("error", status=status) as server:
            error = self.fails(server, way)
            assert type(error) is expected, (
                f"HTTP {status} is {type(error).__name__}, not {expected.__name__}. If error.json "
                "names a kind of its own, take one that says no more than its status."
            )
            assert isinstance(error, CallError)
            assert error.status_code == status
            assert error.request_id == "req_contract", "The header x-request-id is not kept."
            assert len(server.received) == 1
        _holds_no_key(error)

    @pytest.mark.parametrize("way", WAYS)
    def test_how_long_to_wait_is_read(self, way: str) -> None:
        """Who comes back earlier is refused again; who waits longer waits for nothing."""
        with self.server("error", status=429, headers={"retry-after": "7"}) as server:
            error = self.fails(server, way)
        assert isinstance(error, CallError)
        assert error.retry_after_s == 7, "The header retry-after: 7 is not told as retry_after_s."

    @pytest.mark.parametrize("way", WAYS)
    def test_what_may_pass_is_tried_again_by_the_core_alone(self, way: str) -> None:
        """SDKs that retry too multiply the attempts."""
        with self.server("error", status=503, headers={"retry-after-ms": "1"}) as server:
            error = self.fails(server, way, max_retries=2)
            assert len(server.received) == 3, "Three attempts, whoever makes them."
            assert isinstance(error, CallError)
            assert error.attempts == 3

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("body", [b"", b"<html>Log in</html>", b"[]", b"null", b'{"a":'])
    def test_a_body_that_is_no_answer_is_malformed(self, body: bytes, way: str) -> None:
        """A login page is no empty success."""
        with self.server("text", raw=body) as server:
            error = self.fails(server, way)
        assert isinstance(error, MalformedResponseError | StreamInterruptedError), repr(error)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_broken_connection_is_a_network_error(self, way: str) -> None:
        """No exception of an SDK or of a socket reaches a caller."""
        with self.server("text", broken=True) as server:
            assert isinstance(self.fails(server, way), NetworkError)
        error = self.fails(server, way)  # now nobody listens
        assert isinstance(error, NetworkError)
        _holds_no_key(error)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_deadline_is_a_timeout(self, way: str) -> None:
        """The clock of the whole call, not of one read."""
        with self.server("text", hang=True) as server:
            error = self.fails(server, way, timeout=0.3)
        assert isinstance(error, _errors.TimeoutError), repr(error)

    @pytest.mark.parametrize("way", ["stream", "async stream"])
    def test_leaving_a_stream_closes_its_connection(self, way: str) -> None:
        """What nobody reads is paid for all the same."""
        with self.server("text", hang_after_first=True) as server:
            self.leave(server, way)
            assert server.received[0].hung_up(5), "The server still sends to nobody."

    def test_redirects_are_not_followed(self) -> None:
        """A redirect would carry the key to another host."""
        self._needs_address()
        with (
            LoopbackServer(lambda received: HTTPAnswer({})) as other,
            LoopbackServer(
                lambda received: HTTPAnswer({}, 307, {"location": f"{other.url}/elsewhere"})
            ) as server,
        ):
            for way in WAYS:
                self.fails(server, way)
            assert other.received == [], "The request followed a redirect to another host."

    def test_the_environment_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two users of one process must not pay for each other."""
        prefix = (self.provider.spec.key_variable or "X_API_KEY").removesuffix("_API_KEY")
        for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "ORG_ID", "PROJECT_ID", "API_BASE"):
            monkeypatch.setenv(f"{prefix}_{name}", f"http://127.0.0.1:9/environment-{name}")
        monkeypatch.setenv(f"{prefix}_CUSTOM_HEADERS", "X-Canary: environment")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        with self.server("text") as server:
            for way in ("chat", "async stream"):
                assert self.ask(server, way).data == TEXT
            for received in server.received:
                wire = f"{received.path} {received.headers} {received.body!r}".lower()
                assert "environment" not in wire

    # How it asks

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
        return without(request, spec.lacks)

    def encode(self, request: ChatRequest) -> Call:
        """The provider's call, with what the core has recorded before it."""
        call = self.provider().encode(request)
        return Call(
            call.operation,
            call.arguments,
            request.adaptations + tuple(call.adaptations),
            call.headers,
        )

    def server(
        self,
        name: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        pieces: int | None = None,
        broken: bool = False,
        hang: bool = False,
        hang_after_first: bool = False,
    ) -> LoopbackServer:
        """A server that gives the recorded answer, or misbehaves as told."""
        self._needs_address()
        for suffix in ("json",) if name == "error" else ("json", "stream"):
            assert self._file(name, suffix).is_file(), self._wanted(name, suffix)

        def respond(received: Received) -> HTTPAnswer:
            stream = status == 200 and self.is_stream(received)
            body = self._bytes(name, "stream" if stream else "json") if raw is None else raw
            kind = _STREAM_TYPES[self.stream_format] if stream and raw is None else _JSON
            if raw is not None and raw.startswith(b"<"):
                kind = "text/html"
            sent = {"content-type": kind, "x-request-id": "req_contract",
                    "request-id": "req_contract", **(headers or {})}  # fmt: skip
            if hang:
                received.hung_up(10)
            if broken:
                return HTTPAnswer(_break(body[:10]), status, sent)
            if hang_after_first:
                return HTTPAnswer(_stall(body, received), status, sent)
            if pieces is not None:
                return HTTPAnswer(_cut(body, pieces), status, sent)
            return HTTPAnswer(body, status, sent)

        return LoopbackServer(respond)

    def is_stream(self, received: Received) -> bool:
        """Whether a request asks for a stream: by its path, a field of its body, or a header.

        Override it for a vendor that says it in another way.
        """
        plain, stream = (self.encode(self.request(HELLO, stream=s)) for s in (False, True))
        if plain.operation != stream.operation:
            ends = [received.path.endswith(call.operation) for call in (plain, stream)]
            holds = [call.operation.partition("?")[0] in received.path for call in (plain, stream)]
            for is_plain, is_stream in (ends, holds):
                if is_plain != is_stream:
                    return is_stream
        marks = _differences(plain.arguments, stream.arguments)
        headers = _differences(plain.headers, stream.headers)
        body = received.json if received.body else {}
        if not marks and not headers:  # the connection says so itself
            return bool(body.get("stream"))
        sent = received.headers
        return all(body.get(name) == value for name, value in marks.items()) and all(
            sent.get(name.lower()) == value for name, value in headers.items()
        )

    def ask(self, server: LoopbackServer | None, way: str, **options: Any) -> Any:
        """The response to the same question, in one of the four ways.

        `server` is `None` for a provider that has no address.
        """
        client, arguments = self._client_arguments(server, options)
        if way.startswith("async"):
            return asyncio.run(self._aask(client, way, arguments))
        with _client.Client(**client) as caller:
            answer: Any = caller.chat(HELLO, **arguments, stream=way == "stream")
            if way == "chat":
                return answer
            for _ in answer:
                pass
            return answer.response

    async def _aask(self, client: dict[str, Any], way: str, *calls: dict[str, Any]) -> Any:
        """The response to the last call."""
        answer: Any = None
        async with _client.AsyncClient(**client, **self.async_client) as caller:
            for arguments in calls:
                answer = await caller.chat(HELLO, **arguments, stream="stream" in way)
                if "stream" in way:
                    async for _ in answer:
                        pass
                    answer = answer.response
        return answer

    def leave(self, server: LoopbackServer, way: str) -> None:
        """Read one chunk of a stream and go; in async, by a task that is cancelled."""
        # The server is silent for longer than this after the first events: they must not wait.
        client, arguments = self._client_arguments(server, {"timeout": 5})
        if way == "stream":
            with (
                _client.Client(**client) as caller,
                caller.chat(HELLO, **arguments, stream=True) as stream,
            ):
                next(iter(stream))
            return

        async def run() -> None:
            begun = asyncio.Event()
            async with _client.AsyncClient(**client, **self.async_client) as caller:

                async def read() -> None:
                    async for _ in await caller.chat(HELLO, **arguments, stream=True):
                        begun.set()

                task = asyncio.create_task(read())
                await asyncio.wait_for(begun.wait(), 5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(run())

    def fails(self, server: LoopbackServer, way: str, **options: Any) -> IndoxError:
        """The error of a call that must fail."""
        try:
            response = self.ask(server, way, **options)
        except IndoxError as error:
            return error
        pytest.fail(f"{way}: answered {response.data!r} and did not fail.")

    def _client_arguments(
        self, server: LoopbackServer | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        name = self.provider.spec.name
        config: dict[str, Any] = {} if server is None else {"base_url": server.url + self.base_path}
        if self.provider.spec.key_variable is not None:
            config["api_key"] = CANARY
        if server is not None:
            config["headers"] = {"x-canary": "canary-header"}
        client = {"providers": {name: config}, "plugins": [_Hook(self.provider)]}
        arguments = {"model": f"{name}/{self.model}", "max_retries": 0, "timeout": 20}
        return client, {**arguments, **self.options, **options}

    # What is recorded

    def _file(self, name: str, suffix: str) -> Path:
        return self.recorded / f"{name}.{self.stream_format if suffix == 'stream' else suffix}"

    def _bytes(self, name: str, suffix: str) -> bytes:
        sent = CANARY if self.provider.spec.key_variable is not None else "no-key"
        return self._file(name, suffix).read_bytes().replace(b"KEY", sent.encode())

    def _body(self, name: str) -> Any:
        if not self._file(name, "json").is_file():
            return None
        return json.loads(self._bytes(name, "json"))

    def _events(self, name: str) -> list[Any] | None:
        """The events of a recorded stream; `None` if there is none."""
        if not self._file(name, "stream").is_file():
            return None
        parser = SSEParser() if self.stream_format == "sse" else LineParser()
        return [*parser.feed(self._bytes(name, "stream")), *parser.close()]

    def _decode(self, body: Any) -> Reply:
        operation = self.encode(self.request(HELLO)).operation
        reply = self.provider().decode(copy.deepcopy(body), operation)
        assert isinstance(reply, Reply), f"decode() must return a Reply, not {type(reply)}."
        return reply

    def _fold(self, events: list[Any]) -> Fold:
        operation = self.encode(self.request(HELLO, stream=True)).operation
        decoder = self.provider().decoder(operation)
        fold = Fold()
        for event in copy.deepcopy(events):
            for ours in decoder.push(event):
                fold.add(ours)
            if decoder.finished:
                break
        for ours in decoder.finish():
            fold.add(ours)
        return fold

    def _replies(self, scenario: Scenario) -> list[Reply]:
        body, events = self._body(scenario.name), self._events(scenario.name)
        replies = [] if body is None else [self._decode(body)]
        if events is not None:
            fold = self._fold(events)
            assert fold.ended, f"{scenario.name}.sse ends without the vendor's end signal."
            replies.append(fold.reply())
        return replies

    def _check(self, scenario: Scenario, reply: Reply) -> None:
        about = f"recorded/{scenario.name} is {scenario.about}"
        finish = reply.first.finish
        if "finish_reasons" not in self.provider.spec.lacks:
            assert finish.unified in scenario.finish, f"{about}; read: {finish}."
        if scenario.raw_finish is not None:
            assert finish.raw == scenario.raw_finish, f"The vendor's own word is lost: {finish}."
        if scenario.name != "refusal":
            assert text_of(reply.parts) == scenario.text, (
                f"{about}; read: {text_of(reply.parts)!r}."
            )
        thoughts = [p.text for p in reply.parts if isinstance(p, ReasoningPart) and p.text]
        assert ("\n\n".join(thoughts) or None) == scenario.reasoning, f"{about}; read: {thoughts}."
        calls = _calls(reply)
        read = tuple((call.name, call.arguments) for call in calls)
        assert read == scenario.calls, f"{about}; read: {read}."
        assert len({call.id for call in calls}) == len(calls), "Two calls have the same id."
        assert all(call.id for call in calls), "A call has no id; make one up (MADE_UP_CALL)."
        if scenario.arguments_raw is not None:
            assert calls[0].arguments_raw == scenario.arguments_raw
        self._check_usage(scenario, reply)
        if scenario.cited is not None:
            assert scenario.cited in [citation.url for citation in reply.citations]

    def _check_usage(self, scenario: Scenario, reply: Reply) -> None:
        if "usage" in self.provider.spec.lacks:
            return
        usage = reply.usage
        tokens = (None, None) if usage is None else (usage.input, usage.output)
        assert tokens == scenario.tokens, (
            f"recorded/{scenario.name}: {scenario.tokens} tokens read and written (cached ones and "
            f"reasoning included), not {tokens}."
        )
        if usage is not None:
            assert (usage.cache_read or 0) == scenario.cache_read
            assert (usage.web_searches or 0) == scenario.searches

    def _wanted(self, name: str, suffix: str) -> str:
        about = {scenario.name: scenario.about for scenario in SCENARIOS}.get(
            name, "a refusal that says no more than its status"
        )
        missing = self._file(name, suffix).name
        return f"recorded/{missing} is missing. In your vendor's shape it says: {about}."

    def _skip_or_fail(self, scenario: Scenario) -> None:
        name, lacking = self.provider.spec.name, scenario.capability in self.provider.spec.lacks
        if lacking:
            pytest.skip(f"{name} lacks {scenario.capability} (spec.lacks)")
        if not scenario.required:
            pytest.skip(f"no recorded/{scenario.name}.json or .sse: {name} does not say that")
        pytest.fail(self._wanted(scenario.name, "json"))

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

    def _tool_turn(self, ids: tuple[str, str] = ("call00001", "call00002")) -> list[Any]:
        calls = [
            {"type": "tool_call", "id": identifier, "name": "get_weather", "arguments": where}
            for identifier, where in zip(ids, ({"city": "Paris"}, {"city": "Rome"}), strict=True)
        ]
        said = {"type": "text", "text": "canary-said"}
        return [
            {"role": "assistant", "content": [said, *calls]},
            {"role": "tool", "tool_call_id": ids[0], "content": "21 degrees"},
            {"role": "tool", "tool_call_id": ids[1], "content": "25 degrees"},
        ]


class _Hook:
    """Hands the tested class over as a plugin, whatever is installed."""

    def __init__(self, provider: type[Provider]) -> None:
        from indox_core._plugins import hookimpl

        self.indox_provider = hookimpl(lambda: provider)


def _calls(reply: Reply) -> list[ToolCallPart]:
    return [part for part in reply.parts if isinstance(part, ToolCallPart)]


def _place_of(wanted: Any, value: Any) -> tuple[Any, ...] | None:
    """Where a value stands in JSON data."""
    if value == wanted:
        return ()
    items: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        place = _place_of(wanted, item)
        if place is not None:
            return (key, *place)
    return None


def _at(place: tuple[Any, ...], value: Any) -> Any:
    for step in place:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _differences(plain: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in other.items() if plain.get(name) != value}


def _wire(call: Call) -> list[Any]:
    """Everything that a call puts on the wire: a GET says it in its path."""
    path, _, query = call.operation.partition("?")
    return [unquote(path), [list(pair) for pair in parse_qsl(query)], call.arguments,
            dict(call.headers)]  # fmt: skip


def _sent(call: Call) -> str:
    return json.dumps(_wire(call))


def _nodes(value: Any) -> Iterator[Any]:
    """Everything in JSON data: containers, keys and plain values."""
    yield value
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _nodes(item)


def _values(value: Any) -> Iterator[Any]:
    """Every key and every plain value in JSON data."""
    return (item for item in _nodes(value) if not isinstance(item, dict | list | tuple))


def _means(value: Any, wanted: dict[str, Any]) -> bool:
    """Whether a value is that object, or its JSON text."""
    if not isinstance(value, str):
        return bool(value == wanted)
    try:
        return bool(json.loads(value) == wanted)
    except ValueError:
        return False


def _strings(value: Any) -> Iterator[str]:
    return (item for item in _values(value) if isinstance(item, str) and len(item) > 3)


def _with_unknown_fields(value: Any) -> Any:
    """The same JSON with a field in every object that no vendor has yet."""
    if isinstance(value, dict):
        known = {key: _with_unknown_fields(item) for key, item in value.items()}
        return {**known, "indox_unknown": {"new": [1]}}
    if isinstance(value, list):
        return [_with_unknown_fields(item) for item in value]
    return value


def _holds_no_key(error: IndoxError) -> None:
    shown = f"{error!r} {error} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    assert CANARY not in shown, "The key stands in an error."
    assert CANARY.encode() not in pickle.dumps(error), "The key stands in a pickled error."
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 # our own bytes


def _break(beginning: bytes) -> Iterator[bytes]:
    yield beginning
    raise ConnectionAbortedError


def _stall(body: bytes, received: Received) -> Iterator[bytes]:
    """The body without its end, then nothing until the client is gone."""
    lines = body.split(b"\n\n")
    yield b"\n\n".join(lines[: max(len(lines) - 2, 1)]) + b"\n\n"
    received.hung_up(10)


def _cut(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
