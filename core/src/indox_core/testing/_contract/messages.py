"""What is sent of a conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from indox_core import ProviderState, ReasoningPart, TextPart
from indox_core.plugin import Message
from indox_core.testing._scenarios import SCENARIOS

from .recordings import Recordings
from .samples import HELLO, PARTS, TEXTS, WEATHER, spoken
from .subject import Recorder
from .tree import leaves, same, strings, wire, wire_text


class Messages(Recordings):
    """What is sent of a conversation"""

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
        sent = wire_text(call)
        places = [sent.find(text) for text in texts]
        missing = [text for text, place in zip(texts, places, strict=True) if place < 0]
        assert not missing, f"{missing} is nowhere in the call: every message must arrive."
        assert places[1:] == sorted(places[1:]), "The messages arrive in another order."

    @pytest.mark.parametrize("kind", TEXTS)
    @pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
    def test_a_text_arrives_as_it_is(self, role: str, kind: str) -> None:
        """Trimmed, shortened, escaped or normalised, it is another text."""
        if role == "tool":
            self._needs("tools")
        text = TEXTS[kind]
        options: dict[str, Any] = {"tools": [WEATHER]} if role == "tool" else {}
        call = self.encode(self.request(spoken(role, text), **options))
        arrived = any(isinstance(leaf, str) and text in leaf for leaf in leaves(wire(call)))
        told = any(item.path.startswith("messages") for item in call.adaptations)
        assert arrived or told, f"{kind}: the text of the {role} is not in the call as it is."

    def test_roles_are_told_apart(self) -> None:
        """The same words mean something else from the system, the user and the model."""
        self._needs_address()
        before = {"role": "user", "content": "canary-before"}
        calls = {
            role: self.encode(
                self.request([before, {"role": role, "content": "canary-words"}, before])
            )
            for role in ("system", "user", "assistant")
        }
        first = {
            role: self.encode(self.request([{"role": role, "content": "canary-words"}, before]))
            for role in ("system", "user")
        }
        for one, other in (("system", "user"), ("system", "assistant"), ("user", "assistant")):
            recorded = len({calls[one].adaptations, calls[other].adaptations}) > 1
            assert not same(calls[one], calls[other]) or recorded, (
                f"A message of the {one} is sent like one of the {other}."
            )
        assert not same(first["system"], first["user"]) or first["system"].adaptations, (
            "A system message is sent like one of the user."
        )
        joined = [
            leaf for leaf in leaves(wire(first["system"]))
            if isinstance(leaf, str) and "canary-words" in leaf and "canary-before" in leaf
        ]  # fmt: skip
        assert not joined or first["system"].adaptations, (
            "The system's text is put into the user's, and no adaptation says so."
        )

    def test_several_system_messages_arrive(self) -> None:
        """Each is an instruction, also one in several parts."""
        parts = [{"type": "text", "text": f"canary-part-{number}-"} for number in range(2)]
        messages = [
            {"role": "system", "content": "canary-first-"},
            {"role": "system", "content": parts},
            *HELLO,
        ]
        call = self.encode(self.request(messages))
        sent = wire_text(call)
        places = [sent.find(f"canary-{name}-") for name in ("first", "part-0", "part-1")]
        assert -1 not in places, "A system message, or a part of one, is not sent."
        assert places == sorted(places), "The system messages arrive in another order."

    def test_a_long_conversation_arrives_whole(self) -> None:
        """What is left out or said once is missing in the answer, and nobody sees why."""
        messages = [
            {"role": ("user", "assistant")[number % 2], "content": f"canary-{number:03}-"}
            for number in range(61)
        ]
        again = {"role": "user", "content": "canary-again-"}
        messages += [{"role": "assistant", "content": "canary-yes-"}, again] * 3
        sent = wire_text(self.encode(self.request(messages)))
        places = [sent.find(f"canary-{number:03}-") for number in range(61)]
        assert -1 not in places, f"Message {places.index(-1)} of {len(messages)} is not sent."
        assert places == sorted(places), "The messages arrive in another order."
        assert sent.count("canary-again-") == sent.count("canary-yes-") == 3, (
            "What is said three times must be sent three times."
        )

    def test_a_late_system_message_keeps_its_place_or_is_recorded(self) -> None:
        """Instructions in mid-conversation mean something else at its beginning."""
        messages = [
            {"role": "user", "content": "canary-one"},
            {"role": "system", "content": "canary-late"},
            {"role": "user", "content": "canary-two"},
        ]
        call = self.encode(self.request(messages))
        sent = wire_text(call)
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
        assert "canary-name" in wire_text(call) or recorded, (
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

    @pytest.mark.parametrize("kind", PARTS)
    def test_media_arrive_or_are_refused(self, record_property: Recorder, kind: str) -> None:
        """An image that is left out in silence gives an answer about nothing."""
        capability, part, data = PARTS[kind]
        text = {"type": "text", "text": "canary-text"}
        messages = [{"role": "user", "content": [text, part, part]}]
        call = self._asked(record_property, kind, capability, messages)
        if call is not None:
            sent = wire_text(call)
            assert sent.count(data) == 2, f"Two {kind} were given, {sent.count(data)} arrive."
            assert "canary-text" in sent, "The text beside the media is lost."

    def test_another_image_is_another_call(self) -> None:
        """By data or by address, in order, with its type."""
        self._needs("images")
        data = PARTS["images"][1]
        words = {"type": "text", "text": "canary"}
        linked = [{"type": "image", "image": {"url": f"https://example.org/{name}.png"}}
                  for name in ("one", "two")]  # fmt: skip
        contents = ([words, data], [data, words], [words, data, data], [words],
                    [words, linked[0]], [words, linked[1]], [*linked, words])  # fmt: skip
        calls = [self.attempt([{"role": "user", "content": list(parts)}]) for parts in contents]
        made = [call for call in calls if call is not None]
        for number, call in enumerate(made):
            for other in made[:number]:
                assert not same(call, other) or call.adaptations != other.adaptations, (
                    "Two requests with other images, or in another order, give the same call."
                )

    def test_foreign_state_is_left_out_and_recorded(self) -> None:
        """Another vendor's signature is refused by this one."""
        state = ProviderState(provider="elsewhere", data={"signature": "canary-foreign"})
        parts = (
            ReasoningPart(text="canary-thought", provider_state=state),
            TextPart(text="canary-answer"),
        )
        messages = [*HELLO, Message(role="assistant", content=parts), *HELLO]
        call = self.encode(self.request(messages))
        sent = wire_text(call)
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
                sent = wire_text(calls[0])
                for part in reply.parts:
                    for text in strings(part.provider_state.data if part.provider_state else {}):
                        assert json.dumps(text)[1:-1] in sent, (
                            f"{text!r} of the provider_state does not go back."
                        )
                lost = [item for item in calls[0].adaptations if item.kind == "dropped"]
                if all(part.provider_state or part.type != "reasoning" for part in reply.parts):
                    assert not lost, f"What the provider gave is left out: {lost}."
                if scenario.name == "reasoning":
                    self._shows(record_property, "reasoning in the next turn")
