"""What the recorded answers of every provider say, each in its vendor's own shape.

A provider's folder `recorded/` holds for each name below `NAME.json`, a whole answer, and
`NAME.sse`, the same answer as a stream. Where a vendor cannot say it in one of the two, that file
is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from indox_core.plugin import Capability, FinishReason

TEXT = "The capital of France is Paris \N{TOKYO TOWER}."
CANARY = "sk-canary-4f1d"
"""The key of every call; `KEY` in a recorded body is replaced by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One answer, as every provider must read it. `None`: the scenario does not say."""

    name: str
    about: str
    capability: Capability | None = None
    """What the provider may lack, so that it has no such answer."""
    required: bool = True
    """Whether it is asked for; what the vendor truly cannot say is named in `never_says`."""
    asked_with: Capability | None = None
    """Asked for of those who have this, though not `required` of all."""
    text: str = ""
    reasoning: str | None = None
    finish: tuple[FinishReason, ...] = ("stop",)
    raw_finish: str | None = None
    calls: tuple[tuple[str, dict[str, Any] | None], ...] = ()
    arguments_raw: str | None = None
    tokens: tuple[int | None, int | None] = (24, 7)
    cache_read: int = 0
    searches: int = 0
    cited: str | None = None


_PARIS, _ROME = {"city": "Paris"}, {"city": "Rome"}
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="text", about=f'the text "{TEXT}", 24 tokens read, 7 written', text=TEXT),
    Scenario(
        name="length",
        about='the text "The capital", cut by the limit of tokens',
        capability="finish_reasons",
        text="The capital",
        finish=("length",),
    ),
    Scenario(
        name="unknown_finish",
        about='the text and the finish reason "quantum_collapse", which no vendor has yet',
        capability="finish_reasons",
        text=TEXT,
        finish=("unknown",),
        raw_finish="quantum_collapse",
    ),
    Scenario(
        name="tool_call",
        about='one call of get_weather with {"city": "Paris"}',
        capability="tools",
        calls=(("get_weather", _PARIS),),
        finish=("tool_calls",),
    ),
    Scenario(
        name="text_and_tool_call",
        about='the text, then one call of get_weather with {"city": "Paris"}',
        capability="tools",
        text=TEXT,
        calls=(("get_weather", _PARIS),),
        finish=("tool_calls",),
    ),
    Scenario(
        name="parallel_tool_calls",
        about='calls of get_weather with {"city": "Paris"} and {"city": "Rome"}; in a stream '
        "their pieces come in turn, where the vendor can do that",
        capability="tools",
        calls=(("get_weather", _PARIS), ("get_weather", _ROME)),
        finish=("tool_calls",),
    ),
    Scenario(
        name="broken_arguments",
        about='one call of get_weather whose arguments are the text {"city": "Par',
        capability="tools",
        required=False,
        calls=(("get_weather", None),),
        arguments_raw='{"city": "Par',
        finish=("tool_calls",),
    ),
    Scenario(
        name="reasoning",
        about='the reasoning "France has a capital.", then the text',
        capability="reasoning",
        reasoning="France has a capital.",
        text=TEXT,
    ),
    Scenario(
        name="unknown_block",
        about='the text, and beside it a block of the type "hologram", which no vendor has yet',
        required=False,
        text=TEXT,
    ),
    Scenario(
        name="refusal",
        about="the model or a filter refuses to answer",
        required=False,
        finish=("refusal", "content_filter"),
    ),
    Scenario(name="empty", about="no text at all, ended normally", required=False),
    Scenario(
        name="cached",
        about="the text; of 1024 tokens read 1000 came from a cache",
        capability="usage",
        required=False,
        asked_with="cache",
        text=TEXT,
        tokens=(1024, 7),
        cache_read=1000,
    ),
    Scenario(
        name="growing_usage",
        about="only as a stream: the text; the counts come several times and grow, to 24 and 7 in "
        "the last event, which has no text",
        capability="usage",
        required=False,
        text=TEXT,
    ),
    Scenario(
        name="web_search",
        about="the text, one search made, https://example.org/paris cited",
        capability="web_search",
        text=TEXT,
        searches=1,
        cited="https://example.org/paris",
    ),
    Scenario(
        name="no_usage",
        about="the text without any count of tokens",
        required=False,
        text=TEXT,
        tokens=(None, None),
    ),
)
