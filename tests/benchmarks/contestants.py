"""One contestant in a process of its own: asks the stub as it is told, and says what that cost.

    python contestants.py KIND VENDOR URL

reads loads as JSON lines, `{"load": ..., "count": ...}`, and answers each with `cpu_s` (user and
system time of this process), `wall_s` and `units` (calls, or pieces of streams). Every answer is
checked, so that nobody wins by skipping work.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(__file__).rpartition("/")[0])

import stub

KEY = "sk-of-the-benchmark"
MODELS = {
    "openai": "gpt-4o-mini",
    "responses": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash",
    "mistral": "mistral-small-latest",
}
QUESTION = "Say something about foxes and dogs, please, in a sentence or two. " * 14
IMAGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3072).decode()
SYSTEM = "You are a helpful assistant."


def conversation(length: int) -> list[dict[str, str]]:
    """`length` messages, the system's first, taking turns and ending with the user's."""
    if length == 2:
        texts = [QUESTION]
    else:
        texts = [f"{number}: {QUESTION[:90]}" for number in range(length - 1)]
    turns = [
        {"role": "user" if number % 2 == 0 else "assistant", "content": text}
        for number, text in enumerate(texts)
    ]
    return [{"role": "system", "content": SYSTEM}, *turns[: len(turns) - 1 + len(turns) % 2]]


class Contestant:
    """How one library asks one vendor. `messages` are neutral; the library's own form is made of
    them beforehand, as a program would have it at hand."""

    def __init__(self, vendor: str, url: str) -> None:
        self.vendor = vendor
        self.url = url
        self.model = MODELS[vendor]

    def base(self, how: str) -> str:
        return f"{self.url}/{how}/{self.vendor}"

    def prepared(self, messages: list[dict[str, str]], image: str | None) -> Any:
        raise NotImplementedError

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        raise NotImplementedError

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        raise NotImplementedError

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        raise NotImplementedError

    def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        raise NotImplementedError


class Indox(Contestant):
    """The whole of a call: validation, mapping, hooks, usage and cost."""

    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self.provider = {"responses": "openai", "gemini": "google"}.get(vendor, vendor)
        self._clients: dict[tuple[str, bool], Any] = {}
        self._options: dict[str, Any] = {"max_tokens": 1000, "temperature": 0.5}
        if vendor == "responses":
            self._options["provider_options"] = {"openai": {"api": "responses"}}

    def client(self, how: str, asynchronous: bool = False) -> Any:
        from indox_core import AsyncClient, Client

        made = self._clients.get((how, asynchronous))
        if made is None:
            options = self.client_options() if asynchronous else {
                name: value for name, value in self.client_options().items() if name != "transport"
            }  # fmt: skip
            config = {"api_key": KEY, "base_url": self.base(how)}
            kind = AsyncClient if asynchronous else Client
            made = kind(providers={self.provider: config}, **options)  # type: ignore[arg-type]
            self._clients[how, asynchronous] = made
        return made

    def client_options(self) -> dict[str, Any]:
        return {}

    def prepared(self, messages: list[dict[str, str]], image: str | None) -> Any:
        shown: list[Any] = list(messages)
        if image is not None:
            text = {"type": "text", "text": messages[-1]["content"]}
            part = {"type": "image", "image": {"data": image, "media_type": "image/png"}}
            shown[-1] = {"role": "user", "content": [text, part]}
        return {"messages": shown, "model": f"{self.provider}/{self.model}", **self._options}

    def checked(self, response: Any) -> tuple[str, int]:
        assert response.usage.cost is not None
        return response.data, response.usage.tokens_total

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        return self.checked(self.client(how).chat(**prepared))

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        return self.checked(await self.client(how, True).chat(**prepared))

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        stream = self.client(how).chat(**prepared, stream=True)
        for chunk in stream:
            yield chunk.data
        self.checked(stream.response)

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        stream = await self.client(how, True).chat(**prepared, stream=True)
        async for chunk in stream:
            yield chunk.data
        self.checked(stream.response)


class IndoxUnpriced(Indox):
    """Indox with prices of the user's own, so that the price library is not loaded."""

    def client_options(self) -> dict[str, Any]:
        rates = {"input": "0.15", "output": "0.6"}
        return {"prices": {f"{self.provider}/{self.model}": rates}}


class IndoxPublic(Indox):
    """Indox where an SDK's private parts have moved: its public calls alone."""

    def client(self, how: str, asynchronous: bool = False) -> Any:
        import indox_google._connection
        import indox_mistral._connection

        indox_google._connection.private_transport = lambda: None
        indox_mistral._connection.hook_context = lambda: None
        return super().client(how, asynchronous)


class SDK(Contestant):
    """The vendor's official SDK as its documentation shows it, with one client."""

    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self._clients: dict[tuple[str, bool], Any] = {}

    def client(self, how: str, asynchronous: bool = False) -> Any:
        made = self._clients.get((how, asynchronous))
        if made is None:
            made = self._clients[how, asynchronous] = self._made(self.base(how), asynchronous)
        return made

    def _made(self, base: str, asynchronous: bool) -> Any:
        if self.vendor in ("openai", "responses"):
            import openai

            kind = openai.AsyncOpenAI if asynchronous else openai.OpenAI
            return kind(api_key=KEY, base_url=base)
        if self.vendor == "anthropic":
            import anthropic

            made = anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic
            return made(api_key=KEY, base_url=base)
        if self.vendor == "gemini":
            from google import genai
            from google.genai import types

            google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=base))
            return google.aio if asynchronous else google
        from mistralai.client import Mistral

        return Mistral(api_key=KEY, server_url=base)

    def prepared(self, messages: list[dict[str, str]], image: str | None) -> Any:
        return _PREPARED[self.vendor](self.model, messages, image)

    def call(self, client: Any, stream: bool, asynchronous: bool) -> Callable[..., Any]:
        made: Any
        if self.vendor == "openai":
            made = client.chat.completions.create
        elif self.vendor == "responses":
            made = client.responses.create
        elif self.vendor == "anthropic":
            made = client.messages.create
        elif self.vendor == "gemini":
            models = client.models
            made = models.generate_content_stream if stream else models.generate_content
        else:
            names = {(False, False): "complete", (True, False): "stream",
                     (False, True): "complete_async", (True, True): "stream_async"}  # fmt: skip
            made = getattr(client.chat, names[stream, asynchronous])
        return made  # type: ignore[no-any-return]

    def _options(self, stream: bool) -> dict[str, Any]:
        if not stream or self.vendor in ("gemini", "mistral"):
            return {}
        extra = {"stream_options": {"include_usage": True}} if self.vendor == "openai" else {}
        return {"stream": True, **extra}

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        return _READ[self.vendor](self.call(self.client(how), False, False)(**prepared))

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        call = self.call(self.client(how, True), False, True)
        return _READ[self.vendor](await call(**prepared))

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        call = self.call(self.client(how), True, False)
        for event in call(**prepared, **self._options(True)):
            yield _PIECE[self.vendor](event)

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        call = self.call(self.client(how, True), True, True)
        async for event in await call(**prepared, **self._options(True)):
            yield _PIECE[self.vendor](event)


def _openai(model: str, messages: Any, image: str | None) -> Any:
    shown = list(messages)
    if image is not None:
        url = {"url": f"data:image/png;base64,{image}"}
        shown[-1] = {"role": "user", "content": [
            {"type": "text", "text": messages[-1]["content"]},
            {"type": "image_url", "image_url": url}]}  # fmt: skip
    return {"model": model, "messages": shown, "max_tokens": 1000, "temperature": 0.5}


def _responses(model: str, messages: Any, image: str | None) -> Any:
    shown = list(messages)
    if image is not None:
        shown[-1] = {"role": "user", "content": [
            {"type": "input_text", "text": messages[-1]["content"]},
            {"type": "input_image", "image_url": f"data:image/png;base64,{image}",
             "detail": "auto"}]}  # fmt: skip
    return {"model": model, "input": shown, "max_output_tokens": 1000, "temperature": 0.5}


def _anthropic(model: str, messages: Any, image: str | None) -> Any:
    shown = list(messages[1:])
    if image is not None:
        source = {"type": "base64", "media_type": "image/png", "data": image}
        shown[-1] = {"role": "user", "content": [
            {"type": "text", "text": messages[-1]["content"]},
            {"type": "image", "source": source}]}  # fmt: skip
    return {"model": model, "messages": shown, "system": messages[0]["content"],
            "max_tokens": 1000}  # fmt: skip


def _gemini(model: str, messages: Any, image: str | None) -> Any:
    from google.genai import types

    contents: list[Any] = [
        {"role": "model" if message["role"] == "assistant" else "user",
         "parts": [{"text": message["content"]}]}
        for message in messages[1:]
    ]  # fmt: skip
    if image is not None:
        data = base64.b64decode(image)
        contents[-1]["parts"].append(types.Part.from_bytes(data=data, mime_type="image/png"))
    config = {"system_instruction": messages[0]["content"], "max_output_tokens": 1000,
              "temperature": 0.5}  # fmt: skip
    return {"model": model, "contents": contents, "config": config}


def _mistral(model: str, messages: Any, image: str | None) -> Any:
    return _openai(model, messages, image)


_PREPARED = {"openai": _openai, "responses": _responses, "anthropic": _anthropic,
             "gemini": _gemini, "mistral": _mistral}  # fmt: skip
_READ: dict[str, Callable[[Any], tuple[str, int]]] = {
    "openai": lambda r: (r.choices[0].message.content, r.usage.total_tokens),
    "responses": lambda r: (r.output_text, r.usage.total_tokens),
    "anthropic": lambda r: (r.content[0].text, r.usage.input_tokens + r.usage.output_tokens),
    "gemini": lambda r: (r.text, r.usage_metadata.total_token_count),
    "mistral": lambda r: (r.choices[0].message.content, r.usage.total_tokens),
}
_PIECE: dict[str, Callable[[Any], str]] = {
    "openai": lambda e: e.choices[0].delta.content or "" if e.choices else "",
    "responses": lambda e: e.delta if e.type == "response.output_text.delta" else "",
    "anthropic": lambda e: e.delta.text if e.type == "content_block_delta" else "",
    "gemini": lambda e: e.text or "",
    "mistral": lambda e: e.data.choices[0].delta.content or "",
}


class Bare(Contestant):
    """httpx2 and json, by hand: what a program without any SDK would pay."""

    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        import httpx2

        self._client = httpx2.Client(timeout=60)
        self._async_client = httpx2.AsyncClient(timeout=60)

    def prepared(self, messages: list[dict[str, str]], image: str | None) -> Any:
        if self.vendor == "gemini":
            body: Any = {"contents": [{"role": "model" if m["role"] == "assistant" else "user",
                                       "parts": [{"text": m["content"]}]} for m in messages[1:]],
                         "systemInstruction": {"parts": [{"text": SYSTEM}]},
                         "generationConfig": {"maxOutputTokens": 1000}}  # fmt: skip
            if image is not None:
                part = {"inlineData": {"mimeType": "image/png", "data": image}}
                body["contents"][-1]["parts"].append(part)
            return body
        return _PREPARED[self.vendor](self.model, messages, image)

    def request(self, how: str, body: Any, stream: bool) -> dict[str, Any]:
        paths = {"openai": "/chat/completions", "responses": "/responses",
                 "anthropic": "/v1/messages", "mistral": "/v1/chat/completions",
                 "gemini": f"/v1beta/models/{self.model}:generateContent"}  # fmt: skip
        path = paths[self.vendor]
        if stream and self.vendor == "gemini":
            path = path.replace(":g", ":streamG") + "?alt=sse"
        elif stream:
            body = {**body, "stream": True}
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        url = self.base(how) + path
        return {"method": "POST", "url": url, "content": json.dumps(body), "headers": headers}

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        response = self._client.request(**self.request(how, prepared, False))
        return _bare(self.vendor, response.json())

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        response = await self._async_client.request(**self.request(how, prepared, False))
        return _bare(self.vendor, response.json())

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        with self._client.stream(**self.request(how, prepared, True)) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    yield _bare_piece(self.vendor, json.loads(line[6:]))

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        async with self._async_client.stream(**self.request(how, prepared, True)) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield _bare_piece(self.vendor, json.loads(line[6:]))


def _bare(vendor: str, body: Any) -> tuple[str, int]:
    if vendor == "responses":
        return body["output"][0]["content"][0]["text"], body["usage"]["total_tokens"]
    if vendor == "anthropic":
        usage = body["usage"]
        return body["content"][0]["text"], usage["input_tokens"] + usage["output_tokens"]
    if vendor == "gemini":
        text = body["candidates"][0]["content"]["parts"][0]["text"]
        return text, body["usageMetadata"]["totalTokenCount"]
    return body["choices"][0]["message"]["content"], body["usage"]["total_tokens"]


def _bare_piece(vendor: str, event: Any) -> str:
    if vendor == "responses":
        return str(event["delta"]) if event["type"] == "response.output_text.delta" else ""
    if vendor == "anthropic":
        return str(event["delta"]["text"]) if event["type"] == "content_block_delta" else ""
    if vendor == "gemini":
        return str(event["candidates"][0]["content"]["parts"][0]["text"])
    return (event["choices"][0]["delta"]["content"] or "") if event["choices"] else ""


class IndoxAiohttp(Indox):
    """Indox with the transport of the extra `[aiohttp]`."""

    def client_options(self) -> dict[str, Any]:
        return {"transport": "aiohttp"}


KINDS: dict[str, type[Contestant]] = {
    "indox": Indox,
    "indox-public": IndoxPublic,
    "indox-unpriced": IndoxUnpriced,
    "indox-aiohttp": IndoxAiohttp,
    "sdk": SDK,
    "bare": Bare,
}
LOOP = asyncio.Runner()
"""One loop for all: the plain SDKs' clients do not outlive theirs."""
CHUNKS = 200
PACED = 50
_WHOLE = (stub.TEXT, stub.READ + stub.WRITTEN)


def run(contestant: Contestant, load: str, count: int) -> int:
    """Units of work done; raises if an answer is wrong."""
    name, _, size = load.partition(":")
    image = IMAGE if name == "image" else None
    length = {"conversation": 100, "messages": int(size or 0)}.get(name, 2)
    prepared = contestant.prepared(conversation(length), image)
    if name == "burst" or name == "chunks":
        chunks = int(size or CHUNKS)
        for _ in range(count):
            text = "".join(contestant.stream(f"burst-{chunks}", prepared))
            assert text == stub.spoken(chunks), text[-80:]
        return count * chunks
    if name == "async":
        return LOOP.run(_many(count, lambda: contestant.achat("plain", prepared), 1))
    if name == "inflight":
        return LOOP.run(_many(count, lambda: contestant.achat("delay-50", prepared), int(size)))
    if name == "keys":
        assert isinstance(contestant, Indox)
        for number in range(count):
            call = {**prepared, "byok_api_key": f"sk-key-{number}"}
            assert contestant.chat("plain", call) == _WHOLE
        return count
    if name == "paced":
        return LOOP.run(_paced(contestant, prepared, count))
    for _ in range(count):
        assert contestant.chat("plain", prepared) == _WHOLE
    return count


async def _many(count: int, ask: Callable[[], Awaitable[tuple[str, int]]], width: int) -> int:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            assert await ask() == _WHOLE

    await asyncio.gather(*(worker() for _ in range(width)))
    return count


async def _paced(contestant: Contestant, prepared: Any, count: int) -> int:
    for _ in range(count):
        pieces = [piece async for piece in contestant.astream(f"paced-{PACED}-2", prepared)]
        assert "".join(pieces) == stub.spoken(PACED)
    return count * PACED


def _resident_kib() -> int:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _sockets() -> int:
    opened = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            opened += str(entry.readlink()).startswith("socket:")
    return opened


def first(kind: str, vendor: str, url: str) -> None:
    """One call, for a process that makes no other."""
    contestant = KINDS[kind](vendor, url)
    assert contestant.chat("plain", contestant.prepared(conversation(2), None)) == _WHOLE


def main() -> None:
    kind, vendor, url = sys.argv[1:4]
    contestant = KINDS[kind](vendor, url)
    for line in sys.stdin:
        asked = json.loads(line)
        gc.collect()
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        try:
            units = run(contestant, asked["load"], asked["count"])
        except NotImplementedError:
            units = 0
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        told = {
            "cpu_s": cpu,
            "wall_s": time.perf_counter() - began,
            "units": units,
            "rss_kib": _resident_kib(),
            "sockets": _sockets(),
        }
        print(json.dumps(told), flush=True)
    LOOP.close()


if __name__ == "__main__":
    main()
