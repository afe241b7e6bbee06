"""The command that holds the tables of models against a public list finds what differs."""

import json

import pytest
from vendors import model_facts

from indox_core import Client

THINKS = {"supports_reasoning": True, "supports_max_reasoning_effort": True}
LATE = {"supports_mid_conversation_system": True}
# What is looked at, a model, what a list says of it, and what the command finds.
LISTED = [
    ("_efforts", "claude-opus-4-6", THINKS, set()),
    ("_efforts", "claude-opus-4-8", THINKS, {"the effort xhigh"}),
    ("_efforts", "claude-opus-4-6", {**THINKS, "supports_xhigh_reasoning_effort": True},
     {"the effort xhigh is changed"}),
    ("_efforts", "claude-opus-4-6",
     {"supports_reasoning": True, "reasoning_effort_levels": ["none", "low", "high", "max"]},
     {"an effort that is not among the levels"}),
    ("_efforts", "claude-opus-4-6", {"supports_reasoning": False},
     {"an effort, where of reasoning the list says no"}),
    ("_thinking", "claude-opus-5-5", {"thinking_always_on": True}, set()),
    ("_thinking", "claude-sonnet-5", {"thinking_always_on": True},
     {"thinking is disabled where it is always on"}),
    ("_messages", "claude-haiku-4-5", {"supports_assistant_prefill": True}, set()),
    ("_messages", "claude-haiku-4-5", {"supports_assistant_prefill": False}, {"a prefill"}),
    ("_messages", "claude-opus-5", {**LATE, "supports_assistant_prefill": True},
     {"a prefill is refused"}),
    ("_messages", "claude-opus-5", LATE, set()),
    ("_messages", "claude-opus-5", {}, {"a late system message"}),
    ("_messages", "claude-sonnet-5", LATE, {"a late system message is moved"}),
    ("_abilities", "claude-haiku-4-5", {"supports_function_calling": False}, {"function_calling"}),
    ("_abilities", "claude-haiku-4-5", {"supports_sampling_params": False}, {"sampling_params"}),
    ("_abilities", "claude-opus-5", {"supports_sampling_params": False}, set()),
    ("_abilities", "claude-haiku-4-5", {"supports_response_schema": False}, {"response_schema"}),
    ("_abilities", "claude-3-haiku-20240307", {"supports_response_schema": True},
     {"response_schema is refused"}),
    ("_abilities", "claude-haiku-4-5", {"supports_vision": False}, {"vision"}),
    ("_abilities", "claude-haiku-4-5", {"max_output_tokens": 4096},
     {"more tokens than it writes"}),
    ("_abilities", "claude-haiku-4-5", {"max_output_tokens": 64000}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("check", "name", "flags", "kinds"), LISTED)
def test_what_a_list_says_otherwise_is_found(check, name, flags, kinds):
    with Client(providers={"anthropic": {"api_key": "unused"}}) as client:
        model = model_facts.Model(client, f"anthropic/{name}", flags)
        assert {kind for kind, _ in getattr(model_facts, check)(model)} == kinds


def test_the_report_counts_apart_what_the_vendors_page_explains(tmp_path, capsys):
    flags = {**THINKS, **LATE, "supports_xhigh_reasoning_effort": True}
    listed = {"anthropic": {"claude-sonnet-5": flags, "claude-opus-4-7": flags}}
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"models": listed}))
    model_facts.main([str(path)])
    told = capsys.readouterr().out
    assert "   2  anthropic: a late system message is moved" in told
    assert "/build-with-claude/mid-conversation-system-messages" in told
    assert told.endswith(
        "1 differences in 1 kinds\n1 more where the vendor's page says otherwise\n"
    )


def test_claude_is_sent_nothing_that_a_public_list_denies_and_no_page_explains(shared):
    listed = json.loads((shared / "model-facts.json").read_text())["models"]["anthropic"]
    found = model_facts.differences({"anthropic": listed})
    assert [one for one in found if not one.page] == []
