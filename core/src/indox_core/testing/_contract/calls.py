"""What goes over a real socket, and comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from pydantic import SecretStr

from indox_core import AsyncClient, Client
from indox_core.plugin import Access, ConnectionSettings
from indox_core.testing._scenarios import CANARY, TEXT

from .samples import FIELDS, HELLO, TEXTS, WAYS
from .subject import Recorder
from .traffic import Traffic
from .tree import reworded


class Calls(Traffic):
    """Over a real socket"""

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
    def test_what_was_encoded_is_sent(self, way: str) -> None:
        """A connection adds nothing of its own, leaves nothing out, and keeps every character."""
        self._needs_address()
        stream = "stream" in way
        words = "".join(text for name, text in TEXTS.items() if name not in ("long", "controls"))
        wishes: dict[str, Any] = {}
        for name in ("stop", "max_tokens", "tools"):
            capability, options, _ = FIELDS[name]
            if self._has(capability) and capability not in {*self.refuses, *self.models_without}:
                wishes |= options
        messages = [{"role": "system", "content": words}, {"role": "user", "content": words}]
        request = self.request(messages, stream=stream, **wishes)
        with self.server("text") as server:
            address = f"{server.url}{self.base_path}"
            call = self.encode(request.model_copy(update={"base_url": address}))
            self.ask(server, way, messages=messages, **wishes)
            (received,) = server.received
        if call.arguments:
            assert _holds(received.json, call.arguments), (
                f"{way}: the server got another body than encode() gave."
            )

    @pytest.mark.parametrize("way", WAYS)
    def test_a_long_answer_arrives_whole(self, way: str) -> None:
        """It comes in many pieces, and none is the last before the end."""
        self._needs_address()
        body = self._body("text")
        assert body is not None, self._wanted("text", "json")
        if TEXT not in json.dumps(body, ensure_ascii=False):
            pytest.skip("the text of recorded/text.json does not stand in one piece")
        if "stream" in way:
            pytest.skip("the pieces of a stream are told apart in test_pieces_are_read_as_they_are")
        raw = json.dumps(reworded(body, TEXT, TEXTS["long"])).encode()
        with self.server("text", raw=raw, pieces=10_007) as server:
            assert self.ask(server, way).data == TEXTS["long"]

    def test_async_asks_for_the_same(self) -> None:
        """Two flavours of one call: the same method, path and body."""
        self._needs_address()
        with self.server("text") as server:
            answers = [self.ask(server, way) for way in WAYS]
            wires = [(each.method, each.path, each.body) for each in server.received]
        assert wires[0] == wires[2], "chat and async chat ask for different things."
        assert wires[1] == wires[3], "A stream and an async stream ask for different things."
        for answer in answers[1:]:
            assert (answer.data, answer.finish) == (answers[0].data, answers[0].finish)

    def test_the_address_is_that_of_the_call(self) -> None:
        """A proxy stands below a path; two clients of one process may have two addresses."""
        self._needs_address()
        for way in WAYS:
            with self.server("text") as one, self.server("text") as other:
                for server in (one, other, one):
                    assert self.ask(server, way).data == TEXT
                assert (len(one.received), len(other.received)) == (2, 1), (
                    "A call went to the address of another client."
                )
        name = self.provider.spec.name
        with self.server("text") as server:
            client, arguments = self._client_arguments(server, {})
            plain = dict(client["providers"][name])
            with Client(**client) as caller:
                caller.chat(HELLO, **arguments)
            client["providers"][name] = {
                **plain, "base_url": f"{server.url}/canary/proxy{self.base_path}"
            }  # fmt: skip
            with Client(**client) as caller:
                caller.chat(HELLO, **arguments)
            paths = [received.path for received in server.received]
        assert paths[1] == f"/canary/proxy{paths[0]}", "The path of the base URL is lost."

    def test_no_cookie_is_sent_back(self) -> None:
        """One pool serves many users: a cookie would make one of them another."""
        self._needs_address()
        with self.server("text", headers={"set-cookie": "canary=1; Path=/"}) as server:
            client, arguments = self._client_arguments(server, {})
            with Client(**client) as caller:
                for _ in range(2):
                    caller.chat(HELLO, **arguments)
            asyncio.run(self._aask(client, "async chat", arguments, arguments))
            for received in server.received:
                assert "cookie" not in received.headers, "A cookie is sent back."

    def test_the_pools_that_are_lent_are_used_and_left_open(self) -> None:
        """A pool of the plugin's own knows no deadline, no proxy and no limit."""
        self._needs_address()
        body, asked = self._bytes("text", "json"), []

        def answer(request: httpx2.Request) -> httpx2.Response:
            asked.append(request.url)
            return httpx2.Response(200, content=body, headers={"content-type": "application/json"})

        address = f"http://127.0.0.1:9{self.base_path}"
        request = self.request(HELLO).model_copy(update={"base_url": address})
        access = Access(SecretStr(CANARY), address, {}, 5)
        with httpx2.Client(transport=httpx2.MockTransport(answer)) as pool:
            apool = httpx2.AsyncClient()
            settings = SimpleNamespace(http_client=pool, async_http_client=apool)
            connection = self.provider().connect(cast("ConnectionSettings", settings))
            connection.send(self.encode(request), access)
            assert len(asked) == 1, "The call did not go through settings.http_client."
            connection.close()
            assert not pool.is_closed, "close() of the connection closes the pool it was lent."
            assert not apool.is_closed, "close() of the connection closes the pool it was lent."
            asyncio.run(apool.aclose())

    def test_an_async_call_leaves_the_loop_free(self) -> None:
        """A blocking call holds up every other task of the program."""

        async def ticks() -> int:
            counted = 0
            client, arguments = self._client_arguments(server, {"timeout": 60})
            async with AsyncClient(**client, **self.async_client) as caller:
                call = asyncio.create_task(caller.chat(HELLO, **arguments))
                while counted < 10 and not call.done():
                    await asyncio.sleep(0.01)
                    counted += bool(server.received)
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
            return counted

        with self.server("text", hang=True) as server:
            assert asyncio.run(ticks()) == 10, "asend blocks the event loop."

    @pytest.mark.parametrize("way", ["stream", "async stream"])
    def test_bytes_may_be_cut_anywhere(self, way: str) -> None:
        """Networks split inside a character and inside a line."""
        with self.server("text", pieces=1) as server:
            assert self.ask(server, way).data == TEXT


def _holds(received: Any, wanted: Any) -> bool:
    """Whether all that was wanted has been received; SDKs may add fields of their own.

    A field may be spelled `max_tokens` or `maxTokens`, which protocol buffers read alike.
    """
    if isinstance(wanted, dict):
        if not isinstance(received, dict):
            return False
        known = {_folded(key): item for key, item in received.items()}
        return all(
            _folded(key) in known and _holds(known[_folded(key)], item)
            for key, item in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(received, list)
            and len(received) == len(wanted)
            and all(_holds(one, other) for one, other in zip(received, wanted, strict=True))
        )
    return bool(received == wanted)


def _folded(key: str) -> str:
    return key.replace("_", "").lower()
