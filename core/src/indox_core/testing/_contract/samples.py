"""What the contract says to a provider: requests of every kind, and texts that are easily lost."""

from __future__ import annotations

import base64
from typing import Any

from indox_core.plugin import Capability

HELLO = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(24)).decode()
_PDF = base64.b64encode(b"%PDF-1.7 the contract's document").decode()
_WAV = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVEthe contract's sound").decode()
SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string"}},
    "required": ["capital"],
    "additionalProperties": False,
}
# Each field of a request that a caller may set, with what must be found of it on the wire.
FIELDS: dict[str, tuple[Capability, dict[str, Any], tuple[Any, ...]]] = {
    "temperature": ("temperature", {"temperature": 0.375}, (0.375,)),
    "top_p": ("top_p", {"top_p": 0.625}, (0.625,)),
    "max_tokens": ("max_tokens", {"max_tokens": 4321}, (4321,)),
    "stop": ("stop", {"stop": ["canary-stop", "canary-end"]}, ("canary-stop", "canary-end")),
    "seed": ("seed", {"seed": 424243}, (424243,)),
    "tools": (
        "tools",
        {"tools": [WEATHER, {**WEATHER, "name": "get_time"}]},
        ("get_weather", "The weather in a city.", "city", "get_time"),
    ),
    "tool_choice": ("tools", {"tools": [WEATHER], "tool_choice": "get_weather"}, ()),
    "parallel_tool_calls": (
        "parallel_tool_calls",
        {"tools": [WEATHER], "parallel_tool_calls": False},
        (),
    ),
    "response_schema": ("response_schema", {"response_schema": SCHEMA}, ("capital",)),
    "reasoning_effort": ("reasoning", {"reasoning_effort": "high"}, ()),
    "cache": ("cache", {"cache": True}, ()),
    "web_search": ("web_search", {"web_search": True}, ()),
    "metadata": ("metadata", {"metadata": {"user_id": "canary-user"}}, ("canary-user",)),
}
# Several values of a field: each must arrive as it is, and no two may be sent alike.
VALUES: dict[str, tuple[Any, ...]] = {
    "temperature": (0.0, 0.15, 0.375, 1.0, 1.75),
    "top_p": (0.0, 0.05, 0.625, 1.0),
    "max_tokens": (1, 4321, 65_537, 1_000_003),
    "stop": (
        ["canary-stop"],
        [" canary \n"],
        ["\n\n"],
        ["END", "e", "Stop", "a"],
        ["a", "Stop", "e", "END"],
    ),
    "seed": (0, 7, 424243, 2**31 - 1),
    "parallel_tool_calls": (True, False),
    "response_schema": (
        SCHEMA,
        {**SCHEMA, "properties": {"capital": {"type": "string", "description": "canary"}}},
    ),
    "reasoning_effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "cache": ("5m", "1h"),
    "metadata": ({"user_id": "canary-user"}, {"user_id": "canary-other"}),
}
PARTS: dict[str, tuple[Capability, dict[str, Any], str]] = {
    "images": (
        "images",
        {"type": "image", "image": {"data": _PNG, "media_type": "image/png"}},
        _PNG,
    ),
    "documents": (
        "documents",
        {"type": "document", "document": {"data": _PDF, "media_type": "application/pdf"}},
        _PDF,
    ),
    "audio": (
        "audio",
        {"type": "audio", "audio": {"data": _WAV, "media_type": "audio/wav"}},
        _WAV,
    ),
}
# Texts that are shortened, trimmed, normalised, escaped or taken for nothing.
TEXTS: dict[str, str] = {
    "one letter": "x",
    "zero": "0",
    "null": "null",
    "lines": "canary\r\n\tone\n\n  two \n",
    "spaces": "  canary  words  ",
    "emoji": "canary 👩\u200d👩\u200d👧\u200d👦 🗼 🇫🇷",
    "scripts": "canary é e\u0301 ﬁ ½ العربية 中文 𝒳",  # noqa: RUF001 # easily normalised
    "marks": 'canary <b>&amp;"\'\\ {"a": 1} [DONE] data: x %s {0} $HOME \\n',
    "controls": "canary\x00\x07\u2028\u200b\ufeffend",
    "long": "".join(f"{number} " for number in range(40_000)),
}
_DEEP = {
    "type": "object",
    "title": "Deep",
    "description": "canary é 🗼",
    "properties": {
        "units": {"enum": ["C", "F", "K"], "description": "Which. " * 200, "default": "C"},
        "place": {"$ref": "#/$defs/place"},
        "days": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 7},
    },
    "required": ["place", "units"],
    "$defs": {"place": {"type": "object", "properties": {"lat": {"type": "number"}}}},
}
TOOLS: list[dict[str, Any]] = [
    {"name": f"{letter}-Tool_{number}", "description": f"canary {number} " * 90,
     "parameters": {**_DEEP, "title": f"Deep {number}"}}
    for number, letter in enumerate("zyxwvutsrqponmlkjihg")
]  # fmt: skip
"""Many tools, in no order of their names, with schemas of which a plugin may lose something."""
# The arguments of a call as a model writes them, what they mean, and what is kept as it was.
ARGUMENTS: tuple[tuple[str, Any, str | None], ...] = (
    ("{}", {}, None),
    ('{"city": "Paris", "n": [1, 2.5, null, true, {"é": "🗼\\n"}]}',
     {"city": "Paris", "n": [1, 2.5, None, True, {"é": "🗼\n"}]}, None),
    ('{"text": "' + "x" * 9000 + '"}', {"text": "x" * 9000}, None),
    ("", {}, None),
    ('{"city": "Par', None, '{"city": "Par'),
    ('{"city": "Paris"}}', None, '{"city": "Paris"}}'),
    ('["Paris"]', None, '["Paris"]'),
    ('"Paris"', None, '"Paris"'),
    ("12", None, "12"),
)  # fmt: skip
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
WAYS = ("chat", "stream", "async chat", "async stream")


def tool_turn(ids: tuple[str, str] = ("call00001", "call00002")) -> list[Any]:
    """Two calls with a word beside them, and their results."""
    calls = [
        {"type": "tool_call", "id": identifier, "name": "get_weather", "arguments": where}
        for identifier, where in zip(ids, ({"city": "Paris"}, {"city": "Rome"}), strict=True)
    ]
    said = {"type": "text", "text": "canary-said"}
    return [
        {"role": "assistant", "content": [said, *calls]},
        {"role": "tool", "tool_call_id": ids[0], "content": "21 degrees"},
        {"role": "tool", "tool_call_id": ids[1], "content": "25 degrees"},
    ]


def spoken(role: str, text: str) -> list[Any]:
    """A conversation in which somebody says the text."""
    if role == "system":
        return [{"role": "system", "content": text}, *HELLO]
    if role == "tool":
        turn = tool_turn()
        return [*HELLO, turn[0], {**turn[1], "content": text}, turn[2]]
    if role == "assistant":
        return [*HELLO, {"role": "assistant", "content": text}, *HELLO]
    return [{"role": role, "content": text}]
