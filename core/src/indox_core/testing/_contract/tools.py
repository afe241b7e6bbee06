"""What is sent of tools, their calls and their results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .samples import ARGUMENTS, HELLO, TOOLS, WEATHER, tool_turn
from .subject import Subject
from .tree import leaves, means, nodes, wire, wire_text


class Tools(Subject):
    """What is sent of tools"""

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

    def test_every_tool_arrives_as_it_is(self) -> None:
        """A schema or a description that is shortened makes the model call it wrongly."""
        self._needs("tools")
        call = self.encode(self.request(HELLO, tools=TOOLS))
        strings = [leaf for leaf in leaves(wire(call)) if isinstance(leaf, str)]
        found = list(nodes(wire(call)))
        told = {item.path for item in call.adaptations}
        for number, tool in enumerate(TOOLS):
            assert tool["name"] in strings, f"The tool {tool['name']} is not in the call."
            assert tool["description"] in strings, "A tool's description is not sent as it is."
            exact = any(means(node, tool["parameters"]) for node in found
                        if isinstance(node, dict | str) and str(tool["parameters"]["title"])
                        in str(node))  # fmt: skip
            changed = any(path.startswith((f"tools.{number}", "tools.*")) or path == "tools"
                          for path in told)  # fmt: skip
            assert exact or changed, (
                "The JSON schema of a tool's parameters is not sent as it is, and no adaptation "
                f"says so: {json.dumps(tool['parameters'])[:200]}"
            )
        places = [strings.index(tool["name"]) for tool in TOOLS]
        assert places == sorted(places), "The tools arrive in another order."

    def test_strict_tools_are_told_apart(self) -> None:
        """Arguments that must match the schema are another promise than arguments that should."""
        self._needs("tools")
        calls = [
            self.attempt(HELLO, tools=[{**WEATHER, "strict": strict}])
            for strict in (True, False, None)
        ]
        told = [call and (wire_text(call), call.adaptations) for call in calls]
        if told[0] == told[1] == told[2]:
            pytest.skip("strict of a tool says nothing: use it, or record tools.N.strict")
        assert told[0] != told[1], "strict=True and strict=False of a tool give the same call."

    @pytest.mark.parametrize(
        "ids",
        [("call00001", "call00002"), ("toolu_01A09q90qw90lq917835lq9", "call_UCA8y1-of.others")],
        ids=["nine letters", "others"],
    )
    def test_calls_and_results_go_back_as_pairs(self, ids: tuple[str, str]) -> None:
        """A result that cannot be told from another answers the wrong call."""
        self._needs("tools")
        call = self.encode(self.request([*HELLO, *tool_turn(ids)], tools=[WEATHER]))
        sent = wire_text(call)
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
            assert any(means(value, where) for value in nodes(wire(call))), (
                f"The arguments {where} of a call are in no place as an object or as its JSON text."
            )

    @pytest.mark.parametrize("text", [text for text, _, _ in ARGUMENTS if text])
    def test_arguments_go_back_as_they_were(self, text: str) -> None:
        """The model sees in the next turn what it has called, also where it was no JSON."""
        self._needs("tools")
        turn = tool_turn()
        wrong = {"id": "call00001", "type": "function",
                 "function": {"name": "get_weather", "arguments": text}}  # fmt: skip
        messages = [*HELLO, {"role": "assistant", "content": "x", "tool_calls": [wrong]}, turn[1]]
        call = self.attempt(messages, tools=[WEATHER])
        if call is None:
            return
        told = any(item.path.startswith("messages.1") for item in call.adaptations)
        arrived = any(_reads(node, text) for node in nodes(wire(call)))
        assert arrived or told, f"The arguments {text[:60]} are not sent back as they were."

    def test_each_result_answers_its_call(self) -> None:
        """Several results, each of several texts, one after the other."""
        self._needs("tools")
        turn = tool_turn()
        parts = [{"type": "text", "text": f"canary-{number}"} for number in range(3)]
        results = [
            {"role": "tool", "content": [
                {"type": "tool_result", "tool_call_id": identifier, "content": content}
                for identifier, content in (("call00001", parts), ("call00002", "25 degrees"))
            ]}
        ]  # fmt: skip
        call = self.attempt([*HELLO, turn[0], *results], tools=[WEATHER])
        if call is None:
            return
        sent = wire_text(call)
        for text in ("canary-0", "canary-1", "canary-2", "25 degrees"):
            assert text in sent, f"{text!r} of the results is not in the call."
        places = [sent.find(f"canary-{number}") for number in range(3)]
        assert places == sorted(places), "The texts of a result arrive in another order."

    def test_calls_alone_go_back(self) -> None:
        """A model that calls often says nothing beside; and it may call several times."""
        self._needs("tools")
        first, *results = tool_turn()
        alone = {**first, "content": first["content"][1:]}
        later = tool_turn(("call00003", "call00004"))
        call = self.encode(self.request([*HELLO, alone, *results, *later], tools=[WEATHER]))
        sent = wire_text(call)
        assert sent.count("21 degrees") == sent.count("25 degrees") == 2, "A result is lost."
        for text in ("Paris", "Rome"):
            assert sent.count(text) >= 2, f"A call for {text} is lost."

    def test_an_empty_result_stays_with_its_call(self) -> None:
        """Vendors refuse a conversation in which a call has no result."""
        self._needs("tools")
        turn = tool_turn()
        empty = [turn[0], {**turn[1], "content": ""}, turn[2]]
        call = self.encode(self.request([*HELLO, *empty], tools=[WEATHER]))
        assert wire_text(call).count('"call00001"') >= 2, (
            "The result that is empty has been left out."
        )

    def test_a_failed_tool_is_told_or_recorded(self) -> None:
        """The model must not take an error for an answer."""
        self._needs("tools")
        turn = tool_turn()
        good = self.encode(self.request([*HELLO, *turn], tools=[WEATHER]))
        bad = [turn[0], {**turn[1], "is_error": True}, turn[2]]
        call = self.encode(self.request([*HELLO, *bad], tools=[WEATHER]))
        recorded = len(call.adaptations) > len(good.adaptations)
        assert call.arguments != good.arguments or recorded


def _reads(node: Any, text: str) -> bool:
    """Whether that is what the model wrote: as it was, or another spelling of the same JSON."""
    if node == text:
        return True
    try:
        wanted = json.loads(text)
    except ValueError:
        return False
    return isinstance(node, dict | str | list) and means(node, wanted)
