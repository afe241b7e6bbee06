"""No frame of ours on a traceback shows a key, whichever way it came in.

Reporters such as rich, pytest and Sentry print the locals of every frame.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import UserDict
from types import MappingProxyType

import pytest
from pydantic import SecretStr
from servers.faults import FaultServer
from servers.vendors import VENDORS

from indox_core import AsyncClient, Client, NetworkError, hookimpl

KEY = "sk-canary-0123456789abcdef"
HELLO = [{"role": "user", "content": "Hello"}]
CLIENTS = [Client, AsyncClient]


def frames(error):
    """The frames of our packages on the traceback, and on those of what it came of."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0].startswith("indox"):
                yield trace.tb_frame
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def shown(error):
    """Where the key is shown: the function and the local, in whatever it is contained."""
    found = []
    for frame in frames(error):
        for name, value in frame.f_locals.items():
            if KEY in repr(value) or KEY in str(value if isinstance(value, dict | list) else ""):
                found.append(f"{frame.f_code.co_qualname}: {name}")
    return found


def refused(make):
    with pytest.raises(Exception) as caught:  # noqa: PT011 # of whichever class
        make()
    assert list(frames(caught.value)), "no frame of ours: the test looks at nothing"
    return caught.value


def test_the_walk_finds_a_key_that_a_frame_of_ours_shows():
    """The guard itself: a frame of our package with a key in a container of its locals."""
    code = "def leak(key):\n    inside = {'x': [key]}\n    raise ValueError"
    ours = {"__name__": "indox_core.made_up"}
    exec(code, ours)
    assert shown(refused(lambda: ours["leak"](KEY))) == ["leak: key", "leak: inside"]


# Every way to hand a key to a client.
WAYS = {
    "api_key": {"api_key": KEY},
    "the key of a provider": {"providers": {"openai": {"api_key": KEY}}},
    "a secret key": {"providers": {"openai": {"api_key": SecretStr(KEY)}}},
    "a header": {"providers": {"openai": {"headers": {"x-team": KEY}}}},
    "other mappings": {
        "providers": UserDict(openai=MappingProxyType({"headers": UserDict({"x-team": KEY})}))
    },
    "a proxy's password": {"proxy": f"http://me:{KEY}@127.0.0.1:9"},
    "all": {
        "api_key": KEY,
        "providers": {"openai": {"api_key": KEY, "headers": {"x-team": KEY}}, "echo": {}},
        "proxy": f"http://me:{KEY}@127.0.0.1:9",
    },
}


class RefusesToRegister:
    @hookimpl
    def indox_befor_chat(self, request):
        """A hook that does not exist."""


class BreaksWhenRead:
    @hookimpl
    def indox_provider(self):
        raise RuntimeError("broken")


# What is wrong beside it, for each argument of a client.
WRONG = {
    "api_key": ["", 5],
    "providers": [5, {"openai": {"api_kee": "x"}}, {"openai": 5}, {"openai": {"base_url": "x"}}],
    "timeout": [-1, "x"],
    "idle_timeout": [-1],
    "max_retries": [-1],
    "on_unsupported": ["maybe"],
    "max_image_bytes": [0],
    "max_request_bytes": [0],
    "prices": [5, {"gpt": {}}, {"openai/x": {"inptu": "1"}}, "absent.toml"],
    "plugins": [5, [RefusesToRegister()], [BreaksWhenRead()]],
    "proxy": ["ftp://127.0.0.1", 5],
    "verify": [5],
    "transport": ["pigeon"],
    "debug": [5],
}


def test_each_argument_of_a_client_is_tried():
    assert list(WRONG) == list(inspect.signature(Client.__init__).parameters)[1:]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("argument", WRONG)
def test_an_error_while_a_client_is_made_shows_no_key(client, way, argument):
    for value in WRONG[argument]:
        arguments = {**WAYS[way], argument: value}
        assert shown(refused(lambda: client(**arguments))) == []  # noqa: B023 # called at once


# The key itself is what is wrong.
MISPLACED = [
    {"providers": KEY},
    {"providers": [KEY]},
    {"providers": {"openai": KEY}},
    {"providers": {"openai": [KEY]}},
    {"providers": {"openai": {"api_key": f"{KEY}\n"}}},
    {"providers": {"openai": {"api_key": KEY.encode()}}},
    {"providers": {"openai": {"api_key": [KEY]}}},
    {"providers": {"openai": {"api_key": SecretStr(f"{KEY} ")}}},
    {"providers": {"openai": {"token": KEY}}},
    {"providers": {"openai": {"headers": KEY}}},
    {"providers": {"openai": {"headers": {"authorization": f"Bearer {KEY}"}}}},
    {"providers": {"openai": {"headers": {"x-team": f"{KEY}\n"}}}},
    {"providers": {"openai": {"headers": {"x-team": KEY.encode()}}}},
    {"providers": {"openai": {"headers": {"x team": KEY}}}},
    {"providers": {"openai": {"base_url": f"https://me:{KEY}@host"}}},
    {"providers": {"openai": {"base_url": f"https://host/?key={KEY}"}}},
    {"providers": {"openai": {"base_url": KEY}}},
    {"providers": {"mine": {"compatible_with": "openai", "api_key": KEY}}},
    {"providers": {"Mine!": {"compatible_with": "openai", "base_url": "http://x", "api_key": KEY}}},
    {"api_key": f"{KEY}\n"},
    {"api_key": KEY.encode()},
    {"api_key": {"openai": KEY}},
    {"proxy": f"ftp://me:{KEY}@host"},
    {"proxy": f"http://me:{KEY}@"},
    {"proxy": f"http://me:{KEY}@host/?x"},
    {"proxy": {"https": f"http://me:{KEY}@host"}},
    {"proxy": f"http://me:{KEY}@host".encode()},
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("arguments", MISPLACED, ids=repr)
def test_a_key_at_the_wrong_place_is_refused_and_not_shown(client, arguments):
    error = refused(lambda: client(**arguments))
    assert shown(error) == []
    assert KEY not in str(error)
    assert "HiddenText" not in str(error)


def test_what_the_caller_handed_over_is_as_before():
    headers = {"x-team": KEY}
    providers = {"openai": {"api_key": KEY, "headers": headers, "base_url": "https://host/"}}
    with Client(providers=providers):
        pass
    refused(lambda: Client(providers=providers, timeout=-1))
    assert providers == {
        "openai": {"api_key": KEY, "headers": {"x-team": KEY}, "base_url": "https://host/"}
    }
    assert type(providers["openai"]["api_key"]) is str
    assert providers["openai"]["headers"] is headers
    assert KEY in repr(providers)


def test_a_mapping_that_contains_itself_or_breaks_is_refused_without_its_content():
    class Breaks(UserDict):
        def items(self):
            raise RuntimeError("no")

    endless = {"api_key": KEY}
    endless["headers"] = endless
    for providers in ({"openai": endless}, Breaks(openai={"api_key": KEY})):
        assert shown(refused(lambda: Client(providers=providers))) == []  # noqa: B023


# Per call

CALLS = {
    "chat": lambda client, **more: client.chat(HELLO, "openai/gpt-4o-mini", **more),
    "stream": lambda client, **more: client.chat(HELLO, "openai/gpt-4o-mini", stream=True, **more),
    "explain": lambda client, **more: client.explain(HELLO, "openai/gpt-4o-mini", **more),
    "models": lambda client, **more: client.models("openai", **more),
    "count_tokens": lambda client, **more: client.count_tokens(HELLO, "openai/gpt-4o", **more),
}
BESIDE = [{"timeout": -1}, {"max_retries": "x"}, {"byok_api_kee": KEY}, {"api_key": KEY},
          {"unknown": {"x": [KEY]}, "other": KEY}]  # fmt: skip
BAD_KEYS = [f"{KEY} ", f"{KEY}\n", KEY.encode(), [KEY], {"x": KEY}, SecretStr(f"{KEY} ")]


def called(client, call, **more):
    if client is Client:
        with Client() as made:
            return CALLS[call](made, **more)

    async def run():
        async with AsyncClient() as made:
            return await CALLS[call](made, **more)

    return asyncio.run(run())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("more", BESIDE, ids=repr)
def test_an_error_beside_the_key_of_a_call_shows_no_key(client, call, more):
    error = refused(lambda: called(client, call, byok_api_key=KEY, **more))
    assert shown(error) == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", BAD_KEYS, ids=repr)
def test_a_key_of_a_call_that_is_no_key_is_not_shown(client, call, key):
    error = refused(lambda: called(client, call, byok_api_key=key))
    assert shown(error) == []
    assert KEY not in str(error)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("value", [f"{KEY} ", f"{KEY}\n", f"{KEY}é"], ids=repr)
def test_a_key_of_the_environment_that_is_no_key_is_not_shown(client, value, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", value)
    error = refused(lambda: called(client, "chat"))
    assert "OPENAI_API_KEY" in str(error)
    assert shown(error) == []


FAULTS = {
    "refused": lambda x: x.error(401, f"Incorrect API key provided: {KEY}"),
    "overloaded": lambda x: x.error(500, KEY),
    "no answer": lambda x: x.answer({"key": KEY}),
    "reset": lambda x: x.reset(),
    "events without an end": lambda x: x.events([{"error": KEY}]),
}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.provider)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("way", ["configured", "per call", "environment"])
def test_a_call_that_fails_shows_no_key_and_no_header(vendor, fault, stream, way, monkeypatch):
    config, more = {"headers": {"x-team": KEY}}, {}
    if way == "configured":
        config["api_key"] = KEY
    elif way == "per call":
        more = {"byok_api_key": KEY}
    else:
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY"):
            monkeypatch.setenv(name, KEY)
    with FaultServer(vendor, FAULTS[fault]) as server:
        config["base_url"] = server.providers[vendor.provider]["base_url"]
        with Client(providers={vendor.provider: config}, max_retries=0) as client:

            def call():
                answer = client.chat(HELLO, vendor.model, stream=stream, **more)
                return list(answer) if stream else answer

            error = refused(call)
    assert shown(error) == []
    assert KEY not in str(error)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of aiohttp, by httpx-aiohttp
@pytest.mark.parametrize("transport", [None, "httpx2", "aiohttp"])
def test_a_proxy_that_refuses_shows_no_password(transport):
    """Without a transport by the sync client, else by the async one."""
    arguments = {
        "proxy": f"http://me:{KEY}@127.0.0.1:9",
        "providers": {"openai": {"api_key": KEY}},
        "max_retries": 0,
    }

    async def run():
        async with AsyncClient(**arguments, transport=transport) as made:
            return await made.chat(HELLO, "openai/gpt-4o-mini")

    def call():
        if transport is not None:
            return asyncio.run(run())
        with Client(**arguments) as made:
            return made.chat(HELLO, "openai/gpt-4o-mini")

    error = refused(call)
    assert isinstance(error, NetworkError)
    assert shown(error) == []
    assert KEY not in str(error)
