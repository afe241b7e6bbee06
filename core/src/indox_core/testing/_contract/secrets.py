"""What is kept apart: keys, prompts and users."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from indox_core import Client
from indox_core.plugin import Access, ChatRequest
from indox_core.testing._loopback import HTTPAnswer, LoopbackServer
from indox_core.testing._scenarios import TEXT

from .samples import HELLO, WAYS
from .traffic import Traffic


class Secrets(Traffic):
    """What is kept apart"""

    @pytest.mark.parametrize("way", WAYS)
    def test_a_key_belongs_to_one_call(self, way: str) -> None:
        """One client serves many users: whoever keeps a key lets one pay for another."""
        self._needs_address()
        if self.provider.spec.key_variable is None:
            pytest.skip(f"{self.provider.spec.name} needs no key")
        keys = ("sk-first-user", "sk-second-user")
        with self.server("text") as server:
            client, arguments = self._client_arguments(server, {})
            calls = [{**arguments, "byok_api_key": key} for key in keys]
            if way.startswith("async"):
                asyncio.run(self._aask(client, way, *calls))
            else:
                with Client(**client) as caller:
                    for call in calls:
                        answer: Any = caller.chat(HELLO, **call, stream=way == "stream")
                        list(answer)
            for key, received in zip(keys, server.received, strict=True):
                sent = str(received.headers)
                assert key in sent, f"The call with the key {key} was sent with another one."

    @pytest.mark.parametrize("way", WAYS)
    def test_users_do_not_mix(self, way: str) -> None:
        """Calls of several users at the same time: each with his own key and his own words."""
        self._needs_address()
        if self.provider.spec.key_variable is None:
            pytest.skip(f"{self.provider.spec.name} needs no key")
        names = ["Ada", "Bob", "Cem", "Dee"]
        with self.server("text") as server:
            self.asked_side_by_side(server, way, names)
            assert len(server.received) == len(names)
            for received in server.received:
                said = [name for name in names if f"I am {name}" in received.body.decode()]
                paid = [name for name in names if f"sk-of-{name}" in str(received.headers)]
                assert said == paid, f"{paid} pays for the words of {said}."

    @pytest.mark.parametrize("way", ["chat", "async stream"])
    def test_nothing_is_kept_of_a_call(self, way: str) -> None:
        """A connection lives as long as its client: what it keeps of a user stays in memory."""
        self._needs_address()
        with self.server("text") as server:
            client, arguments = self._client_arguments(server, {})
            kept: list[str] = []
            before = _held()
            known = {id(each) for each in before}

            def look() -> None:
                gc.collect()
                kept.extend(type(each).__name__ for each in _held() if id(each) not in known)

            if way.startswith("async"):
                asyncio.run(self._aask(client, way, arguments, after=look))
            else:
                with Client(**client) as caller:
                    caller.chat(HELLO, **arguments)
                    look()
        assert not kept, f"After the call, {set(kept)} is still referred to by somebody."

    @pytest.mark.parametrize("way", WAYS)
    def test_a_plugin_prints_and_logs_nothing(
        self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, way: str
    ) -> None:
        """The core logs one line for each attempt, without a word of the user's."""
        self._needs_address()
        homes = self._homes()
        with self.server("text") as server:
            capfd.readouterr()
            with caplog.at_level(logging.DEBUG):
                for name in [*logging.root.manager.loggerDict]:
                    if not name.startswith(("http", "asyncio", "aiohttp")):
                        caplog.set_level(logging.DEBUG, logger=name)
                assert self.ask(server, way).data == TEXT
        printed = "".join(capfd.readouterr())
        assert not printed, f"{way}: something is printed: {printed[:200]!r}"
        records = [
            record
            for record in caplog.records
            if homes & {path := Path(record.pathname).resolve(), *path.parents}
        ]
        assert not records, f"{way}: the plugin logs {records[0].getMessage()[:200]!r}."

    def _homes(self) -> set[Path]:
        """The plugin's folder, or its file if it is one module."""
        name = self.provider.__module__
        package = sys.modules.get(name.partition(".")[0])
        paths = getattr(package, "__path__", None) or [str(sys.modules[name].__file__)]
        return {Path(path).resolve() for path in paths}

    def test_redirects_are_not_followed(self) -> None:
        """A redirect would carry the key to another host."""
        self._needs_address()
        with (
            LoopbackServer(lambda received: HTTPAnswer({})) as other,
            LoopbackServer(
                lambda received: HTTPAnswer({}, 307, {"location": f"{other.url}/elsewhere"})
            ) as server,
        ):
            for way in WAYS:
                self.fails(server, way)
            assert other.received == [], "The request followed a redirect to another host."

    def test_the_environment_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two users of one process must not pay for each other."""
        prefix = (self.provider.spec.key_variable or "X_API_KEY").removesuffix("_API_KEY")
        for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "ORG_ID", "PROJECT_ID", "API_BASE"):
            monkeypatch.setenv(f"{prefix}_{name}", f"http://127.0.0.1:9/environment-{name}")
        monkeypatch.setenv(f"{prefix}_CUSTOM_HEADERS", "X-Canary: environment")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        with self.server("text") as server:
            for way in ("chat", "async stream"):
                assert self.ask(server, way).data == TEXT
            for received in server.received:
                wire = f"{received.path} {received.headers} {received.body!r}".lower()
                assert "environment" not in wire


def _held() -> list[Any]:
    """What calls are made of, as far as somebody still refers to it."""
    return [each for each in gc.get_objects() if type(each) in (Access, ChatRequest)]
