"""The bad inputs of the shared list: `uv run python tests/faults/bad_inputs.py FOLDER`.

FOLDER holds `bad-inputs.json`. What an item's own words leave open is fixed here, per item: how it
is arranged, and what must come of it. An item that is not known here counts as not right.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import gzip
import json
import logging
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import table
from servers.faults import Exchange, FaultServer, Play
from servers.vendors import VENDORS, Vendor
from table import HALF, SAID, SOON, after_half, overloaded_event

from indox_core import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    DuplicateProviderError,
    IndoxError,
    InsufficientCreditsError,
    InvalidParametersError,
    MalformedResponseError,
    MissingKeyError,
    ModelNotFoundError,
    NetworkError,
    OverloadedError,
    PluginLoadError,
    ProviderNotFoundError,
    RateLimitError,
    StreamInterruptedError,
    TimeoutError,
    UnsupportedFeatureError,
    ValidationError,
)
from indox_core.plugin import (
    Call,
    FunctionConnection,
    Provider,
    ProviderSpec,
    Reply,
    TextPart,
    hookimpl,
)

KEY = "sk-loopback-canary"
HELLO = [{"role": "user", "content": "Hello"}]
LEFT_OUT = ("gateway", "telemetry")
Problems = list[str]


class Wrong(Exception):
    """What came of an item is not what must."""


def check(fact: Any, text: str) -> None:
    if not fact:
        raise Wrong(text)


def good(x: Exchange) -> None:
    x.good()


class Bench:
    """One item on one provider: calls in both flavours, and what the server saw of them."""

    def __init__(self, item: dict[str, Any], vendor: Vendor) -> None:
        self.item = item
        self.vendor = vendor
        self.provider = vendor.provider

    @property
    def given(self) -> dict[str, Any]:
        found = self.item["input"]
        return values(found) if isinstance(found, dict) else {}

    @contextmanager
    def server(self, play: Play = good) -> Iterator[FaultServer]:
        with FaultServer(self.vendor, play) as server:
            yield server

    def outcomes(
        self,
        server: FaultServer,
        messages: Any = None,
        *,
        model: str | None = None,
        streams: tuple[bool, ...] = (False, True),
        config: dict[str, Any] | None = None,
        client: dict[str, Any] | None = None,
        **options: Any,
    ) -> Iterator[Any]:
        """The response or the exception, for chat and stream, sync and async."""
        providers = {self.provider: {**server.providers[self.provider], **(config or {})}}
        arguments = {"providers": providers, **(client or {})}
        asked = HELLO if messages is None else messages
        name = self.vendor.model if model is None else model
        for stream in streams:
            what = (arguments, asked, name, stream, options)
            yield attempt(sync, *what)
            yield attempt(lambda *what: asyncio.run(_async(*what)), *what)

    def refused(self, kind: type[IndoxError], text: str = "", **options: Any) -> None:
        """Refused before any traffic, in every flavour."""
        with self.server() as server:
            for outcome in self.outcomes(server, **options):
                expect(outcome, kind, text)
            check(server.connections == 0, f"{server.connections} connections")

    def fails(
        self,
        play: Play,
        kind: type[IndoxError],
        text: str = "",
        attempts: int | None = 1,
        streams: tuple[bool, ...] = (False, True),
        **options: Any,
    ) -> list[Any]:
        """Sent, and failed with that class, in every flavour."""
        found = []
        for number, stream in enumerate(streams):
            with self.server(play) as server:
                for outcome in self.outcomes(server, streams=(stream,), **options):
                    expect(outcome, kind, text)
                    found.append(outcome)
                sent = len(server.received) / 2
                check(attempts is None or sent == attempts, f"{sent} attempts, not {attempts}")
            del number
        return found

    def answers(self, play: Play = good, streams: tuple[bool, ...] = (False, True),
                **options: Any) -> list[Any]:  # fmt: skip
        found = []
        with self.server(play) as server:
            for outcome in self.outcomes(server, streams=streams, **options):
                if isinstance(outcome, BaseException):
                    raise Wrong(f"raised {outcome!r}")
                found.append(outcome)
        return found


def sync(arguments: dict[str, Any], messages: Any, model: str, stream: bool, options: Any) -> Any:
    with Client(**arguments) as client:
        answer: Any = client.chat(messages, model, stream=stream, **options)
        if stream:
            for _ in answer:
                pass
            return answer.response
        return answer


async def _async(
    arguments: dict[str, Any], messages: Any, model: str, stream: bool, options: Any
) -> Any:
    async with AsyncClient(**arguments) as client:
        answer: Any = await client.chat(messages, model, stream=stream, **options)
        if stream:
            async for _ in answer:
                pass
            return answer.response
        return answer


def attempt(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Exception as error:  # any class is looked at
        return error


def expect(outcome: Any, kind: type[BaseException], text: str = "") -> None:
    check(isinstance(outcome, BaseException), f"answered {outcome!r:.200}")
    check(isinstance(outcome, kind), f"{outcome!r:.300}, not {kind.__name__}")
    check(text in str(outcome), f"{str(outcome)!r:.300} does not say {text!r}")
    no_key(outcome)


def no_key(error: BaseException, key: str = KEY) -> None:
    """The key is in no text, attribute, pickle, chained exception or local of our frames."""
    shown = [str(error), repr(error), repr(vars(error)), repr(error.__cause__)]
    summary = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in summary.stack:
        if "indox_" in frame.filename and frame.locals:
            shown += [f"{name} = {value}" for name, value in frame.locals.items()]
    found = [text for text in shown if key in text]
    check(not found, f"the key is in {found[0]!r:.200}" if found else "")
    check(key.encode() not in pickle.dumps(error), "the key is pickled")
    check(pickle.loads(pickle.dumps(error)) == error, "it does not pickle")


def values(value: Any) -> Any:
    """What JSON cannot hold: `{"$float": "NaN"}` and `{"$gen": "'A' * 9"}`."""
    if isinstance(value, dict):
        if set(value) == {"$float"}:
            return float(value["$float"])
        if set(value) == {"$gen"}:
            text, _, times = value["$gen"].partition(" * ")
            return text.strip("'\"") * int(times)
        return {key: values(item) for key, item in value.items()}
    return [values(item) for item in value] if isinstance(value, list) else value


# Arrangements. Each takes a bench, and raises `Wrong`.

Arrangement = Callable[[Bench], None]


def refuse(kind: type[IndoxError] = ValidationError, text: str = "") -> Arrangement:
    """The item's own arguments are refused before any traffic."""

    def run(bench: Bench) -> None:
        given = {key: value for key, value in bench.given.items() if key != "provider"}
        bench.refused(kind, text, **given)

    return run


def refuse_messages(text: str, kind: type[IndoxError] = ValidationError) -> Arrangement:
    def run(bench: Bench) -> None:
        with bench.server() as server:
            given = bench.given["messages"]
            for outcome in bench.outcomes(server, [] if given == [] else given):
                expect(outcome, kind, text)
            if given is None:  # `outcomes` takes None for "not given"
                client = Client(providers=server.providers)
                expect(attempt(lambda: client.chat(None, bench.vendor.model)), kind, text)
            check(server.connections == 0, "something was sent")

    return run


def fault(kind: type[IndoxError], play: Play, text: str = "", attempts: int | None = 1,
          streams: tuple[bool, ...] = (False, True), **options: Any) -> Arrangement:  # fmt: skip
    return lambda bench: (
        bench.fails(play, kind, text, attempts, streams, **options),
        None,
    )[1]


def status(number: int, kind: type[IndoxError], attempts: int = 1) -> Arrangement:
    headers = SOON if attempts > 1 else {}
    return fault(kind, lambda x: x.error(number, "no such model", **headers), attempts=attempts)


def sent_bodies(server: FaultServer) -> list[str]:
    return [exchange.body.decode() for exchange in server.received]


def no_messages(bench: Bench) -> None:
    with Client(providers={bench.provider: {"api_key": KEY}}) as client:
        expect(attempt(lambda: client.chat(None, bench.vendor.model)), ValidationError, "messages")


def empty_text(bench: Bench) -> None:
    with bench.server() as server:
        for outcome in bench.outcomes(server, bench.given["messages"]):
            check(not isinstance(outcome, Exception), f"raised {outcome!r}")
        for body in sent_bodies(server):
            check('""' in body, "the empty message is not sent")


def only_system(bench: Bench) -> None:
    with bench.server() as server:
        for outcome in bench.outcomes(server, bench.given["messages"]):
            if isinstance(outcome, Exception):
                expect(outcome, ValidationError, "at least one user or assistant message")


def late_system(bench: Bench) -> None:
    with bench.server() as server:
        for outcome in bench.outcomes(server, bench.given["messages"]):
            check(not isinstance(outcome, Exception), f"raised {outcome!r}")
            moved = any(item.path == "messages.1" for item in outcome.adaptations)
            body = server.received[-1].body.decode()
            kept = body.find('"a"') < body.find("late system") < body.find('"b"')
            check(kept or moved, "moved without saying so")


def assistant_first(bench: Bench) -> None:
    with bench.server() as server:
        for outcome in bench.outcomes(server, bench.given["messages"]):
            check(not isinstance(outcome, Exception), f"raised {outcome!r}")
        for body in sent_bodies(server):
            check(body.count('"user"') == 1, "user text was invented")


def large_text(bench: Bench) -> None:
    messages = bench.given["messages"]
    with bench.server(lambda x: x.error(400)) as server:
        tracemalloc.start()
        outcome = next(bench.outcomes(server, messages, streams=(False,), max_retries=0))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        expect(outcome, InvalidParametersError)
        check(len(str(outcome)) < 1000, "the text is in the error")
        # The server reads it in this process too: its own copy is one of them.
        check(peak < 5 * 20_000_000, f"a peak of {peak} bytes")


def raising_generator(bench: Bench) -> None:
    def messages() -> Iterator[Any]:
        yield HELLO[0]
        raise ValueError("the caller's own")

    with bench.server() as server:
        client = Client(providers=server.providers)
        error = attempt(lambda: client.chat(messages(), bench.vendor.model))
        check(type(error) is ValueError and str(error) == "the caller's own", repr(error))
        check(server.connections == 0, "something was sent")


def unchanged_messages(bench: Bench) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": None,
         "tool_calls": [{"id": "abcdefgh1", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "abcdefgh1", "content": "42"},
    ]  # fmt: skip
    before = copy.deepcopy(messages)
    bench.answers(messages=messages)
    check(messages == before, "the caller's messages were changed")


def unsupported(options: dict[str, Any], path: str) -> Arrangement:
    """Tuning: dropped and recorded; refused under on_unsupported="error"."""

    def run(bench: Bench) -> None:
        for response in bench.answers(**options):
            check(path in [item.path for item in response.adaptations], "not recorded")
        bench.refused(UnsupportedFeatureError, path, on_unsupported="error", **options)

    return run


def temperature_of_claude(bench: Bench) -> None:
    for response in bench.answers(temperature=1.7):
        check("temperature" in [i.path for i in response.adaptations], "clamped in silence")


def several_answers_of_claude(bench: Bench) -> None:
    options = {"provider_options": {"anthropic": {"n": 2}}}
    bench.refused(ValidationError, '"n"', **options)
    bench.refused(ValidationError, '"n"', n=2)


def default_limit(bench: Bench) -> None:
    for response in bench.answers(max_tokens=None):
        check("max_tokens" in [i.path for i in response.adaptations], "a hidden default")


def retries_for_ever(bench: Bench) -> None:
    """No wait that goes beyond the deadline is begun."""
    for stream in (False, True):
        for flavour in (sync, lambda *what: asyncio.run(_async(*what))):
            play = lambda x: x.error(503, retry_after_ms="1" if x.number < 20 else "30000")  # noqa: E731
            with bench.server(play) as server:
                options = {"timeout": 25, "max_retries": 1_000_000}
                what = ({"providers": server.providers}, HELLO, bench.vendor.model, stream, options)
                error = attempt(flavour, *what)
                expect(error, OverloadedError)
                check(len(server.received) == 20, f"{len(server.received)} attempts")


def bad_headers(headers: dict[str, str]) -> Arrangement:
    return lambda bench: refuse_config(bench, {"headers": headers})


def refuse_config(bench: Bench, config: dict[str, Any]) -> None:
    for kind in (Client, AsyncClient):
        made = attempt(lambda kind=kind: kind(providers={bench.provider: config}))
        expect(made, ValidationError)
        for value in (*config.get("headers", {}).values(), config.get("base_url", "")):
            check(len(value) < 8 or value not in str(made), "the value is shown")


def base_url(bench: Bench) -> None:
    refuse_config(bench, {"base_url": bench.given["base_url"]})


def wrong_model(kind: type[IndoxError]) -> Arrangement:
    def run(bench: Bench) -> None:
        model = bench.given["model"].replace(":", "/", 1)
        with bench.server() as server:
            for outcome in bench.outcomes(server, model=model):
                expect(outcome, kind)
            check(server.connections == 0, "something was sent")

    return run


def splitting(bench: Bench) -> None:
    with bench.server() as server:
        model = f"{bench.provider}/a:b/c:latest"
        for outcome in bench.outcomes(server, model=model):
            check(not isinstance(outcome, Exception), f"raised {outcome!r}")
            check(outcome.model == "a:b/c:latest", outcome.model)
        for exchange in server.received:
            whole = exchange.path + exchange.body.decode()
            check("a:b/c:latest" in whole or "a%3Ab/c%3Alatest" in whole, exchange.path)


def unknown_model(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        x.error(404, "no such model", x_request_id="req_1", request_id="req_1")

    for error in bench.fails(play, ModelNotFoundError):
        facts = (error.provider, error.model, bool(error.request_id))
        check(facts == (bench.provider, bench.vendor.model.partition("/")[2], True), str(facts))


def no_key_at_all(bench: Bench) -> None:
    with (
        bench.server() as server,
        Client(providers={bench.provider: {"base_url": server.url}}) as client,
    ):
        error = attempt(lambda: client.chat(HELLO, bench.vendor.model))
        expect(error, MissingKeyError, "_API_KEY")
        check(server.connections == 0, "something was sent")


def bad_key(kind: type[IndoxError], text: str = "") -> Arrangement:
    def run(bench: Bench) -> None:
        key = bench.given["api_key"]
        with bench.server() as server:
            for outcome in bench.outcomes(server, byok_api_key=key):
                expect(outcome, kind, text)
                check(not key or str(key).strip() not in str(outcome), "the key is shown")
            check(server.connections == 0, "something was sent")

    return run


def echoed_key(bench: Bench) -> None:
    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for error in bench.fails(lambda x: x.error(401, "bad key"), AuthenticationError):
            check("***" in str(error), "the key is not replaced")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    check(not any(KEY in line for line in logged), "the key is logged")


def redirected(bench: Bench) -> None:
    with FaultServer(bench.vendor, good) as other:
        bench.fails(lambda x: x.answer({}, 307, location=f"{other.url}/elsewhere"), APIError)
        check(other.connections == 0, "the redirect was followed")


def many_keys(bench: Bench) -> None:
    def echo(x: Exchange) -> None:
        x.answer(x.vendor.answer(x.key))

    keys = [f"sk-of-user-{number:03d}" for number in range(100)]
    with bench.server(echo) as server:
        with Client(providers=server.providers) as client, ThreadPoolExecutor(20) as pool:

            def one(key: str) -> str:
                return client.chat(HELLO, bench.vendor.model, byok_api_key=key).data

            check(list(pool.map(one, keys)) == keys, "a key was mixed up")

        async def all_at_once() -> list[str]:
            async with AsyncClient(providers=server.providers) as client:
                calls = (client.chat(HELLO, bench.vendor.model, byok_api_key=key) for key in keys)
                return [response.data for response in await asyncio.gather(*calls)]

        check(asyncio.run(all_at_once()) == keys, "a key was mixed up")


def image(url: str) -> list[Any]:
    return [{"role": "user", "content": [{"type": "image", "url": url}]}]


def never_fetched(url: str) -> Arrangement:
    """The URL goes to the vendor as it is; nobody here connects to it."""

    def run(bench: Bench) -> None:
        connected: list[Any] = []

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in ("socket.connect", "socket.getaddrinfo"):
                connected.append(arguments[1] if event == "socket.connect" else arguments[0])

        with FaultServer(bench.vendor, good) as victim, bench.server() as server:
            own = server.url.rpartition(":")[2]
            asked = url.replace("PORT", victim.url.rpartition(":")[2])
            _HOOKS.append(hook)
            try:
                for outcome in bench.outcomes(server, image(asked)):
                    check(not isinstance(outcome, Exception), f"raised {outcome!r}")
            finally:
                _HOOKS.remove(hook)
            check(victim.connections == 0, "the URL was fetched")
            others = [to for to in connected if own not in str(to) and to != "127.0.0.1"]
            check(not others, f"connected to {others}")
            check(all(asked in body for body in sent_bodies(server)), "the URL was changed")

    return run


_HOOKS: list[Callable[[str, tuple[Any, ...]], None]] = []
sys.addaudithook(lambda event, arguments: [hook(event, arguments) for hook in _HOOKS] and None)


def file_url(bench: Bench) -> None:
    opened: list[Any] = []
    hook = lambda event, arguments: event == "open" and opened.append(arguments[0])  # noqa: E731
    bench.answers()  # everything that is imported or read at the first call
    _HOOKS.append(hook)
    try:
        bench.refused(ValidationError, "https://", messages=bench.given["messages"])
    finally:
        _HOOKS.remove(hook)
    check("/etc/passwd" not in map(str, opened), "the file was opened")


def pdf_as_image(bench: Bench) -> None:
    data = base64.b64encode(b"%PDF-1.7" + bytes(9)).decode()
    part = {"type": "image", "image": {"data": data, "media_type": "image/png"}}
    bench.refused(ValidationError, "the bytes say", messages=[{"role": "user", "content": [part]}])


def audio(bench: Bench) -> None:
    part = {"type": "audio", "audio": {"data": "SUQz", "media_type": "audio/mpeg"}}
    bench.refused(UnsupportedFeatureError, "audio",
                  messages=[{"role": "user", "content": [part]}])  # fmt: skip


def circular_schema(bench: Bench) -> None:
    tools = bench.given["tools"]
    with bench.server() as server:
        for strict in (None, True):
            given = [{**tool, "strict": strict} for tool in tools]
            for outcome in bench.outcomes(server, tools=given):
                check(not isinstance(outcome, Exception), f"raised {outcome!r}")


def unknown_choice(bench: Bench) -> None:
    tools = [{"name": "f"}]
    bench.refused(ValidationError, "none of the tools", tools=tools, tool_choice="nonexistent")


def called(x: Exchange, *calls: tuple[str | None, str]) -> Any:
    """An answer with calls of `f`, by id (`None`: none) and the text of their arguments."""
    if x.vendor.provider == "anthropic":
        blocks = [{"type": "tool_use", "id": i or "toolu_1", "name": "f", "input": json.loads(a)}
                  for i, a in calls]  # fmt: skip
        return {**x.vendor.answer(""), "content": blocks, "stop_reason": "tool_use"}
    if x.vendor.provider == "google":
        parts = [{"functionCall": {"name": "f", "args": json.loads(a)}} for _, a in calls]
        answer = x.vendor.answer("")
        answer["candidates"][0]["content"]["parts"] = parts
        return answer
    answer = x.vendor.answer("")
    answer["choices"][0]["message"]["tool_calls"] = [
        {**({"id": i} if i else {}), "type": "function", "function": {"name": "f", "arguments": a}}
        for i, a in calls
    ]
    return answer


def broken_arguments(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        if x.vendor.provider != "anthropic":
            x.answer(called(x, ("abcdefgh1", '{"a": ')))
            return
        block = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
        events = [
            {"type": "message_start", "message": {}},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0,
             "delta": {"type": "input_json_delta", "partial_json": '{"a": '}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ]  # fmt: skip
        x.events(events)

    if bench.provider == "google":
        return  # arguments are objects on its wire
    streams = (True,) if bench.provider == "anthropic" else (False,)
    for response in bench.answers(play, streams):
        (call,) = response.tool_calls
        check((call.arguments, call.arguments_raw) == (None, '{"a": '), repr(call))


def calls_without_ids(bench: Bench) -> None:
    play = lambda x: x.answer(called(x, (None, "{}"), (None, "{}")))  # noqa: E731
    if bench.provider == "anthropic":
        return  # its calls have ids always
    ids = {tuple(c.id for c in r.tool_calls) for r in bench.answers(play, (False,))}
    check(len(ids) == 1, "the ids are not stable")
    check(len(set(*ids)) == 2 and all(*ids), f"{ids}")


def quota(bench: Bench) -> None:
    bench.fails(table.quota, InsufficientCreditsError)
    bench.fails(lambda x: x.error(402), InsufficientCreditsError)


def html_404(bench: Bench) -> None:
    page = b"<html><h1>Not here</h1>" + b"x" * 100_000
    for error in bench.fails(
        lambda x: x.answer(page, 404, content_type="text/html"), InvalidParametersError
    ):
        check(error.status_code == 404 and len(str(error)) < 800, str(error)[:100])


def patient_retry(bench: Bench) -> None:
    play = lambda x: x.error(429, retry_after="1") if x.number % 2 else x.good()  # noqa: E731
    began = time.monotonic()
    with bench.server(play) as server:
        outcomes = list(bench.outcomes(server, streams=(False,)))
        check(not any(isinstance(o, Exception) for o in outcomes), f"{outcomes}")
        check(len(server.received) == 4, f"{len(server.received)} requests for two calls")
    check(time.monotonic() - began >= 2.0, "not after a second each")


def bare_429(bench: Bench) -> None:
    began = time.monotonic()
    for error in bench.fails(lambda x: x.error(429), RateLimitError, attempts=3, streams=(False,)):
        check(error.retry_after_s is None, f"{error.retry_after_s}")
    check(time.monotonic() - began > 0.75, "a hot loop")


def far_retry(bench: Bench) -> None:
    for error in bench.fails(
        lambda x: x.error(429, retry_after="3600"), RateLimitError, timeout=50
    ):
        check(error.retry_after_s == 3600, f"{error.retry_after_s}")


def odd_retry_after(bench: Bench) -> None:
    for value in ("-5", "soon", "1e999", "", "NaN"):
        for error in bench.fails(
            lambda x, value=value: x.error(429, retry_after=value),
            RateLimitError, attempts=1, streams=(False,), max_retries=0,
        ):  # fmt: skip
            check(error.retry_after_s is None, f"{value}: {error.retry_after_s}")


def page(bench: Bench) -> None:
    play = lambda x: x.answer(b"<html>Log in", content_type="text/html")  # noqa: E731
    bench.fails(play, MalformedResponseError)


def odd_bodies(bench: Bench) -> None:
    for data in (b"[]", b"null", b"42", b'"x"'):
        bench.fails(lambda x, data=data: x.answer(data), MalformedResponseError)


def error_in_200(bench: Bench) -> None:
    bench.fails(
        lambda x: x.answer(x.vendor.error(500, "failed inside")), APIError, "failed inside",
        attempts=None, max_retries=0,
    )  # fmt: skip


def no_choices(bench: Bench) -> None:
    empty = {"openai": {"choices": []}, "anthropic": {}, "google": {"candidates": []},
             "mistral": {"choices": []}}[bench.provider]  # fmt: skip
    bench.fails(lambda x: x.answer(empty), MalformedResponseError)


def changed(x: Exchange, **changes: Any) -> Any:
    """The vendor's good answer, with another text, finish reason or usage."""
    body = x.vendor.answer(changes.get("text", SAID))
    provider = x.vendor.provider
    if provider == "anthropic":
        target, finish, usage = body, "stop_reason", "usage"
    elif provider == "google":
        target, finish, usage = body["candidates"][0], "finishReason", "usageMetadata"
    else:
        target, finish, usage = body["choices"][0], "finish_reason", "usage"
    if "finish" in changes:
        target[finish] = changes["finish"]
    if "usage" in changes:
        if changes["usage"] is None:
            del body[usage]
        else:
            body[usage] = dict.fromkeys(body[usage], changes["usage"])
    return body


def null_content(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        body = changed(x)
        if x.vendor.provider == "anthropic":
            body["content"] = []
        elif x.vendor.provider == "google":
            body["candidates"][0]["content"] = None
        else:
            body["choices"][0]["message"]["content"] = None
        x.answer(body)

    for response in bench.answers(play, (False,)):
        check((response.data, response.finish_reason) == ("", "stop"), repr(response.finish))


def new_finish(bench: Bench) -> None:
    play = lambda x: x.answer(changed(x, finish="quantum_collapse"))  # noqa: E731
    for response in bench.answers(play, (False,)):
        check((response.finish.unified, response.finish.raw) == ("unknown", "quantum_collapse"),
              repr(response.finish))  # fmt: skip


def filtered(bench: Bench) -> None:
    words = {"openai": "content_filter", "anthropic": "refusal", "google": "SAFETY"}
    if bench.provider not in words:
        return  # Mistral has no such finish reason
    play = lambda x: x.answer(changed(x, finish=words[bench.provider]))  # noqa: E731
    for response in bench.answers(play, (False,)):
        check(response.finish_reason in ("content_filter", "refusal"), response.finish_reason)


def no_usage(bench: Bench) -> None:
    for response in bench.answers(lambda x: x.answer(changed(x, usage=None)), (False,)):
        usage = response.usage
        check((usage.tokens_prompt, usage.cost, usage.cost_status) == (None, None, "no_usage"),
              repr(usage))  # fmt: skip


def negative_usage(bench: Bench) -> None:
    for response in bench.answers(lambda x: x.answer(changed(x, usage=-5)), (False,)):
        usage = response.usage
        check(usage.tokens_prompt is None and usage.cost is None, repr(usage))


def unknown_block(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        body = changed(x)
        odd = {"type": "hologram", "light": 1}
        if x.vendor.provider == "anthropic":
            body["content"].insert(0, odd)
        elif x.vendor.provider == "google":
            body["candidates"][0]["content"]["parts"].insert(0, {"hologram": {"light": 1}})
        elif x.vendor.provider == "mistral":
            body["choices"][0]["message"]["content"] = [odd, {"type": "text", "text": SAID}]
        else:
            body["choices"][0]["message"]["hologram"] = odd
        x.answer(body)

    for response in bench.answers(play, (False,)):
        check(response.data == SAID, response.data)


def huge_body(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        x.head(200, 200_000_000, content_type="application/json")
        for _ in range(200):
            x.send(b" " * 1_000_000)

    bench.fails(play, MalformedResponseError, "MiB")


def bomb(bench: Bench) -> None:
    data = _bomb()
    found = bench.fails(
        lambda x: x.answer(data, content_encoding="gzip"), MalformedResponseError, "MiB"
    )
    del found


def _bomb() -> bytes:
    if not _BOMBS:
        _BOMBS.append(gzip.compress(bytes(200 * 2**20)))
    return _BOMBS[0]


_BOMBS: list[bytes] = []


@contextmanager
def nobody_listens() -> Iterator[int]:
    """A port that is taken, so that nobody else begins to listen on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def refused_connection(bench: Bench) -> None:
    with nobody_listens() as port, bench.server() as server:
        config = {"base_url": f"http://127.0.0.1:{port}"}
        for outcome in bench.outcomes(server, config=config, streams=(False,)):
            expect(outcome, NetworkError)
            check(outcome.attempts == 3, f"{outcome.attempts} attempts")
            check(f"127.0.0.1:{port}" in str(outcome), f"names no host: {outcome}")


def hangs(bench: Bench) -> None:
    times_out(bench, lambda x: x.hang())


def times_out(bench: Bench, play: Play) -> None:
    """Nothing of it ends by itself, so an end is the deadline's."""
    for error in bench.fails(play, TimeoutError, attempts=None, streams=(False,), timeout=0.5):
        check(error.attempts == 1, f"{error.attempts} attempts")


def drips(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        x.head(200, 10_000, content_type="application/json")
        table.drip(b" " * 10_000, 0.1)(x)

    times_out(bench, play)


def self_signed(bench: Bench) -> None:
    from servers.tls import tls_server

    with tls_server(bench.vendor) as server:
        for outcome in bench.outcomes(server, streams=(False,)):
            expect(outcome, NetworkError, "certificate")
            check(outcome.attempts == 1, f"{outcome.attempts} attempts")
        check(server.received == [], "something was sent")


def idle_connection(bench: Bench) -> None:
    def play(x: Exchange) -> None:
        x.good()
        x.keep = False

    with bench.server(play) as server, Client(providers=server.providers) as client:
        for _ in range(3):
            check(client.chat(HELLO, bench.vendor.model, max_retries=0).data == SAID, "no answer")
            server.wait_until_closed()


def interrupted(play: Play, kind: type[IndoxError] = StreamInterruptedError,
                partial: str | None = HALF, **options: Any) -> Arrangement:  # fmt: skip
    def run(bench: Bench) -> None:
        for error in bench.fails(play, kind, streams=(True,), **options):
            if partial is not None:
                check(error.partial is not None and error.partial.data == partial,
                      repr(error.partial))  # fmt: skip

    return run


def stalls(bench: Bench) -> None:
    """A machine that stalls can use up a short timeout before half of the text has come."""
    play = after_half(lambda x: x.hang())
    try:
        interrupted(play, TimeoutError, idle_timeout=0.4)(bench)
    except Wrong:
        interrupted(play, TimeoutError, idle_timeout=8)(bench)


def odd_bytes(bench: Bench) -> None:
    for response in bench.answers(table.pieces, (True,)):
        check(response.data == SAID, response.data)


def usage_last(bench: Bench) -> None:
    for response in bench.answers(good, (True,)):
        check(response.usage.tokens_prompt == 24, repr(response.usage))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def leaving(bench: Bench, how: str) -> None:
    """Streams that are left early give their connections back."""
    gate = after_half(lambda x: x.hang())

    async def leave_async(server: FaultServer, count: int) -> None:
        async with AsyncClient(providers=server.providers) as client:
            for _ in range(count):
                if how == "break":
                    async with await client.chat(HELLO, bench.vendor.model, stream=True) as stream:
                        async for _ in stream:
                            break
                    continue
                begun = asyncio.Event()

                async def read(begun: asyncio.Event = begun) -> None:
                    async for _ in await client.chat(HELLO, bench.vendor.model, stream=True):
                        begun.set()

                task = asyncio.create_task(read())
                await asyncio.wait_for(begun.wait(), 60)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    continue
                raise Wrong("the cancellation was swallowed")

    with bench.server(gate) as server:
        asyncio.run(leave_async(server, 2))
        time.sleep(0.2)
        before = descriptors()
        asyncio.run(leave_async(server, 50))
        if how == "break":
            with Client(providers=server.providers) as client:
                for _ in range(50):
                    for _ in client.chat(HELLO, bench.vendor.model, stream=True):
                        break
        for _ in range(1000):
            if descriptors() <= before + 1:
                return
            time.sleep(0.05)
        raise Wrong(f"{descriptors()} descriptors, {before} before")


def never_iterated(bench: Bench) -> None:
    code = f"""
import asyncio, gc, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from indox_core import AsyncClient, Client
from servers.faults import FaultServer
from servers.vendors import VENDORS
vendor = next(v for v in VENDORS if v.provider == {bench.provider!r})
hello = [{{"role": "user", "content": "Hello"}}]
with FaultServer(vendor, lambda x: x.good()) as server:
    client = Client(providers=server.providers)
    client.chat(hello, vendor.model, stream=True)
    gc.collect()
    async def run():
        async with AsyncClient(providers=server.providers) as client:
            await client.chat(hello, vendor.model, stream=True)
            gc.collect()
            await asyncio.sleep(0.05)
    asyncio.run(run())
"""
    silent(code)


def silent(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True, text=True, timeout=120,
        env={"PYTHONASYNCIODEBUG": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    # asyncio's debug mode also tells of steps over 0.1 s, which a busy machine has.
    said = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    check(done.returncode == 0 and not said, "\n".join(said)[-600:])


# Plugins: each a real distribution on a path of its own.


def plugin_home(folder: str, name: str, module: str, code: str, provider: str | None = None,
                metadata: bool = True) -> None:  # fmt: skip
    home = Path(folder)
    (home / f"{module}.py").write_text(code)
    info = home / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    entry = provider if provider is not None else name
    (info / "entry_points.txt").write_text(f"[indox]\n{entry} = {module}\n")
    if metadata:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")


@contextmanager
def installed_plugin(code: str, provider: str = "strange", **more: Any) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        module = f"strange_{threading.get_ident()}_{time.monotonic_ns()}"
        plugin_home(folder, "indox-strange", module, code, provider, **more)
        sys.path.insert(0, folder)
        try:
            yield folder
        finally:
            sys.path.remove(folder)
            sys.modules.pop(module, None)


ECHO = """
from indox_core.plugin import *
class P(Provider):
    spec = ProviderSpec(name={name!r}, contract={contract})
    def encode(self, request): {encode}
    def decode(self, body, operation=None): {decode}
    def connect(self, settings): return FunctionConnection(lambda call, access: {call})
@hookimpl
def indox_provider(): return P
"""
WHOLE = {"name": "strange", "contract": 1, "encode": 'return Call("x", {"a": 1})',
         "decode": 'return Reply(parts=(TextPart(text="ok"),), finish="stop")',
         "call": "{}"}  # fmt: skip


def strange(kind: type[IndoxError], text: str = "", **changes: Any) -> Arrangement:
    def run(bench: Bench) -> None:
        with installed_plugin(ECHO.format(**{**WHOLE, **changes})):
            chat_with_strange(bench, kind, text)

    return run


def chat_with_strange(bench: Bench, kind: type[IndoxError], text: str) -> None:
    for client in (Client(debug=False),):
        error = attempt(lambda client=client: client.chat(HELLO, "strange/x"))
        expect(error, kind, text)
    bench.answers(streams=(False,))  # the others go on working


def import_error(bench: Bench) -> None:
    with installed_plugin("raise ImportError('no such SDK')"):
        chat_with_strange(bench, PluginLoadError, "indox-strange")


def slow_import(bench: Bench) -> None:
    with installed_plugin("import time; print('loud'); time.sleep(30)") as folder:
        bench.answers(streams=(False,))
        (module,) = Path(folder).glob("*.py")
        check(module.stem not in sys.modules, "it was imported")


def two_claims(bench: Bench) -> None:
    twin = installed_plugin(ECHO.format(**WHOLE), provider=bench.provider)
    with twin, bench.server() as server:
        for outcome in bench.outcomes(server, streams=(False,)):
            expect(outcome, DuplicateProviderError, "indox-strange")
            check(f"indox-{bench.provider}" in str(outcome), "names only one of the two")
        check(server.connections == 0, "one of the two got the key")


def odd_names(bench: Bench) -> None:
    for name in ("open ai", "../x", "a" * 200):
        with installed_plugin(ECHO.format(**WHOLE), provider=name):
            expect(attempt(lambda name=name: Client().chat(HELLO, f"{name}/x")), IndoxError)
            bench.answers(streams=(False,))


def half_installed(bench: Bench) -> None:
    with installed_plugin(ECHO.format(**WHOLE), metadata=False):
        expect(attempt(lambda: Client().chat(HELLO, "strange/x")), ProviderNotFoundError)
        bench.answers(streams=(False,))


def wrong_results(bench: Bench) -> None:
    for value in ("None", "{}", '"text"'):
        strange(PluginLoadError, "decode", decode=f"return {value}")(bench)
        strange(PluginLoadError, "encode", encode=f"return {value}")(bench)


def leaking_exception(bench: Bench) -> None:
    handed = _handed(lambda call, access: _raise(Exception(f"Bearer {access.key_text}")))
    with Client(plugins=[handed], providers={"strange": {"api_key": KEY}}) as client:
        expect(attempt(lambda: client.chat(HELLO, "strange/x")), IndoxError)


def holding_exception(bench: Bench) -> None:
    import httpx2

    def fails(call: Any, access: Any) -> Any:
        headers = {"authorization": f"Bearer {access.key_text}"}
        raise httpx2.ConnectError("no", request=httpx2.Request("POST", "http://x", headers=headers))

    with Client(plugins=[_handed(fails)], providers={"strange": {"api_key": KEY}},
                max_retries=0) as client:  # fmt: skip
        error = attempt(lambda: client.chat(HELLO, "strange/x"))
        expect(error, NetworkError)
        check(error.__cause__ is None and error.__context__ is None, "the SDK's error is chained")


def holding_answer(bench: Bench) -> None:
    with Client(plugins=[_handed(lambda call, access: {"headers": {"x": 1}})],
                providers={"strange": {"api_key": KEY}}) as client:  # fmt: skip
        response = client.chat(HELLO, "strange/x")
        shown = f"{response!r} {response.model_dump()}"
        check(KEY not in shown and KEY.encode() not in pickle.dumps(response), "the key is kept")


def _raise(error: Exception) -> Any:
    raise error


def _handed(function: Any) -> Any:
    class Strange(Provider):
        spec = ProviderSpec(name="strange", contract=1, key_variable="STRANGE_API_KEY")

        def encode(self, request: Any) -> Call:
            return Call("x", {"a": 1})

        def decode(self, body: Any, operation: str | None = None) -> Reply:
            return Reply(parts=(TextPart(text="ok"),), finish="stop")

        def connect(self, settings: Any) -> FunctionConnection:
            return FunctionConnection(function)

    return type("Plugin", (), {"indox_provider": staticmethod(hookimpl(lambda: Strange))})()


def one_flavour(bench: Bench) -> None:
    plugin = _handed(lambda call, access: {})

    async def both() -> str:
        async with AsyncClient(plugins=[plugin], providers={"strange": {"api_key": KEY}}) as c:
            return (await c.chat(HELLO, "strange/x")).data

    check(asyncio.run(both()) == "ok", "no bridge")


def loops_in_a_row(bench: Bench) -> None:
    silent(f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from indox_core import AsyncClient
from servers.faults import FaultServer
from servers.vendors import VENDORS
vendor = next(v for v in VENDORS if v.provider == {bench.provider!r})
hello = [{{"role": "user", "content": "Hello"}}]
with FaultServer(vendor, lambda x: x.good()) as server:
    client = AsyncClient(providers=server.providers)
    async def run():
        assert (await client.chat(hello, vendor.model)).data == "You said: Hello"
    for _ in range(10):
        asyncio.run(run())
""")


def sync_in_a_loop(bench: Bench) -> None:
    async def run() -> None:
        with bench.server() as server, Client(providers=server.providers) as client:
            check(client.chat(HELLO, bench.vendor.model).data == SAID, "no answer")

    asyncio.run(run())


def threads(bench: Bench) -> None:
    with bench.server() as server, Client(providers=server.providers) as client:
        with ThreadPoolExecutor(32) as pool:
            said = list(pool.map(lambda n: client.chat(
                [{"role": "user", "content": f"{n:04d}"}], bench.vendor.model
            ).data, range(128)))  # fmt: skip
        check(said == [SAID] * 128, "an answer was mixed up")


def cancelled_while_connecting(bench: Bench) -> None:
    async def run() -> None:
        with bench.server(lambda x: x.good() if x.number > 50 else x.hang()) as server:
            async with AsyncClient(providers=server.providers) as client:
                tasks = [
                    asyncio.create_task(client.chat(HELLO, bench.vendor.model)) for _ in range(50)
                ]
                while len(server.received) < 50:  # noqa: ASYNC110 # in another thread
                    await asyncio.sleep(0.02)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                # What hangs does so for ever: to wait for it would be no answer.
                response = await client.chat(HELLO, bench.vendor.model, timeout=60)
                check(response.data == SAID, "no answer")

    asyncio.run(run())


def copies(bench: Bench) -> None:
    with bench.server() as server, Client(providers=server.providers) as client:
        response = client.chat(HELLO, bench.vendor.model)
        for value in (client, response, response.usage, response.receipt):
            shown = f"{value!r} {vars(value) if hasattr(value, '__dict__') else ''}"
            check(KEY not in shown, f"the key is in the repr of {type(value).__name__}")
        check(pickle.loads(pickle.dumps(response)) == response, "the response does not pickle")
        check(copy.deepcopy(response) == response, "the response does not copy")
        check(KEY not in json.dumps(response.model_dump()), "the key is in model_dump")
    for error in bench.fails(lambda x: x.error(401), AuthenticationError):
        check(copy.deepcopy(error) == error, "the error does not copy")


def no_fallback_after_output(bench: Bench) -> None:
    other = next(v for v in VENDORS if v.provider != bench.provider)
    play = after_half(lambda x: x.send(f"data: {json.dumps(overloaded_event(x))}\n\n".encode()))
    with bench.server(play) as server, FaultServer(other, good) as second:
        providers = {**server.providers, **second.providers}
        with Client(providers=providers) as client:
            stream = client.chat(HELLO, [bench.vendor.model, other.model], stream=True)
            texts: list[str] = []
            error = attempt(lambda: [texts.append(str(chunk)) for chunk in stream])
            expect(error, OverloadedError)
            check("".join(texts) == HALF, f"{texts}")
            check(second.received == [], "the second model was asked")
            named = [model in str(error) for model in (bench.vendor.model, other.model)]
            check(all(named), f"the error does not name both: {error}")


M = ValidationError
ITEMS: dict[str, Arrangement] = {
    "chat.messages-01": refuse_messages("messages is empty"),
    "chat.messages-02": no_messages,
    "chat.messages-04": refuse_messages("system, user, assistant, tool, function"),
    "chat.messages-06": refuse_messages("messages.0.role"),
    "chat.messages-07": refuse_messages("messages.0.content"),
    "chat.messages-08": empty_text,
    "chat.messages-10": only_system,
    "chat.messages-11": late_system,
    "chat.messages-12": assistant_first,
    "chat.messages-14": refuse_messages("surrogate"),
    "chat.messages-16": large_text,
    "chat.messages-18": refuse_messages("messages.0.content.0"),
    "chat.messages-20": refuse_messages("unknown part type"),
    "chat.messages-21": refuse_messages("extra_field"),
    "chat.messages-22": refuse_messages("messages.0.content"),
    "chat.messages-23": refuse_messages("tool_call_id"),
    "chat.messages-25": raising_generator,
    "chat.messages-26": unchanged_messages,
    "chat.params-01": refuse(M, "temperature"),
    "chat.params-03": refuse(M, "temperature"),
    "chat.params-04": temperature_of_claude,
    "chat.params-06": refuse(M, "temperature"),
    "chat.params-07": refuse(M, "max_tokens"),
    "chat.params-09": refuse(M, "max_tokens"),
    "chat.params-10": default_limit,
    "chat.params-12": several_answers_of_claude,
    "chat.params-13": unsupported({"seed": 1}, "seed"),
    "chat.params-15": refuse(M, "stop"),
    "chat.params-17": refuse(M, "unknown_param_xyz"),
    "chat.params-18": refuse(M, "timeout"),
    "chat.params-20": refuse(M, "timeout"),
    "chat.params-21": retries_for_ever,
    "chat.params-22": bad_headers({"X-Test": "a\r\nX-Injected: 1"}),
    "chat.params-24": bad_headers({"Host": "evil.example"}),
    "chat.params-25": base_url,
    "chat.params-27": base_url,
    "chat.model-01": wrong_model(ProviderNotFoundError),
    "chat.model-02": wrong_model(M),
    "chat.model-04": wrong_model(M),
    "chat.model-05": splitting,
    "chat.model-07": wrong_model(ProviderNotFoundError),
    "chat.model-08": wrong_model(M),
    "chat.model-10": unknown_model,
    "chat.key-01": no_key_at_all,
    "chat.key-02": bad_key(MissingKeyError),
    "chat.key-04": bad_key(M),
    "chat.key-06": bad_key(M, "int"),
    "chat.key-08": echoed_key,
    "chat.key-09": redirected,
    "chat.key-11": many_keys,
    "chat.media-01": never_fetched("http://169.254.169.254/latest/meta-data/"),
    "chat.media-02": never_fetched("http://127.0.0.1:PORT/secret.png"),
    "chat.media-05": never_fetched("http://metadata.google.internal/computeMetadata/v1/"),
    "chat.media-06": never_fetched("http://rebind.test/x.png"),
    "chat.media-07": never_fetched("http://public.test/x.png"),
    "chat.media-08": file_url,
    "chat.media-11": refuse_messages("base64"),
    "chat.media-13": refuse_messages("not that of an image"),
    "chat.media-14": pdf_as_image,
    "chat.media-15": never_fetched("http://127.0.0.1:PORT/large.png"),
    "chat.media-16": never_fetched("http://127.0.0.1:PORT/bomb.png"),
    "chat.media-18": audio,
    "chat.tools-01": refuse(M, "name"),
    "chat.tools-03": circular_schema,
    "chat.tools-04": unknown_choice,
    "chat.tools-06": broken_arguments,
    "chat.tools-09": calls_without_ids,
    "http.status-01": status(400, InvalidParametersError),
    "http.status-02": status(401, AuthenticationError),
    "http.status-03": quota,
    "http.status-05": html_404,
    "http.status-08": status(413, InvalidParametersError),
    "http.status-10": patient_retry,
    "http.status-11": bare_429,
    "http.status-12": far_retry,
    "http.status-14": odd_retry_after,
    "http.status-15": status(500, APIError, 3),
    "http.status-16": status(502, APIError, 3),
    "http.status-18": status(529, OverloadedError, 3),
    "http.status-20": fault(MalformedResponseError, lambda x: x.head(204)),
    "http.body-01": page,
    "http.body-02": fault(MalformedResponseError, lambda x: x.answer(b"")),
    "http.body-04": odd_bodies,
    "http.body-05": error_in_200,
    "http.body-08": no_choices,
    "http.body-09": null_content,
    "http.body-10": new_finish,
    "http.body-11": filtered,
    "http.body-13": no_usage,
    "http.body-14": negative_usage,
    "http.body-17": unknown_block,
    "http.body-18": huge_body,
    "http.body-19": bomb,
    "http.body-21": fault(MalformedResponseError, lambda x: x.answer(table.DEEP)),
    "network-01": refused_connection,
    "network-03": fault(NetworkError, lambda x: x.reset(), attempts=3),
    "network-05": hangs,
    "network-06": drips,
    "network-08": self_signed,
    "network-10": idle_connection,
    "stream-01": interrupted(after_half(lambda x: None)),
    "stream-03": interrupted(after_half(lambda x: x.reset())),
    "stream-04": interrupted(after_half(lambda x: x.send(b'data: {"cho'))),
    "stream-05": interrupted(after_half(lambda x: x.send(b"data: {oops}\n\n")),
                             MalformedResponseError),
    "stream-06": interrupted(
        after_half(lambda x: x.send(f"data: {json.dumps(overloaded_event(x))}\n\n".encode())),
        OverloadedError),
    "stream-08": interrupted(lambda x: x.events([]), partial=None),
    "stream-09": interrupted(
        lambda x: x.answer(b"<html>", content_type="text/html"), MalformedResponseError, None),
    "stream-10": stalls,
    "stream-11": odd_bytes,
    "stream-15": usage_last,
    "stream-16": lambda bench: leaving(bench, "break"),
    "stream-18": lambda bench: leaving(bench, "cancel"),
    "stream-19": never_iterated,
    "plugin-01": import_error,
    "plugin-03": slow_import,
    "plugin-04": two_claims,
    "plugin-06": odd_names,
    "plugin-07": strange(PluginLoadError, "upgrade indox-core", contract=99),
    "plugin-09": wrong_results,
    "plugin-11": leaking_exception,
    "plugin-12": holding_exception,
    "plugin-13": holding_answer,
    "plugin-15": one_flavour,
    "plugin-18": half_installed,
    "runtime-01": loops_in_a_row,
    "runtime-02": sync_in_a_loop,
    "runtime-04": threads,
    "runtime-06": cancelled_while_connecting,
    "runtime-07": copies,
    "runtime-09": no_fallback_after_output,
}  # fmt: skip


# What waits most of its time does so on all providers at once.
WAITING = ("chat.params-21", "http.status-10", "http.status-11", "network-01", "network-03",
           "network-05", "network-06", "stream-10")  # fmt: skip


def vendors_of(item: dict[str, Any]) -> list[Vendor]:
    """The providers an item is for: the one that it names, else all."""
    named = item["input"].get("provider") if isinstance(item["input"], dict) else None
    if item["area"] == "plugin":
        named = "openai"  # the plugin is the subject; one other must go on working
    return [v for v in VENDORS if named in (None, v.provider)]


def play(item: dict[str, Any], only: str | None = None) -> Problems:
    """What is wrong with one item, on each of its providers or on one."""
    arrangement = ITEMS.get(item["id"])
    if arrangement is None:
        return ["not known here"]

    def one(vendor: Vendor) -> Problems:
        try:
            arrangement(Bench(item, vendor))
        except Wrong as wrong:
            return [f"{vendor.provider}: {wrong}"]
        return []

    vendors = [vendor for vendor in vendors_of(item) if only in (None, vendor.provider)]
    with ThreadPoolExecutor(len(vendors) if item["id"] in WAITING else 1) as pool:
        return [problem for problems in pool.map(one, vendors) for problem in problems]


def items(folder: Path) -> list[dict[str, Any]]:
    listed = json.loads((folder / "bad-inputs.json").read_text())["items"]
    return [item for item in listed if item["area"] not in LEFT_OUT]


if __name__ == "__main__":
    every = items(Path(sys.argv[1]))
    wanted = sys.argv[2:] or [item["id"] for item in every]
    right = 0
    for item in every:
        if item["id"] not in wanted:
            continue
        began = time.monotonic()
        problems = play(item)
        right += not problems
        if problems or time.monotonic() - began > 3:
            print(f"{item['id']:18} {time.monotonic() - began:5.1f} s", *problems, sep="\n    ")
    print(f"{right} of {len(wanted)} as they must be")
    sys.exit(right < len(wanted))
