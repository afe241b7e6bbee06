"""HTTPConnection: a vendor without an SDK, over a real socket."""

from __future__ import annotations

import asyncio

import pytest
from handed import Handed

import indox_core
from indox_core import AsyncClient, Client
from indox_core.plugin import (
    Call,
    Failure,
    HTTPConnection,
    ModelInfo,
    Provider,
    ProviderSpec,
    Reply,
    TextPart,
    kind_of_status,
)
from indox_core.testing import HTTPAnswer, LoopbackServer

HELLO = [{"role": "user", "content": "Hello"}]


def refused(body, status):
    wait = body.get("wait") if isinstance(body, dict) else None
    return Failure(kind_of_status(status), str(body), retry_after_s=wait)


class Plain(Provider):
    spec = ProviderSpec(name="plain", contract=1, base_url="https://plain.example")
    headers = None

    def encode(self, request):
        return Call("/talk", {"text": request.messages[-1].text})

    def decode(self, body, operation=None):
        return Reply(parts=(TextPart(text=body["text"]),), finish="stop")

    def connect(self, settings):
        more = [] if self.headers is None else [self.headers]
        return HTTPConnection(settings, refused, *more)

    def models_call(self, base_url):
        return Call("/models", {})

    def decode_models(self, body):
        return [ModelInfo(id=name) for name in body]


class Keyed(Plain):
    spec = ProviderSpec(name="plain", contract=1, base_url="https://x", key_variable="PLAIN_KEY")

    @staticmethod
    def headers(access):
        return {"X-Plain-Key": access.key_text}


class Bearer(Keyed):
    headers = None


def ask(provider, respond, *, flavour="sync", config=None, **options):
    """The text of one call, and the requests that arrived."""
    with LoopbackServer(respond) as server:
        client = {"plugins": [Handed(provider)],
                  "providers": {"plain": {"base_url": server.url, **(config or {})}}}  # fmt: skip

        async def run():
            async with AsyncClient(**client) as aclient:
                return (await aclient.chat(HELLO, "plain/x", **options)).data

        try:
            if flavour == "async":
                return asyncio.run(run()), server.received
            with Client(**client) as caller:
                return caller.chat(HELLO, "plain/x", **options).data, server.received
        except indox_core.IndoxError as error:
            return error, server.received


def echo(received):
    return HTTPAnswer({"text": received.json["text"]})


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_provider_without_a_key_sends_none(flavour):
    said, (received,) = ask(Plain, echo, flavour=flavour)
    assert said == "Hello"
    assert (received.method, received.path) == ("POST", "/talk")
    assert "authorization" not in received.headers


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_the_key_travels_as_the_plugin_says(flavour):
    config = {"api_key": "sk-mine", "headers": {"X-Team": "blue"}}
    _, (received,) = ask(Keyed, echo, flavour=flavour, config=config)
    assert received.headers["x-plain-key"] == "sk-mine"
    assert received.headers["x-team"] == "blue"
    _, (received,) = ask(Bearer, echo, flavour=flavour, config=config)
    assert received.headers["authorization"] == "Bearer sk-mine"


def test_a_clients_header_never_pays_for_another_users_call():
    config = {"headers": {"x-PLAIN-key": "sk-of-the-client"}}
    _, (received,) = ask(Keyed, echo, config=config, byok_api_key="sk-of-the-user")
    assert received.headers["x-plain-key"] == "sk-of-the-user"
    assert "sk-of-the-client" not in str(received.headers)


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_refusal_has_what_body_and_headers_say(flavour):
    answers = [
        HTTPAnswer({"wait": 0.25}, 429, {"x-request-id": "r1"}),
        HTTPAnswer({"wait": 0.25}, 429, {"retry-after": "9"}),
        HTTPAnswer(b"<html>", 503),
    ]
    told = []
    for answer in answers:
        error, _ = ask(Plain, lambda received, a=answer: a, flavour=flavour, max_retries=0)
        told.append((type(error).__name__, error.status_code, error.retry_after_s))
    assert told == [("RateLimitError", 429, 0.25), ("RateLimitError", 429, 9.0),
                    ("OverloadedError", 503, None)]  # fmt: skip


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_redirect_without_end_is_read_no_further_than_an_error(flavour):
    sent = []

    def endless():
        for _ in range(4000):
            sent.append(1)
            yield bytes(2**16)

    error, _ = ask(
        Plain, lambda received: HTTPAnswer(endless(), 302), flavour=flavour, max_retries=0
    )
    assert isinstance(error, indox_core.IndoxError)
    assert len(sent) < 1000


def test_a_call_without_arguments_is_a_get():
    with LoopbackServer(lambda received: HTTPAnswer(["a", "b"])) as server:
        config = {"plain": {"base_url": server.url}}
        with Client(plugins=[Handed(Plain)], providers=config) as client:
            assert [model.id for model in client.models("plain")] == ["a", "b"]
        assert server.received[0].method == "GET"
