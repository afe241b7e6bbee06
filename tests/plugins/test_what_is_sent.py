"""What every translator sends is valid by its SDK's own types, also of others' conversations."""

from __future__ import annotations

import itertools
import re

import pytest
from anthropic.types import message_create_params
from google.genai import types as google_types
from mistralai.client import models as mistral_models
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from plugins_openai import _PARTS, _TOOL, _USER, City, _b64
from servers.conform import problems

from indox_core import Message, UnsupportedFeatureError, ValidationError
from indox_core._registry import Registry
from indox_core._request import read_request
from indox_core.plugin import Call

MODELS = {
    "openai": ("gpt-5-mini", "gpt-4o-mini"),
    "anthropic": ("claude-sonnet-5", "claude-sonnet-4-5", "claude-3-haiku-20240307"),
    "google": ("gemini-3-pro-preview", "gemini-2.5-flash", "gemini-2.0-flash"),
    "mistral": ("mistral-large-latest",),
}
REGISTRY = Registry()


def encode(provider, model, messages, stream=False, **options) -> Call:
    spec = REGISTRY.provider(provider).spec
    request = read_request(messages, provider, model, spec.base_url, stream, options, spec.options)
    return REGISTRY.provider(provider).encode(request)


def openai_problems(call, stream):
    kind = "Streaming" if stream else "NonStreaming"
    if call.operation == "responses":
        params = getattr(response_create_params, f"ResponseCreateParams{kind}")
    else:
        params = getattr(completion_create_params, f"CompletionCreateParams{kind}")
    return problems(call.arguments, params)


def anthropic_problems(call, stream):
    # Older models take these under the older API version, which the SDK no longer types.
    older = ("temperature", "top_p") if "anthropic-version" in call.headers else ()
    body = {name: value for name, value in call.arguments.items() if name not in older}
    kind = "Streaming" if stream else "NonStreaming"
    return problems(body, getattr(message_create_params, f"MessageCreateParams{kind}"))


def google_problems(call, stream):
    body = dict(call.arguments)
    assert ("streamGenerateContent" in call.operation) is stream
    for content in body.pop("contents"):
        google_types.Content.model_validate(content)
    config = {**body.pop("generationConfig", {}), **body}
    google_types.GenerateContentConfig.model_validate(config)  # refuses unknown keys
    return []


def mistral_problems(call, stream):
    request = mistral_models.ChatCompletionRequest
    cls = mistral_models.ChatCompletionStreamRequest if stream else request
    names = {field.alias or name for name, field in cls.model_fields.items()}
    cls.model_validate(call.arguments)
    return [name for name in call.arguments if name not in names]


CHECKS = {
    "openai": openai_problems,
    "anthropic": anthropic_problems,
    "google": google_problems,
    "mistral": mistral_problems,
}

CALLS = [
    {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}},
    {"type": "tool_call", "id": "call|2/x", "name": "f", "arguments": {}},
]
TOOLS = [
    {"role": "user", "content": "Go"},
    {"role": "assistant", "content": [{"type": "text", "text": "I call f."}, *CALLS]},
    {"role": "tool", "tool_call_id": "c1", "content": "42"},
    {"role": "tool", "tool_call_id": "call|2/x", "content": '{"b": 2}'},
    {"role": "user", "content": "And?"},
]
AUDIO = {"type": "audio", "audio": {"data": _b64(b"ID3")}}
URL = {"type": "document", "document": {"url": "https://example.org/a.pdf"}}
CASES = {
    "text": ([_USER], {}),
    "systems": ([*({"role": "system", "content": text} for text in "AB"), _USER], {}),
    "late-system": ([_USER, {"role": "system", "content": "Now terse."}, _USER], {}),
    "same-role": ([_USER, _USER], {}),
    "empty-text": ([_USER, {"role": "assistant", "content": ""}, _USER], {}),
    "named": ([{**_USER, "name": "ann"}], {}),
    "parts": ([{"role": "user", "content": _PARTS}], {}),
    "document-url": ([{"role": "user", "content": [URL]}], {}),
    "audio": ([{"role": "user", "content": [AUDIO]}], {}),
    "tools": (TOOLS, {"tools": [_TOOL]}),
    "function-role": ([_USER, {"role": "function", "name": "f", "content": "42"}, _USER], {}),
    "image-result": ([_USER, {"role": "tool", "name": "f", "content": _PARTS[:2]}, _USER], {}),
    "choice-none": ([_USER], {"tools": [_TOOL], "tool_choice": "none"}),
    "choice-required": ([_USER], {"tools": [_TOOL], "tool_choice": "required"}),
    "choice-name": ([_USER], {"tools": [_TOOL], "tool_choice": "f", "parallel_tool_calls": False}),
    "schema": ([_USER], {"response_schema": City}),
    "sampling": ([_USER], {"temperature": 0.5, "top_p": 0.9, "seed": 7}),
    "limits": ([_USER], {"max_tokens": 2000, "stop": ["END"]}),
    "search": ([_USER], {"web_search": True}),
    "cache": ([_USER], {"cache": "1h"}),
    "metadata": ([_USER], {"metadata": {"user_id": "u", "b": "c"}}),
    **{
        f"effort-{effort}": ([_USER], {"reasoning_effort": effort})
        for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    },
}  # fmt: skip
REFUSED = {
    ("openai", "limits"),  # a reasoning model takes no stop
    ("anthropic", "audio"),
    ("mistral", "search"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("provider", MODELS)
def test_every_body_is_valid_by_the_sdks_own_types(provider, case, stream):
    messages, options = CASES[case]
    for model in MODELS[provider]:
        try:
            call = encode(provider, model, messages, stream, **options)
        except UnsupportedFeatureError:
            assert (provider, case) in REFUSED
        else:
            assert CHECKS[provider](call, stream) == []


@pytest.mark.parametrize("provider", MODELS)
def test_a_users_empty_text_keeps_its_turn(provider):
    call = encode(provider, MODELS[provider][0], [{"role": "user", "content": ""}])
    turns = next(
        call.arguments[key] for key in ("messages", "contents", "input") if key in call.arguments
    )
    assert [turn["role"] for turn in turns] == ["user"]
    assert not [one for one in call.adaptations if one.kind == "dropped"]


@pytest.mark.parametrize("provider", ["anthropic", "google"])
def test_a_lone_system_message_is_refused_where_the_vendor_needs_a_turn(provider):
    with pytest.raises(ValidationError, match="at least one user or assistant message"):
        encode(provider, MODELS[provider][0], [{"role": "system", "content": "Be brief."}])


@pytest.mark.parametrize("provider", MODELS)
def test_the_check_itself_finds_what_is_wrong(provider):
    call = encode(provider, MODELS[provider][0], [_USER])
    call.arguments["no_such_field"] = 1
    try:
        found = str(CHECKS[provider](call, False))
    except ValueError as error:  # a pydantic error
        found = str(error)
    assert "no_such_field" in found


# Answers with reasoning and a tool call, as each vendor gives them.
SIGNED = {
    "openai": {
        "object": "response",
        "status": "completed",
        "output": [
            {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "gAAA"},
            {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'},
        ],
    },
    "anthropic": {
        "type": "message",
        "stop_reason": "tool_use",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
    },
    "google": {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "hm", "thought": True},
                        {
                            "functionCall": {"name": "f", "args": {"a": 1}},
                            "thoughtSignature": "c2ln",
                        },
                    ]
                },
                "finishReason": "STOP",
            }
        ]
    },
    "mistral": {
        "object": "chat.completion",
        "choices": [
            {
                "message": {
                    "content": [
                        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                        {"type": "text", "text": "I call f."},
                    ],
                    "tool_calls": [
                        {"id": "abcdefghi", "function": {"name": "f", "arguments": '{"a":1}'}}
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
    },
}


def conversation(provider):
    """Three turns, kept as JSON between them."""
    reply = REGISTRY.provider(provider).decode(SIGNED[provider])
    answer = Message(role="assistant", content=reply.parts)
    result = {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "42"}
    return [_USER, answer.model_dump(mode="json"), result, _USER]


@pytest.mark.parametrize("provider", MODELS)
def test_reasoning_goes_back_to_its_vendor_unchanged(provider):
    model = MODELS[provider][0]
    call = encode(provider, model, conversation(provider), tools=[_TOOL])
    assert CHECKS[provider](call, False) == []
    assert [item for item in call.adaptations if item.kind in ("dropped", "renamed")] == []
    sent = str(call.arguments)
    kept = {"openai": "gAAA", "anthropic": "c2ln", "google": "c2ln", "mistral": "'hm'"}
    assert kept[provider] in sent


@pytest.mark.parametrize("provider", MODELS)
def test_calls_without_ids_stay_apart_over_turns(provider):
    part = {"functionCall": {"name": "f", "args": {}}}
    body = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
    messages = [_USER]
    for _ in range(2):
        reply = REGISTRY.provider("google").decode(body)
        answer = Message(role="assistant", content=reply.parts)
        result = {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "42"}
        messages += [answer, result]
    call = encode(provider, MODELS[provider][0], messages, tools=[_TOOL])
    assert CHECKS[provider](call, False) == []
    sent = str(call.arguments)
    ids = re.findall(r"'(?:tool_use_id|tool_call_id|call_id)': '([^']+)'", sent)
    calls = {"google": 0, "openai": 4}.get(provider, 2)  # OpenAI's calls and results both say it
    assert len(ids) == calls
    assert len(set(ids)) == (0 if provider == "google" else 2)


@pytest.mark.parametrize("provider", ["anthropic", "google"])
def test_arguments_that_are_no_object_are_recorded_where_they_cannot_go(provider):
    call = {"id": "abcdefghi", "function": {"name": "f", "arguments": "{broken"}}
    result = {"role": "tool", "tool_call_id": "abcdefghi", "content": "bad arguments"}
    messages = [_USER, {"role": "assistant", "content": None, "tool_calls": [call]}, result]
    sent = encode(provider, MODELS[provider][0], messages, tools=[_TOOL])
    assert "messages.1.content.0.arguments_raw" in [item.path for item in sent.adaptations]


def test_a_failed_tools_object_is_told_from_a_result_at_google():
    call = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "a", "content": '{"code": 3}', "is_error": True}
    messages = [_USER, {"role": "assistant", "content": None, "tool_calls": [call]}, result]
    sent = encode("google", "gemini-2.5-flash", messages, tools=[_TOOL]).arguments
    response = sent["contents"][-1]["parts"][0]["functionResponse"]["response"]
    assert response == {"error": {"code": 3}}


@pytest.mark.parametrize(("origin", "target"), [*itertools.permutations(MODELS, 2)])
def test_a_conversation_moves_to_another_vendor_and_every_loss_is_recorded(origin, target):
    for model in MODELS[target]:
        call = encode(target, model, conversation(origin), tools=[_TOOL])
        assert CHECKS[target](call, False) == []
        sent = str(call.arguments)
        for secret in ("gAAA", "c2ln"):
            assert secret not in sent
        lost = [item.path for item in call.adaptations if item.kind == "dropped"]
        assert any(path.startswith("messages.1.content.") for path in lost)
        assert "42" in sent


def test_what_is_counted_is_valid_too():
    from anthropic.types import message_count_tokens_params as anthropic_count
    from openai.types.responses import input_token_count_params as openai_count

    for provider, name, params in (
        ("openai", "gpt-5-mini", openai_count.InputTokenCountParams),
        ("anthropic", "claude-sonnet-4-5", anthropic_count.MessageCountTokensParams),
    ):
        spec = REGISTRY.provider(provider).spec
        for messages, options in (CASES["tools"], CASES["systems"], CASES["effort-high"]):
            request = read_request(
                messages, provider, name, spec.base_url, False, options, spec.options
            )
            call = REGISTRY.provider(provider).count_call(request)
            assert problems(call.arguments, params) == []
