"""What becomes of requests that OpenAI took.

`uv run python tests/vendors/accepted_requests.py FOLDER`: FOLDER holds `accepted-requests.jsonl`,
bodies of Chat Completions that were answered with 200. Each is given to `explain` of four
providers. Told are the refusals by their reasons, and what is sent otherwise than it was given
without an adaptation that says so.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indox_core import Client, IndoxError

MODELS = {
    "openai": None,  # the one that was asked
    "anthropic": "claude-sonnet-4-5",
    "google": "gemini-2.5-flash",
    "mistral": "mistral-medium-latest",
}
CANONICAL = (
    "temperature", "top_p", "seed", "stop", "tools", "tool_choice", "parallel_tool_calls",
    "reasoning_effort",
)  # fmt: skip
RENAMED = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "response_format": "response_schema",
}
OPTIONS = (
    "service_tier", "verbosity", "presence_penalty", "frequency_penalty", "n", "prompt_cache_key",
    "safety_identifier",
)  # fmt: skip
"""Fields of `provider_options["openai"]`; whatever else there is goes into its `extra_body`."""
ALWAYS = {"store": False, "stream_options": {"include_usage": True}}
"""What the plugin says in each request; the docs tell it."""


def load(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "accepted-requests.jsonl").read_text().splitlines()
    return [json.loads(line)["body"] for line in lines if line.strip()]


def _readable(message: dict[str, Any]) -> dict[str, Any]:
    """A message whose parts that only OpenAI knows stand in their own words."""
    content = message.get("content")
    if message["role"] != "user" or not isinstance(content, list):
        return message
    return {**message, "content": [_own_words(part) for part in content]}


def _own_words(part: dict[str, Any]) -> dict[str, Any]:
    is_id = "file_id" in (part.get("file") or {})
    if "prompt_cache_breakpoint" not in part and not is_id:
        return part
    state = {"provider": "openai", "api": "chat.completions", "data": part}
    return {"type": "text", "text": "", "provider_state": state}


def _portable(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the marks of OpenAI's cache, which say nothing to another vendor."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    marks = ("prompt_cache_breakpoint",)
    parts = [{key: part[key] for key in part if key not in marks} for part in content]
    return {**message, "content": parts}


def _known(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The functions, without what only OpenAI's or a program's own words say of them."""
    functions = [tool["function"] for tool in tools if tool["type"] == "function"]
    return [
        {"type": "function", "function": {key: one[key] for key in one if key in _TOOL_KEYS}}
        for one in functions
    ]


_TOOL_KEYS = ("name", "description", "parameters", "strict")


def arguments_of(body: dict[str, Any], provider: str = "openai") -> dict[str, Any]:
    """The arguments of `chat` that ask for what a body of Chat Completions asks for."""
    given = {name: value for name, value in body.items() if value is not None}
    model = MODELS[provider] or given["model"]
    asked: dict[str, Any] = {
        "messages": given["messages"],
        "model": f"{provider}/{model}",
        "stream": given.get("stream", False),
    }
    asked |= {name: given[name] for name in CANONICAL if name in given}
    asked |= {ours: given[name] for name, ours in RENAMED.items() if name in given}
    tools = _known(given.get("tools", []))
    if "tools" in asked:
        asked["tools"] = tools
    choice = given.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] != "function":
        del asked["tool_choice"]
    if provider != "openai":
        asked["messages"] = [_portable(message) for message in given["messages"]]
        if "web_search_options" in given:
            asked["web_search"] = True
        return asked
    asked["messages"] = [_readable(message) for message in given["messages"]]
    options: dict[str, Any] = {name: given[name] for name in OPTIONS if name in given}
    known = {"messages", "model", "stream", *CANONICAL, *RENAMED, *OPTIONS}
    extra = {name: given[name] for name in given if name not in known}
    extra = {name: value for name, value in extra.items() if ALWAYS.get(name) != value}
    if tools != given.get("tools", []):  # as they are, in the spelling of Chat Completions
        extra["tools"] = given["tools"]
        options["api"] = "chat"
    if "tool_choice" in given and "tool_choice" not in asked:
        extra["tool_choice"] = choice
        options["api"] = "chat"
    if extra:
        options["extra_body"] = extra
    if options:
        asked["provider_options"] = {"openai": options}
    return asked


def common(body: dict[str, Any]) -> dict[str, Any]:
    """A body of either API as one form: values by the paths that adaptations use."""
    flat: dict[str, Any] = {}
    if "input" in body:
        _responses(body, flat)
    else:
        _chat(body, flat)
    return {path: value for path, value in flat.items() if value not in (None, [], {})}


def _chat(body: dict[str, Any], flat: dict[str, Any]) -> None:
    flat["messages"] = [item for each in enumerate(body["messages"]) for item in _items(*each)]
    rest = {name: body[name] for name in body if name != "messages"}
    form = rest.pop("response_format", None) or {}
    if form.get("type", "text") != "text":
        flat["response_schema"] = {"type": form["type"], **form.get("json_schema", {})}
    tools = rest.pop("tools", None) or []
    flat["tools"] = [_tool(tool.get("function", tool)) for tool in tools]
    choice = rest.pop("tool_choice", None)
    named = choice.get("function") if isinstance(choice, dict) else None
    flat["tool_choice"] = named["name"] if named else choice
    flat["max_tokens"] = rest.pop("max_completion_tokens", rest.pop("max_tokens", None))
    _settings(rest, flat)


def _items(number: int, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Text, calls and results of a message, one by one, as the Responses API has them."""
    role, content, at = message["role"], message.get("content"), {"at": number}
    if role == "tool":  # its name, if any, says again what its call does
        yield {**at, "role": role, "id": message["tool_call_id"], "content": _content(content)}
        return
    name = _present({"name": message.get("name")})
    if content or role != "assistant":
        yield {**at, "role": role, "content": _content(content), **name}
    for call in message.get("tool_calls") or ():
        yield {**at, "role": "call", "id": call["id"], **call["function"]}


def _content(content: Any) -> Any:
    """A lone text is its text."""
    if not isinstance(content, list):
        return content or ""
    parts = [_part(part) for part in content]
    texts = [part["text"] for part in parts if set(part) == {"text"}]
    return texts[0] if len(parts) == len(texts) == 1 else parts


def _part(part: dict[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    rest = {key: value for key, value in part.items() if key not in ("type", kind)}
    inner = part.get(kind)
    if kind == "image_url":  # of Chat, or of Responses
        inner = dict(inner) if isinstance(inner, dict) else {"url": inner}
        rest |= {"image": inner.pop("url")} | inner
    elif kind in ("text", "input_text", "output_text"):
        return {**rest, "text": part["text"]}
    elif kind == "input_image":
        rest["image"] = rest.pop("image_url")
    elif isinstance(inner, dict):
        rest |= inner
    return {key: value for key, value in rest.items() if (key, value) != ("detail", "auto")}


def _responses(body: dict[str, Any], flat: dict[str, Any]) -> None:
    flat["messages"] = [_item(item) for item in body["input"]]
    rest = {name: body[name] for name in body if name != "input"}
    text = rest.pop("text", {})
    flat["response_schema"] = text.get("format")
    flat["provider_options.openai.verbosity"] = text.get("verbosity")
    flat["reasoning_effort"] = rest.pop("reasoning", {}).get("effort")
    rest.pop("include", None)  # its own reasoning, to go back in the next turn
    flat["tools"] = [_tool(tool) for tool in rest.pop("tools", [])]
    choice = rest.pop("tool_choice", None)
    flat["tool_choice"] = choice["name"] if isinstance(choice, dict) else choice
    flat["max_tokens"] = rest.pop("max_output_tokens", None)
    _settings(rest, flat)


def _tool(given: dict[str, Any]) -> dict[str, Any]:
    """Left out, `strict` is false on Chat and true on Responses; here false is left out."""
    tool = {key: value for key, value in given.items() if key != "type"}
    return {key: value for key, value in _present(tool).items() if (key, value) != _LOOSE}


_LOOSE = ("strict", False)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("type")
    if kind == "function_call":
        return {"role": "call", "id": item["call_id"], "name": item["name"],
                "arguments": item["arguments"]}  # fmt: skip
    if kind == "function_call_output":
        return {"role": "tool", "id": item["call_id"], "content": _content(item["output"])}
    return {"role": item["role"], "content": _content(item["content"])}


def _settings(rest: dict[str, Any], flat: dict[str, Any]) -> None:
    stop = rest.pop("stop", None)
    flat["stop"] = [stop] if isinstance(stop, str) else stop
    if not rest.get("stream"):
        rest.pop("stream", None)
    for name, value in rest.items():
        if ALWAYS.get(name) == value:
            continue
        flat[f"provider_options.openai.{name}" if name in OPTIONS else name] = value


def _present(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value not in (None, "")}


def differences(given: Any, sent: Any, path: str = "") -> Iterator[str]:
    """The paths at which two common forms differ."""
    if isinstance(given, dict) and isinstance(sent, dict):
        for key in sorted({*given, *sent} - {"at"}, key=str):
            inner = f"{path}.{key}" if path else key
            if key not in given or key not in sent:
                yield inner
            else:
                yield from differences(given[key], sent[key], inner)
    elif isinstance(given, list) and isinstance(sent, list) and len(given) == len(sent):
        for number, (one, other) in enumerate(zip(given, sent, strict=True)):
            at = one.get("at", number) if isinstance(one, dict) else number
            yield from differences(one, other, f"{path}.{at}")
    elif given != sent or type(given) is not type(sent):
        same_number = isinstance(given, int | float) and isinstance(sent, int | float)
        if not (same_number and given == sent):
            yield path


def told(path: str, adaptations: Any) -> bool:
    """Whether an adaptation speaks of that place, of one around it or of one within it."""
    for item in adaptations:
        of = item.path.replace("response_schema.json_schema", "response_schema.schema")
        if f"{path}.".startswith(f"{of}.") or f"{of}.".startswith(f"{path}."):
            return True
    return False


def judge(client: Client, body: dict[str, Any], provider: str, api: str | None) -> tuple[str, Any]:
    """`refused` and why, or `sent` and the differences that no adaptation tells."""
    asked = arguments_of(body, provider)
    if api is not None:
        options = asked.setdefault("provider_options", {}).setdefault("openai", {})
        options["api"] = api
    try:
        call = client.explain(**asked)
    except IndoxError as error:
        reason = re.sub(r"\b(messages|tools)\.\d+(\.content\.\d+)?", r"\1.N", str(error))
        return "refused", f"{type(error).__name__}: {reason}"
    if provider != "openai":
        return "sent", []
    found = differences(common(body), common(call.body))
    return "sent", [path for path in found if not told(path, call.adaptations)]


def report(folder: Path) -> Iterator[str]:
    bodies = load(folder)
    keys = {provider: {"api_key": "none"} for provider in MODELS}
    with Client(providers=keys) as client:
        for provider in MODELS:
            for api in ("chat", None) if provider == "openai" else (None,):
                verdicts = [judge(client, body, provider, api) for body in bodies]
                refused = Counter(what for how, what in verdicts if how == "refused")
                silent = Counter(
                    re.sub(r"\.\d+", ".N", path)
                    for how, what in verdicts
                    if how == "sent"
                    for path in what
                )
                name = f"{provider} ({api})" if api else provider
                count = refused.total()
                yield f"{name}: {len(bodies) - count} of {len(bodies)} sent, {count} refused"
                yield from (f"  {times:4} refused: {why}" for why, times in refused.most_common())
                yield from (f"  {times:4} silent: {path}" for path, times in silent.most_common())


if __name__ == "__main__":
    for line in report(Path(sys.argv[1])):
        print(line)
