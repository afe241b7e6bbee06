"""Bad arguments: a typed error that says what to do, and nothing is sent."""

from __future__ import annotations

import base64
import math

import pytest

from indox_core import (
    Client,
    ConfigurationError,
    IndoxError,
    MissingKeyError,
    ProviderNotFoundError,
    UnsupportedFeatureError,
    ValidationError,
)

PROMPT = "canary-prompt"
HELLO = [{"role": "user", "content": PROMPT}]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
JPEG = b"\xff\xd8\xff" + bytes(16)


def user(*parts: object) -> list[dict[str, object]]:
    return [{"role": "user", "content": [{"type": "text", "text": PROMPT}, *parts]}]


def image(**media: object) -> dict[str, object]:
    return {"type": "image", "image": media}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


MESSAGES = [
    pytest.param([], "messages is empty", id="empty"),
    pytest.param(None, "messages must be a list", id="none"),
    pytest.param(PROMPT, "messages must be a list", id="a-string"),
    pytest.param({"role": "user"}, "messages must be a list", id="one-dict"),
    pytest.param([PROMPT], "a message is a dict", id="list-of-strings"),
    pytest.param(
        [{"role": "wizard", "content": PROMPT}],
        "messages.0.role is unknown. Allowed: system, user, assistant, tool, function",
        id="unknown-role",
    ),
    pytest.param([{"content": PROMPT}], "messages.0.role is missing", id="no-role"),
    pytest.param([{"role": "user"}], "messages.0.content: Field required", id="no-content"),
    pytest.param([*HELLO, {"role": "user", "content": 123}], "messages.1.content must", id="int"),
    pytest.param(
        [{"role": "user", "content": {"text": PROMPT}}],
        "messages.0.content must",
        id="dict-content",
    ),
    pytest.param(
        [{"role": "user", "content": [[["nested"]]]}], "messages.0.content.0 must be", id="nested"
    ),
    pytest.param(user({"type": "hologram", "data": PROMPT}), "unknown part type", id="part-type"),
    pytest.param(
        [{"role": "user", "content": PROMPT, "extra_field": 1}], "extra_field", id="extra-key"
    ),
    pytest.param(
        [{"role": "user", "content": PROMPT + "\ud800"}], "lone surrogate", id="lone-surrogate"
    ),
    pytest.param([{"role": "tool", "content": "42"}], "tool_call_id is missing", id="tool-no-id"),
    pytest.param(
        [{"role": "tool", "tool_call_id": "1"}], "content is missing", id="tool-no-content"
    ),
    pytest.param(
        [{"role": "system", "content": [image(data=b64(PNG))]}], "cannot hold", id="system-image"
    ),
    pytest.param(user(image(data="@@@not-base64@@@")), "not valid base64", id="base64"),
    pytest.param(user(image(data="Ö" * 8)), "not valid base64", id="base64-not-ascii"),
    pytest.param(user(image(data="")), "data is empty", id="no-bytes"),
    pytest.param(
        user(image(data=b64(PNG), media_type="image/jpeg")),
        "media_type says image/jpeg, the bytes say image/png",
        id="contradicted-media-type",
    ),
    pytest.param(
        user(image(data=b64(b"%PDF-1.7"), media_type="image/png")), "bytes say", id="pdf-as-image"
    ),
    pytest.param(
        user(image(data=b64(b"<p>"), media_type="text/html")), "not that of an image", id="html"
    ),
    pytest.param(user(image(data=b64(b"unknown"))), "media_type is missing", id="no-media-type"),
    pytest.param(user(image(data=PNG + bytes(20 * 2**20))), "larger than 20 MiB", id="large"),
    pytest.param(user(image(url="file:///etc/passwd")), "https://", id="file-url"),
    pytest.param(user(image(url="https://host/a b")), "space", id="url-with-space"),
    pytest.param(user(image(url="https://h/x", data=b64(PNG))), "either", id="url-and-data"),
    pytest.param(user(image()), "either", id="neither-url-nor-data"),
    pytest.param(
        user(image(url="data:text/html;base64,PGgxPg==")), "not that of an image", id="data-url"
    ),
]


@pytest.mark.parametrize(("messages", "text"), MESSAGES)
def test_messages(openai_server, client, messages, text):
    with pytest.raises(ValidationError) as caught:
        client.chat(messages, "openai/gpt-4o-mini")
    assert text in str(caught.value)
    assert PROMPT not in str(caught.value)
    assert openai_server.received == []


OPTIONS = [
    pytest.param({"temperature": math.nan}, "temperature", id="nan"),
    pytest.param({"temperature": math.inf}, "temperature", id="infinity"),
    pytest.param({"temperature": -0.1}, "temperature", id="negative"),
    pytest.param({"temperature": True}, "temperature", id="bool"),
    pytest.param({"temperature": "0.5"}, "temperature", id="text"),
    pytest.param({"max_tokens": 0}, "max_tokens", id="max-tokens-0"),
    pytest.param({"max_tokens": 10**30}, "max_tokens", id="max-tokens-huge"),
    pytest.param({"stop": [""]}, "stop", id="empty-stop"),
    pytest.param({"temprature": 1.0}, 'no argument "temprature". Did you mean "temperature"?'),
    pytest.param({"unknown_param_xyz": 1}, 'no argument "unknown_param_xyz"', id="unknown"),
    pytest.param({"timeout": 0}, "timeout: must be", id="timeout-0"),
    pytest.param({"timeout": math.inf}, "timeout: must be", id="timeout-infinity"),
    pytest.param({"max_retries": -1}, "max_retries: must be", id="retries"),
    pytest.param({"on_unsupported": "ignore"}, "on_unsupported: must be", id="policy"),
    pytest.param({"tools": [{"name": "has space!", "parameters": {}}]}, "pattern", id="tool-name"),
    pytest.param({"tools": [{"name": "f"}], "tool_choice": "g"}, "names none", id="choice"),
    pytest.param({"tool_choice": "required"}, "no tools are given", id="choice-without-tools"),
    pytest.param({"tools": [{"name": "f"}, {"name": "f"}]}, "same name", id="two-tools"),
    pytest.param({"response_schema": 3}, "response_schema must be", id="schema"),
    pytest.param(
        {"provider_options": {"openai": {"verbosty": "low"}}}, 'Did you mean "verbosity"?'
    ),
    pytest.param({"provider_options": {"openai": {"api": "x"}}}, "provider_options.openai.api"),
    pytest.param({"stream": "yes"}, "stream must be", id="stream"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_options(openai_server, client, options, text):
    with pytest.raises(ValidationError) as caught:
        client.chat(HELLO, "openai/gpt-4o-mini", **options)
    assert text in str(caught.value)
    assert PROMPT not in str(caught.value)
    assert openai_server.received == []


MODELS = [
    pytest.param("nosuch/gpt", ProviderNotFoundError, "Installed: anthropic, ", id="unknown"),
    pytest.param("opnai/gpt", ProviderNotFoundError, 'Did you mean "openai"?', id="near-miss"),
    pytest.param("оpenai/gpt", ProviderNotFoundError, "of that name", id="cyrillic"),  # noqa: RUF001
    pytest.param("gpt-4o-mini", ValidationError, "provider and model", id="no-slash"),
    pytest.param("", ValidationError, "provider and model", id="empty"),
    pytest.param("openai/", ValidationError, "provider and model", id="empty-model"),
    pytest.param("/gpt", ValidationError, "provider and model", id="empty-provider"),
    pytest.param("openai/../../v1/files", ValidationError, "'..'", id="path-traversal"),
    pytest.param("openai/a\nb", ValidationError, "control character", id="line-break"),
    pytest.param(None, ValidationError, "must be a string", id="none"),
    pytest.param([5], ValidationError, "must be a string", id="list"),
]


@pytest.mark.parametrize(("model", "error", "text"), MODELS)
def test_models(openai_server, client, model, error, text):
    with pytest.raises(error) as caught:
        client.chat(HELLO, model)
    assert text in str(caught.value)
    assert openai_server.received == []


KEYS = [
    pytest.param("", MissingKeyError, "is empty", id="empty"),
    pytest.param("   ", MissingKeyError, "is empty", id="blank"),
    pytest.param("sk-canary\n", ValidationError, "line break", id="line-break"),
    pytest.param("sk canary", ValidationError, "space", id="space") ,
    pytest.param("sk-cänary", ValidationError, "character", id="not-ascii"),
    pytest.param(12345, ValidationError, "must be a string, not int", id="int"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "error", "text"), KEYS)
def test_keys(openai_server, client, key, error, text, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")  # never a fallback for a bad key
    with pytest.raises(error) as caught:
        client.chat(HELLO, "openai/gpt-4o-mini", byok_api_key=key)
    assert text in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "12345" not in str(caught.value)
    assert openai_server.received == []


@pytest.mark.parametrize("stream", [False, True])
def test_no_key_names_every_way_to_give_one(stream):
    with pytest.raises(MissingKeyError) as caught:
        Client("canary-router").chat(HELLO, "openai/gpt-4o-mini", stream=stream)
    for word in ("byok_api_key", "providers=", "OPENAI_API_KEY", "router"):
        assert word in str(caught.value)
    assert "canary" not in str(caught.value)


CONFIGURATIONS = [
    pytest.param({"openai": {"base_url": "file:///etc/passwd"}}, "http", id="file"),
    pytest.param({"openai": {"base_url": "https://u:canary@h/v1"}}, "user", id="user"),
    pytest.param({"openai": {"base_url": "https://h/v1?api_key=CANARY"}}, "query", id="query"),
    pytest.param({"openai": {"base_ulr": "https://h"}}, 'Did you mean "base_url"?', id="typo"),
    pytest.param({"openai": {"headers": {"X": "a\r\nX-Injected: 1"}}}, "printable", id="inject"),
    pytest.param({"openai": {"headers": {"Host": "evil.example"}}}, "must not set Host", id="host"),
    pytest.param({"openai": "https://h"}, "must be a dict", id="not-a-dict"),
    pytest.param({"openai": {"api_key": "a\nb"}}, "line break", id="key"),
]


@pytest.mark.parametrize(("providers", "text"), CONFIGURATIONS)
def test_configuration(providers, text):
    with pytest.raises(ValidationError) as caught:
        Client(providers=providers)
    assert text in str(caught.value)
    for secret in ("canary", "CANARY", "Injected"):
        assert secret not in str(caught.value)


def test_the_callers_own_error_passes_and_nothing_is_sent(openai_server, client):
    def messages():
        yield HELLO[0]
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        client.chat(messages(), "openai/gpt-4o-mini")
    assert not isinstance(caught.value, IndoxError)
    assert openai_server.received == []


def test_the_callers_list_is_not_changed(client):
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, image(data=b64(JPEG))]},
        {"role": "function", "name": "f", "content": "42"},
    ]
    before = repr(messages)
    client.chat(messages, "openai/gpt-4o-mini")
    assert repr(messages) == before


def test_on_unsupported_error_refuses_what_would_be_adapted(openai_server, client):
    options = {"provider_options": {"openai": {"api": "responses"}}, "seed": 1}
    assert client.chat(HELLO, "openai/gpt-4o-mini", **options).adaptations[0].path == "seed"
    openai_server.received.clear()
    with pytest.raises(UnsupportedFeatureError, match="seed"):
        client.chat(HELLO, "openai/gpt-4o-mini", on_unsupported="error", **options)
    assert openai_server.received == []


def test_a_broken_local_model_variable_is_a_configuration_error(monkeypatch, tmp_path):
    bad = tmp_path / "model.gguf"
    for content in (None, b"not a model"):
        if content:
            bad.write_bytes(content)
        monkeypatch.setenv("INDOX_LOCAL_MODEL", str(bad))
        with pytest.raises(ConfigurationError, match="INDOX_LOCAL_MODEL"):
            Client().chat(HELLO, "local/smollm2")
