"""What every translator sends is valid by its SDK's own types, also of others' conversations."""

from __future__ import annotations

import itertools
import re
from typing import Literal

import pytest
from anthropic.types import message_create_params
from encoding import REGISTRY, encode
from google.genai import types as google_types
from mistralai.client import models as mistral_models
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from plugins_openai import _PARTS, _TOOL, _USER, City, _b64
from pydantic import BaseModel, Field, RootModel
from servers.conform import problems

from indox_core import Message, UnsupportedFeatureError, ValidationError
from indox_core._schema.request import read_request

MODELS = {
    "openai": ("gpt-5-mini", "gpt-4o-mini"),
    "anthropic": ("claude-sonnet-5", "claude-sonnet-4-5", "claude-3-haiku-20240307"),
    "google": ("gemini-3-pro-preview", "gemini-2.5-flash", "gemini-2.0-flash"),
    "mistral": ("mistral-large-latest",),
}


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
    ("anthropic", "schema"),  # Claude 3 keeps to none, and does not search
    ("anthropic", "search"),
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


# What a vendor or model does not take, changed or left out, and said so.

RESULT = {"role": "tool", "tool_call_id": "c1", "content": "42"}
CALLED = {"role": "assistant", "content": CALLS[:1]}
LATE = [_USER, {"role": "assistant", "content": "Yes"}, {"role": "system", "content": "Now terse."}]


def recorded(call):
    return {(item.path, item.kind) for item in call.adaptations}


@pytest.mark.parametrize("text", ['{"mean": NaN}', "NaN", "12e4567", "1e5", "[1]", "text"])
def test_a_result_that_is_no_object_stays_text_at_google(text):
    turns = [_USER, CALLED, {**RESULT, "content": text}]
    call = encode("google", "gemini-2.5-flash", turns, tools=[_TOOL])
    response = call.arguments["contents"][-1]["parts"][0]["functionResponse"]["response"]
    assert response == {"result": text}


def test_mistral_gets_an_order_that_it_takes():
    call = encode("mistral", "mistral-small-latest", [*LATE, _USER])
    assert [m["role"] for m in call.arguments["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    assert ("messages.2", "moved") in recorded(call)
    call = encode("mistral", "mistral-small-latest", [_USER, CALLED, RESULT, _USER])
    assert [m["role"] for m in call.arguments["messages"]][-3:] == ["tool", "assistant", "user"]
    assert ("messages.3", "synthesised") in recorded(call)
    call = encode("mistral", "mistral-small-latest", LATE[:2])
    assert call.arguments["messages"][-1]["prefix"] is True
    assert ("messages.1.prefix", "synthesised") in recorded(call)


EFFORTS = [
    ("openai", "gpt-4o", "high", None),
    ("openai", "gpt-4o", "none", None),
    ("openai", "o3", "none", "low"),
    ("openai", "o3", "max", "high"),
    ("openai", "gpt-5", "none", "minimal"),
    ("openai", "gpt-5-pro", "low", "high"),
    ("openai", "gpt-5.1", "minimal", "none"),
    ("openai", "gpt-5.4", "xhigh", "xhigh"),
    ("openai", "gpt-6-astra", "none", "low"),
    ("openai", "gpt-9-new", "max", "high"),
    ("mistral", "mistral-large-latest", "high", None),
    ("mistral", "codestral-latest", "none", None),
    ("mistral", "mistral-medium-latest", "minimal", "none"),
    ("mistral", "mistral-medium-latest", "low", "none"),
    ("mistral", "mistral-medium-latest", "high", "high"),
]


@pytest.mark.parametrize(("provider", "model", "asked", "sent"), EFFORTS)
def test_an_effort_is_the_nearest_that_the_model_takes(provider, model, asked, sent):
    call = encode(provider, model, [_USER], reasoning_effort=asked)
    body = call.arguments
    assert body.get("reasoning_effort", body.get("reasoning", {}).get("effort")) == sent
    changed = any(path == "reasoning_effort" for path, _ in recorded(call))
    assert changed is (sent != asked and not (sent is None and asked == "none"))


def test_a_penalty_is_not_worth_another_api():
    penalty = {"provider_options": {"openai": {"presence_penalty": 0.5}}}
    call = encode("openai", "gpt-5.6", [_USER], tools=[_TOOL], reasoning_effort="high", **penalty)
    assert call.operation == "responses"
    assert ("provider_options.openai.presence_penalty", "dropped") in recorded(call)
    call = encode("openai", "gpt-4o", [_USER], web_search=True, **penalty)
    assert call.operation == "responses"
    assert encode("openai", "gpt-4o", [_USER], **penalty).operation == "chat.completions"


def test_claude_thinks_only_where_it_may():
    model, effort = "claude-sonnet-4-5", {"reasoning_effort": "high"}
    forced = encode("anthropic", model, [_USER], tools=[_TOOL], tool_choice="required", **effort)
    loop = encode("anthropic", model, [_USER, CALLED, RESULT], tools=[_TOOL], **effort)
    short = encode("anthropic", model, [_USER], max_tokens=500, **effort)
    for call in (forced, loop, short):
        assert "thinking" not in call.arguments
        assert ("reasoning_effort", "dropped") in recorded(call)
    call = encode("anthropic", model, [_USER], **effort)
    (limit,) = [item.after for item in call.adaptations if item.path == "max_tokens"]
    assert limit == call.arguments["max_tokens"] > call.arguments["thinking"]["budget_tokens"]


class Street(BaseModel):
    name: str = Field(pattern="^[A-Z]", min_length=2)
    kind: Literal["road"] = "road"


class Home(BaseModel):
    street: Street = Field(description="Where it is")
    again: Street | None = None
    numbers: dict[str, int] = {}


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


def schema_of(provider, model, schema):
    call = encode(provider, model, [_USER], response_schema=schema)
    body = call.arguments
    found = {
        "openai": lambda: body["text"]["format"],
        "anthropic": lambda: body["output_config"]["format"],
        "google": lambda: {"schema": body["generationConfig"]["responseJsonSchema"]},
        "mistral": lambda: body["response_format"]["json_schema"],
    }[provider]()
    return found["schema"], found.get("strict"), recorded(call)


def everywhere(schema):
    """Every schema within a schema."""
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            inner = value.values() if key in ("properties", "$defs") else [value]
            for one in inner:
                yield from everywhere(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from everywhere(one)


@pytest.mark.parametrize("schema", [Street, Tree])
def test_a_strict_schema_is_one_that_openai_takes(schema):
    wire, strict, changed = schema_of("openai", "gpt-5-mini", schema)
    assert strict is True
    assert wire["type"] == "object"
    assert any(path.endswith(".required") for path, _ in changed)
    for one in everywhere(wire):
        assert "$ref" not in one or set(one) == {"$ref"}
        if one.get("type") == "object":
            assert one["additionalProperties"] is False
            assert one["required"] == list(one["properties"])


def test_what_is_no_strict_schema_is_sent_as_a_loose_one():
    for schema in (Home, RootModel[list[int]], {"type": "array", "items": {}}):
        _, strict, changed = schema_of("openai", "gpt-5-mini", schema)
        assert strict is False
        assert ("response_schema.strict", "clamped") in changed
    tool = {"name": "f", "parameters": Street.model_json_schema(), "strict": True}
    call = encode("openai", "gpt-5-mini", [_USER], tools=[tool])
    assert call.arguments["tools"][0]["parameters"]["required"] == ["name", "kind"]


@pytest.mark.parametrize(
    ("provider", "model", "gone"),
    [
        ("google", "gemini-2.5-flash", {"pattern", "minLength", "default", "const"}),
    ],
)
def test_a_schemas_limits_are_said_where_they_cannot_be_set(provider, model, gone):
    wire, _, changed = schema_of(provider, model, Home)
    assert any(path.startswith("response_schema.json_schema") for path, _ in changed)
    for one in everywhere(wire):
        assert not gone & set(one)
        if provider != "google" and one.get("type") == "object":
            assert one["additionalProperties"] is False
        assert "$ref" not in one or all(key.startswith("$") for key in one)
    assert "minLength: 2" in wire["$defs"]["Street"]["properties"]["name"]["description"]


def test_what_is_left_out_is_recorded():
    image = {**_PARTS[1], "detail": "high"}
    document = {"type": "document", "document": {"data": _b64(b"%PDF-"), "name": "a.pdf"}}
    asked = [{"role": "user", "content": [image, document]}]
    call = encode("google", "gemini-2.5-flash", asked)
    assert {path for path, _ in recorded(call)} == {
        "messages.0.content.0.detail", "messages.0.content.1.document.name",
    }  # fmt: skip
    call = encode("anthropic", "claude-sonnet-5", asked)
    assert ("messages.0.content.0.detail", "dropped") in recorded(call)
    empty = [_USER, {"role": "assistant", "content": ""}, _USER]
    for provider, models in MODELS.items():
        call = encode(provider, models[0], empty)
        assert any(path.startswith("messages.1") for path, _ in recorded(call)), provider


def test_extra_body_is_laid_over_what_is_there():
    extra = {"generationConfig": {"logprobs": 2}}
    options = {"provider_options": {"google": {"extra_body": extra}}}
    call = encode("google", "gemini-2.5-flash", [_USER], max_tokens=9, **options)
    assert call.arguments["generationConfig"] == {"maxOutputTokens": 9, "logprobs": 2}
