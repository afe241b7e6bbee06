"""Each field that a caller sets is used, or an adaptation tells of it, or it is refused.

Every field is set to two values, one after the other: two calls that are the same, and no
adaptation that names the field, would be a wish that is lost in silence.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from encoding import REGISTRY, encode
from pydantic import TypeAdapter

from indox_core import ChatOptions, UnsupportedFeatureError

MODELS = [
    ("openai", "gpt-5-mini", {"api": "responses"}),
    ("openai", "gpt-4o-mini", {"api": "responses"}),
    ("openai", "gpt-5-mini", {"api": "chat"}),
    ("openai", "gpt-4o-mini", {"api": "chat"}),
    ("anthropic", "claude-sonnet-5", {}),
    ("anthropic", "claude-sonnet-4-5", {}),
    ("anthropic", "claude-3-haiku-20240307", {}),
    ("google", "gemini-3-pro-preview", {}),
    ("google", "gemini-2.5-flash", {}),
    ("google", "gemini-2.0-flash", {}),
    ("mistral", "mistral-large-latest", {}),
    ("mistral", "magistral-medium-latest", {}),
    ("groq", "llama-3.3-70b", {}),
    ("deepseek", "deepseek-chat", {}),
    ("perplexity", "sonar", {}),
    ("ollama", "llama3", {}),
    ("local", "smollm2", {}),
]


def data(first: bytes, second: bytes = b"") -> str:
    return base64.b64encode(first + second + bytes(16)).decode()


def user(**part: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "Look."}, part]}]


def image(**media: Any) -> list[dict[str, Any]]:
    return user(type="image", image=media)


def document(**media: Any) -> list[dict[str, Any]]:
    return user(type="document", document={"media_type": "application/pdf", **media})


def called(call: dict[str, Any], result: dict[str, Any]) -> list[dict[str, Any]]:
    call = {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}, **call}
    result = {"type": "tool_result", "tool_call_id": "c1",
              "content": [{"type": "text", "text": "42"}], **result}  # fmt: skip
    return [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": [call]},
        {"role": "tool", "content": [result]},
    ]


def tool(**fields: Any) -> dict[str, Any]:
    made = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
    return {"tools": [{**made, **fields}]}


def schema(**fields: Any) -> dict[str, Any]:
    made = {"name": "city", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    return {"response_schema": {"type": "json_schema", "json_schema": {**made, **fields}}}


PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
HELLO = [{"role": "user", "content": "Hello"}]
TWO_TOOLS = {"tools": [tool()["tools"][0], tool(name="g")["tools"][0]]}
ONE = [{"type": "text", "text": "1"}]
ANY = {"type": "object", "properties": {"b": {"type": "string"}}}
# What is set, where an adaptation would say so, and the two requests: messages and options.
MESSAGES = {
    "role": ("messages", [{"role": "system", "content": "Hello"}, *HELLO], [*HELLO, *HELLO]),
    "text": ("messages", HELLO, [{"role": "user", "content": "Bye"}]),
    "name": ("messages", [{**HELLO[0], "name": "Ann"}], [{**HELLO[0], "name": "Bob"}]),
    "image data": ("messages", image(data=data(PNG)), image(data=data(PNG, b"2"))),
    "image type": ("messages", image(data=data(PNG)), image(data=data(JPEG))),
    "image url": ("messages", image(url="https://x.org/1"), image(url="https://x.org/2")),
    "image detail": (
        "messages",
        user(type="image", image={"data": data(PNG)}, detail="low"),
        user(type="image", image={"data": data(PNG)}, detail="high"),
    ),
    "document data": ("messages", document(data=data(b"%PDF")), document(data=data(b"%PDF-1"))),
    "document name": (
        "messages",
        document(data=data(b"%PDF"), name="a.pdf"),
        document(data=data(b"%PDF"), name="b.pdf"),
    ),
    "document url": ("messages", document(url="https://x.org/1"), document(url="https://x.org/2")),
    "audio data": (
        "messages",
        user(type="audio", audio={"data": data(b"ID3"), "media_type": "audio/mpeg"}),
        user(type="audio", audio={"data": data(b"ID3", b"2"), "media_type": "audio/mpeg"}),
    ),
    "call name": ("messages", called({}, {}), called({"name": "g"}, {})),
    "call arguments": ("messages", called({}, {}), called({"arguments": {"a": 2}}, {})),
    "call text": (
        "messages.content.arguments_raw",
        called({"arguments": None, "arguments_raw": "{1"}, {}),
        called({"arguments": None, "arguments_raw": "{2"}, {}),
    ),
    "result": ("messages", called({}, {}), called({}, {"content": ONE})),
    "result image": (
        "messages",
        called({}, {"content": [{"type": "image", "image": {"data": data(PNG)}}]}),
        called({}, {"content": [{"type": "image", "image": {"data": data(PNG, b"2")}}]}),
    ),
    "result error": ("messages", called({}, {}), called({}, {"is_error": True})),
    "reasoning": (
        "messages",
        [*HELLO, {"role": "assistant", "content": [{"type": "reasoning", "text": "a"},
                                                   {"type": "text", "text": "b"}]}, *HELLO],
        [*HELLO, {"role": "assistant", "content": [{"type": "text", "text": "b"}]}, *HELLO],
    ),
}  # fmt: skip
OPTIONS = {
    "temperature": ({"temperature": 0.1}, {"temperature": 0.2}),
    "top_p": ({"top_p": 0.1}, {"top_p": 0.2}),
    "max_tokens": ({"max_tokens": 10}, {"max_tokens": 20}),
    "stop": ({"stop": "a"}, {"stop": "b"}),
    "seed": ({"seed": 1}, {"seed": 2}),
    "tools.name": (tool(), tool(name="g")),
    "tools.description": (tool(), tool(description="e")),
    "tools.parameters": (tool(), tool(parameters=ANY)),
    "tools.strict": (tool(), tool(strict=True, parameters={**ANY, "additionalProperties": False})),
    "tool_choice.mode": (
        {**tool(), "tool_choice": "none"},
        {**tool(), "tool_choice": "required"},
    ),
    "tool_choice.name": ({**TWO_TOOLS, "tool_choice": "f"}, {**TWO_TOOLS, "tool_choice": "g"}),
    "parallel_tool_calls": ({**tool(), "parallel_tool_calls": False}, tool()),
    "response_schema.json_schema": (schema(), schema(schema=ANY)),
    "response_schema.name": (schema(), schema(name="town")),
    "response_schema.strict": (schema(strict=True), schema(strict=False)),
    "reasoning_effort": ({"reasoning_effort": "low"}, {"reasoning_effort": "high"}),
    "cache": ({"cache": True}, {}),
    "cache.ttl": ({"cache": "5m"}, {"cache": "1h"}),
    "web_search": ({"web_search": True}, {}),
    "metadata": ({"metadata": {"user_id": "a"}}, {"metadata": {"user_id": "b"}}),
    "stream": ({"stream": True}, {}),
}
# A name that only labels what is there and that the API has no field for; and how the engine is
# asked to answer, where the plugin's connection has two methods for it.
LABELS = {
    ("anthropic", "response_schema.name"), ("google", "response_schema.name"),
    ("google", "document name"), ("local", "response_schema.name"), ("local", "stream"),
}  # fmt: skip


def made(provider: str, model: str, own: dict[str, Any], messages: Any, options: Any) -> Any:
    """The call, or `None` where it is refused before anything is sent."""
    options = {**options, **({"provider_options": {provider: own}} if own else {})}
    try:
        return encode(provider, model, messages, **options)
    except UnsupportedFeatureError:
        return None


def told(one: Any, two: Any, path: str) -> bool:
    """Whether the two calls differ, or one says what became of the field, or one was refused."""
    if one is None or two is None or one != two:
        return True
    where = {re.sub(r"\.\d+", "", item.path) for item in one.adaptations + two.adaptations}
    return any(f"{path}.".startswith(f"{name}.") for name in where)


@pytest.mark.parametrize(("provider", "model", "own"), MODELS)
def test_every_field_of_a_message(provider, model, own):
    lost = [
        field
        for field, (path, one, two) in MESSAGES.items()
        if (provider, field) not in LABELS
        and not told(made(provider, model, own, one, {}), made(provider, model, own, two, {}), path)
    ]
    assert lost == []


@pytest.mark.parametrize(("provider", "model", "own"), MODELS)
def test_every_option(provider, model, own):
    lost = [
        field
        for field, (one, two) in OPTIONS.items()
        if (provider, field) not in LABELS
        and not told(
            made(provider, model, own, HELLO, one),
            made(provider, model, own, HELLO, two),
            field,
        )
    ]
    assert lost == []


def test_no_option_is_forgotten():
    asked = {field.partition(".")[0] for field in OPTIONS} - {"stream"}
    of_the_call = {"byok_api_key", "on_unsupported", "timeout", "idle_timeout", "max_retries",
                   "max_cost", "include_raw", "provider_options"}  # fmt: skip
    assert asked == set(ChatOptions.__annotations__) - of_the_call


VALUES = {
    "api": "chat", "api_version": "v1", "safety_settings": [{"category": "c", "threshold": "t"}],
    "cached_content": "cachedContents/1", "response_modalities": ["TEXT", "IMAGE"],
    "betas": ["b-2026"], "extra_body": {"x": 1}, "inference_geo": "us", "top_k": 3, "n": 2,
    "presence_penalty": 0.5, "frequency_penalty": 0.5, "prompt_cache_key": "k",
    "safety_identifier": "s", "include_thoughts": True, "safe_prompt": True,
}  # fmt: skip
CHOICES = ("flex", "priority", "auto", "standard_only", "fast", "low", "concise", "omitted",
           "reasoning")  # fmt: skip


def value_of(field: Any) -> Any:
    """One of the words that a field takes."""
    for choice in CHOICES:
        try:
            return TypeAdapter(field.annotation).validate_python(choice)
        except ValueError:
            continue
    raise AssertionError(f"no value is known for {field}")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "mistral", "groq"])
def test_every_option_of_the_providers_own(provider):
    """On at least one of its models each changes the call; on all others it is told."""
    fields = REGISTRY.provider(provider).spec.options.model_fields
    models = [(model, own) for name, model, own in MODELS if name == provider]
    for name, field in fields.items():
        value = VALUES[name] if name in VALUES else value_of(field)
        if name == "api" and provider != "openai":
            value = "responses"
        effort = {"reasoning_effort": "low"} if name.startswith(("reasoning", "thinking")) else {}
        used = 0
        for model, own in models:
            own = {} if name == "api" else own
            one = made(provider, model, {**own, name: value}, HELLO, effort)
            two = made(provider, model, own, HELLO, effort)
            path = f"provider_options.{provider}.{name}"
            assert told(one, two, path), f"{provider}/{model}: {name} is lost in silence"
            used += one is None or one != two
        assert used, f"{provider}: {name} changes no call and is not refused"
