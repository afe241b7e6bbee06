"""How many recorded exchanges are read right: `uv run python tests/replay.py FOLDER`.

FOLDER holds `recordings/` and `replay/`. Each recording is served on loopback to the official SDK
through `Client.chat` or `AsyncClient.chat`, streams also cut at odd byte positions.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from indox_core import AsyncClient, CallError, ChatResponse, Client, IndoxError
from indox_core._plugins.registry import installed

PROVIDERS = ("openai", "anthropic", "gemini", "mistral")
PREFIXES = {"gemini": "google"}
APIS = {"chat.completions": "chat", "responses": "responses"}
USAGE = {
    "input_total": "tokens_prompt",
    "output_total": "tokens_completion",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
    "web_searches": "web_search_count",
}


def load(folder: Path) -> list[dict[str, Any]]:
    """The recordings of providers whose plugin is installed."""
    names = {item.name for item in installed()}
    records = [json.loads(path.read_text()) for path in sorted(folder.glob("recordings/*/*.json"))]
    return [r for r in records if PREFIXES.get(r["provider"], r["provider"]) in names]


def differences(record: dict[str, Any], answer: ChatResponse | IndoxError) -> dict[str, Any]:
    """What was read otherwise than expected: what was read and what it should be."""
    expected = record["expected"]
    if isinstance(answer, IndoxError):
        return _error_differences(expected["error"], answer, record)
    if expected["error"] is not None:
        return {"error": ("an answer", expected["error"])}
    calls = [
        {"name": call.name, "arguments": call.arguments, "raw": call.arguments_raw}
        for call in answer.tool_calls
    ]
    wanted = [
        {"name": c["name"], "arguments": c["arguments"], "raw": c.get("arguments_raw")}
        for c in expected["tool_calls"]
    ]
    pairs = {
        "text": (answer.data, expected["text"]),
        "thinking": (answer.reasoning, expected["thinking"]),
        "refusal": (answer.refusal, expected["refusal"]),
        "tool_calls": (calls, wanted),
        "finish": (answer.finish.raw, expected.get("finish_detail") or expected["finish_reason"]),
        "model": (answer.served_model, expected["response_model"]),
        "id": (answer.provider_request_id, expected["response_id"]),
    }
    if expected.get("choices"):
        texts = [choice["message"]["content"] for choice in answer["choices"]]
        pairs["choices"] = (texts, [choice["text"] for choice in expected["choices"]])
    pairs.update(_usage_pairs(answer, expected["usage"]))
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _usage_pairs(answer: ChatResponse, usage: dict[str, Any] | None) -> dict[str, Any]:
    if usage is None:
        return {"usage": (answer.usage.cost_status, "no_usage")}
    return {name: (getattr(answer.usage, ours), usage[name] or 0) for name, ours in USAGE.items()}


def _error_differences(
    expected: dict[str, Any] | None, error: IndoxError, record: dict[str, Any]
) -> dict[str, Any]:
    if expected is None or not isinstance(error, CallError):
        return {"error": (f"{type(error).__name__}: {error}", expected)}
    headers = {name.lower(): value for name, value in record["response"]["headers"].items()}
    body = record["response"].get("body")
    own = body.get("request_id") if isinstance(body, dict) else None
    code = expected["code"]
    header = headers.get("x-request-id") or headers.get("request-id")
    pairs = {
        "status": (error.status_code, expected["status"]),
        # The vendor's code, or its name for the kind of error where it has no code of text.
        "code": (error.code, code if isinstance(code, str) else expected["type"]),
        "request_id": (error.request_id, own or header),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def ask(client: Any, record: dict[str, Any]) -> Any:
    """The call; what is asked does not matter, the answer is recorded."""
    provider = PREFIXES.get(record["provider"], record["provider"])
    options: dict[str, Any] = {"max_retries": 0, "timeout": 30}
    if provider == "openai":
        options["provider_options"] = {provider: {"api": APIS[record["endpoint"]]}}
    model = record["expected"]["request_model"] or "unknown"
    messages = [{"role": "user", "content": "Go on."}]
    return client.chat(messages, f"{provider}/{model}", stream=record["stream"], **options)


def configured(record: dict[str, Any], url: str) -> dict[str, Any]:
    provider = PREFIXES.get(record["provider"], record["provider"])
    base_url = f"{url}/v1" if provider == "openai" else url
    return {"providers": {provider: {"api_key": "sk-replay", "base_url": base_url}}}


def read_sync(record: dict[str, Any], url: str) -> ChatResponse | IndoxError:
    try:
        with Client(**configured(record, url)) as client:
            answer = ask(client, record)
            if not record["stream"]:
                return answer
            for _ in answer:
                pass
            return answer.response
    except IndoxError as error:
        return error


def read_async(record: dict[str, Any], url: str) -> ChatResponse | IndoxError:
    async def read() -> ChatResponse:
        async with AsyncClient(**configured(record, url)) as client:
            answer = await ask(client, record)
            if not record["stream"]:
                return answer
            async for _ in answer:
                pass
            return answer.response

    try:
        return asyncio.run(read())
    except IndoxError as error:
        return error


def score(folder: Path, sample: bool = False) -> tuple[list[str], dict[str, Any]]:
    """A table, and the differences of each recording that was not read right.

    As a sample, each recording is read in one of its ways, in turn.
    """
    sys.path.insert(0, str(folder / "replay"))
    from replay_server import ReplayServer

    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    wrong: dict[str, Any] = {}
    with ReplayServer([str(folder / "recordings")]) as server:
        for number, record in enumerate(load(folder)):
            identifier = record["id"]
            urls = [server.url(identifier)]
            if record["stream"]:
                urls += [server.url(identifier, split=7), server.url(identifier, crlf=1)]
            ways = list(itertools.product(urls, (read_sync, read_async)))
            found: dict[str, Any] = {}
            for url, read in [ways[number % len(ways)]] if sample else ways:
                found |= differences(record, read(record, url))
            for feature in (record["provider"], f"{record['provider']}: {record['endpoint']}",
                            *record["features"]):  # fmt: skip
                seen[feature] += 1
                right[feature] += not found
            if found:
                wrong[identifier] = found
    table = [f"{right[name]:4d} of {seen[name]:4d}  {name}" for name in sorted(seen)]
    return table, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    table, wrong = score(parser.parse_args().folder)
    print("\n".join(table))
    for identifier, found in wrong.items():
        print(identifier)
        for name, (got, wanted) in found.items():
            print(f"    {name}: read {got!r:.300}\n    {'':{len(name)}}  want {wanted!r:.300}")


if __name__ == "__main__":
    main()
