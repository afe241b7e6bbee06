"""What vendors say when they refuse, as the error that a caller gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import indox_core
from indox_core import CallError, Client
from indox_core.testing import HTTPAnswer, LoopbackServer

MODELS = {
    "openai": "openai/gpt-4o-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "google": "google/gemini-2.5-flash",
    "mistral": "mistral/mistral-small-latest",
}
HELLO = [{"role": "user", "content": "Hi"}]


def refused(provider: str, body: Any, status: int, key: str = "sk-never-shown") -> CallError:
    """The error of a call that is answered with this body."""
    with LoopbackServer(lambda received: HTTPAnswer(body, status)) as server:
        config = {"api_key": key, "base_url": server.url}
        with Client(providers={provider: config}, max_retries=0) as client:
            try:
                client.chat(HELLO, MODELS[provider], max_tokens=5)
            except CallError as error:
                return error
    raise AssertionError("the call was answered")


def test_refusals_of_public_reports(shared: Path):
    wrong = []
    for case in json.loads((shared / "error-bodies.json").read_text())["cases"]:
        error = refused(case["provider"], case["body"], case["status"])
        kind = type(error) is getattr(indox_core, case["class"])
        missing = [said for said in case["says"] if said not in str(error)]
        if not kind or error.retryable != case["retryable"] or missing:
            wrong.append((case["id"], type(error).__name__, error.retryable, str(error)))
    assert wrong == []


def openai(message: str, code: Any = None, kind: Any = "invalid_request_error", **more: Any) -> Any:
    return {"error": {"message": message, "type": kind, "code": code, **more}}


def anthropic(message: str, kind: str = "invalid_request_error") -> Any:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_7"}


def google(message: str, status: str, *details: Any) -> Any:
    return {"error": {"code": 400, "message": message, "status": status, "details": list(details)}}


FIELDS = [{"type": "missing", "loc": ["body", "tools", 0, "name"], "msg": "Field required",
           "input": "my secret prompt"}]  # fmt: skip
VIOLATIONS = {
    "@type": "google.rpc.BadRequest",
    "fieldViolations": [{"field": "contents[0].role", "description": "is odd"}],
}
OF_A_DAY = {"violations": [{"quotaId": "GenerateContentInputTokensPerDayPerModel"}]}


@pytest.mark.parametrize(
    ("provider", "status", "body", "kind", "said"),
    [
        # Lists of fields
        ("mistral", 422, {"detail": FIELDS}, "InvalidParametersError", "tools.0.name: Field req"),
        ("openai", 422, {"detail": FIELDS}, "InvalidParametersError", "tools.0.name: Field req"),
        ("mistral", 422, {"message": {"detail": FIELDS}}, "InvalidParametersError", "tools.0.name"),
        ("google", 400, google("Bad", "INVALID_ARGUMENT", VIOLATIONS), "InvalidParametersError",
         "contents[0].role: is odd"),
        # Too long a prompt, by those that have no name for it
        ("openai", 400, openai("This endpoint's maximum context length is 8192 tokens."),
         "ContextLengthError", "8192"),
        ("openai", 400, openai("This model's maximum prompt length is 9 but the request has 10."),
         "ContextLengthError", "10"),
        ("openai", 400, openai("The prompt is too long: 9, model maximum context length: 8"),
         "ContextLengthError", "9"),
        ("openai", 400, openai("`inputs` tokens + `max_new_tokens` must be <= 4097."),
         "ContextLengthError", "4097"),
        ("anthropic", 400, anthropic("prompt is too long: 9 tokens > 8 maximum"),
         "ContextLengthError", "9 tokens"),
        ("google", 400, google("The input token count (9) exceeds the maximum", "INVALID_ARGUMENT"),
         "ContextLengthError", "(9)"),
        ("mistral", 400, {"object": "error", "message": "Prompt is too large for model with 8",
                          "type": "invalid_request_error", "code": "3051"},
         "ContextLengthError", "3051"),
        # No credit
        ("anthropic", 400, anthropic("Your credit balance is too low to access the API."),
         "InsufficientCreditsError", "credit balance"),
        ("anthropic", 400, anthropic("You have reached your specified API usage limits."),
         "InsufficientCreditsError", "usage limits"),
        ("openai", 429, openai("Insufficient balance or no resource package.", "1113", None),
         "InsufficientCreditsError", "1113"),
        ("openai", 429, openai("You are out.", None, "exceeded_current_quota_error"),
         "InsufficientCreditsError", "out"),
        ("openai", 400, openai("Budget has been exceeded! Current cost: 2", 400, "budget_exceeded"),
         "InsufficientCreditsError", "Current cost"),
        ("openai", 403, openai("Your team has used all available credits."),
         "InsufficientCreditsError", "team"),
        ("google", 429, google("Quota exceeded", "RESOURCE_EXHAUSTED", OF_A_DAY),
         "InsufficientCreditsError", "Quota"),
        # What the status alone would say otherwise
        ("anthropic", 400, anthropic("Output blocked by content filtering policy"),
         "ContentFilterError", "blocked"),
        ("google", 400, google("User location is not supported for the API use.",
                               "FAILED_PRECONDITION"), "PermissionDeniedError", "location"),
        ("openai", 400, {"code": "Some argument", "error": "Incorrect API key provided."},
         "AuthenticationError", "Some argument"),
        ("openai", 499, openai("Client closed the request", None, None), "APIError", "closed"),
        # What servers in between say
        ("openai", 429, openai("Provider returned error", 429, None,
                               metadata={"raw": "try later", "provider_name": "Up"}),
         "RateLimitError", "Up: try later"),
        ("openai", 400, openai("No call", "tool_use_failed", failed_generation="<f=a>"),
         "InvalidParametersError", "<f=a>"),
        ("openai", 502, "upstream is away", "APIError", "upstream is away"),
    ],
)  # fmt: skip
def test_a_refusal_has_its_class_and_its_details(provider, status, body, kind, said):
    error = refused(provider, body, status)
    assert (type(error).__name__, error.status_code) == (kind, status)
    assert said in str(error)
    assert "secret prompt" not in f"{error} {error.details}"


def test_details_are_plain_data_cut_and_without_the_key():
    key = "sk-a-key-that-is-echoed"
    echoed = openai(f"wrong key {key}", "odd", seen=[f"key={key}", "x" * 2000], deep=[[[{"a": 1}]]])
    error = refused("openai", echoed, 400, key)
    assert error.details["code"] == "odd"
    assert error.details["deep"] == [[[{"a": 1}]]]
    assert len(error.details["seen"][1]) < 600
    assert key not in f"{error} {error.details} {error!r}"
    json.dumps(error.details)


def test_without_an_object_there_are_no_details():
    assert refused("openai", "plain text", 500).details is None


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("before", range(470, 505, 5))
def test_no_piece_of_the_key_is_left_where_a_text_is_cut(provider, before):
    key = "sk-SECRETSECRETSECRET1234"
    error = refused(provider, {"error": {"message": "x" * before + key}}, 400, key)
    assert "SECRET" not in f"{error} {error.details}"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_may_speak_of_its_context(status):
    body = openai("Overloaded; please reduce the context length", None, None)
    error = refused("openai", body, status)
    assert error.retryable
    assert not isinstance(error, indox_core.ContextLengthError)


def test_a_flagged_prompt_is_blocked_content_and_is_not_shown():
    body = {"error": {"code": 403, "message": "Your input was flagged", "metadata": {
        "reasons": ["violence"], "flagged_input": "my secret prompt"}}}  # fmt: skip
    error = refused("openai", body, 403)
    assert type(error) is indox_core.ContentFilterError
    assert "secret prompt" not in f"{error} {error.details}"
