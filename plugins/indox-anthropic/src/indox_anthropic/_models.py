"""What each family of Claude takes, as a table; the one place that knows models by name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from indox_core.plugin import ModelFacts, ModelTable, ReasoningEffort

OLDER_VERSION = "2023-06-01"
"""The API version under which older models still take temperature, top_p and top_k."""

_DOCS = "https://platform.claude.com/docs/en"
_THINKING = f"{_DOCS}/build-with-claude/thinking-troubleshooting#supported-models"
_MODELS = f"{_DOCS}/about-claude/models/overview"
_OLDER = f"{_DOCS}/about-claude/model-deprecations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeFacts(ModelFacts):
    """What the models of one family take. The defaults are those of a model of today."""

    names: tuple[str, ...] = ()
    """Some of the names, for the docs; none for the family of all others."""
    prefill: bool = False
    """None from 4.6 on: https://platform.claude.com/docs/en/api/errors"""
    thinks_by: Literal["nothing", "budget", "effort"] = "effort"
    """How much it thinks is said by a number of tokens, by an effort, or not at all."""
    thinks_unasked: bool = True
    """Whether it thinks where the request does not say so."""
    off: Literal["disabled", "between_tools"] | None = None
    """How thinking is turned off. `None`: it cannot be."""
    late_system: bool = False
    """Whether a system message may stand in the middle of the conversation.

    https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
    """
    forced_tools: bool = True
    """Whether `tool_choice` may make it call a tool.

    https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools#forcing-tool-use
    """
    sampling: Literal["all", "one", "none"] = "none"
    """Which it takes of temperature, top_p and top_k: `one` is temperature or top_p, not both.

    https://platform.claude.com/docs/en/about-claude/models/migration-guide
    """
    default_max_tokens: int = 16384
    """Anthropic wants a limit with every request: this one where the caller gives none."""
    most_output: int = 128_000
    """The highest limit that it takes: https://platform.claude.com/docs/en/about-claude/models"""
    web_search: str = "web_search_20260318"
    """The server's tool, from 4.6 on with code that filters what is found.

    https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
    """
    us_factor: Decimal | None = Decimal("1.1")
    """What it costs more when it runs in the US alone. `None`: it has no such price.

    https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing
    """
    fast_factor: Decimal | None = None
    """What the fast speed costs more, where the price library does not say it."""
    differs: str = ""
    """Where public lists say otherwise than the page in `source`."""


_ALL: tuple[ReasoningEffort, ...] = ("low", "medium", "high", "xhigh", "max")
_WITH_NONE: tuple[ReasoningEffort, ...] = ("none", *_ALL)
_DATED = r"([-@]\d{8})?"

MODELS = ModelTable(
    ClaudeFacts(
        models=rf"claude-((fable|mythos)-5-[12]|opus-5-5){_DATED}",
        names=("claude-fable-5-1", "claude-mythos-5-1", "claude-opus-5-5"),
        efforts=_ALL,
        late_system=True,
        forced_tools=False,
        source=_THINKING,
        as_of="2026-10-10",
        differs=f"lists let tools be forced: {_DOCS}/agents-and-tools/tool-use/define-tools"
        "#forcing-tool-use",
    ),
    ClaudeFacts(
        models=rf"claude-(fable|mythos)-5{_DATED}",
        names=("claude-fable-5", "claude-mythos-5"),
        efforts=_ALL,
        late_system=True,
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-sonnet-5-5{_DATED}",
        names=("claude-sonnet-5-5",),
        efforts=_WITH_NONE,
        off="between_tools",
        late_system=True,
        forced_tools=False,
        source=_THINKING,
        as_of="2026-10-10",
        differs="lists say that it always thinks: without tools it does not, by `between_tools`; "
        f"and let tools be forced: {_DOCS}/models/sonnet-5-5/whats-new-sonnet-5-5",
    ),
    ClaudeFacts(
        # `disabled` goes with an effort of `high` or less, so none is sent beside it.
        models=rf"claude-(haiku-5-5|opus-5){_DATED}",
        names=("claude-haiku-5-5", "claude-opus-5"),
        efforts=_WITH_NONE,
        off="disabled",
        late_system=True,
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-sonnet-5{_DATED}",
        names=("claude-sonnet-5",),
        efforts=_WITH_NONE,
        off="disabled",
        source=_THINKING,
        as_of="2026-10-10",
        differs="lists let it take late system messages: "
        f"{_DOCS}/build-with-claude/mid-conversation-system-messages",
    ),
    ClaudeFacts(
        models=r"claude-mythos-preview",
        names=("claude-mythos-preview",),
        efforts=("low", "medium", "high", "max"),
        source=_THINKING,
        as_of="2026-10-10",
        differs=f"lists let it take the effort xhigh: {_DOCS}/build-with-claude/effort",
    ),
    ClaudeFacts(
        models=rf"claude-opus-4-8{_DATED}",
        names=("claude-opus-4-8",),
        efforts=_WITH_NONE,
        thinks_unasked=False,
        off="disabled",
        late_system=True,
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-opus-4-7{_DATED}",
        names=("claude-opus-4-7",),
        efforts=_WITH_NONE,
        thinks_unasked=False,
        off="disabled",
        fast_factor=Decimal(6),
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-opus-4-6{_DATED}",
        names=("claude-opus-4-6",),
        efforts=("none", "low", "medium", "high", "max"),
        thinks_unasked=False,
        off="disabled",
        sampling="one",
        fast_factor=Decimal(6),
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-sonnet-4-6{_DATED}",
        names=("claude-sonnet-4-6",),
        efforts=("none", "low", "medium", "high", "max"),
        thinks_unasked=False,
        off="disabled",
        sampling="one",
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-(opus|sonnet|haiku)-4-5{_DATED}",
        names=("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
        thinks_by="budget",
        thinks_unasked=False,
        off="disabled",
        prefill=True,
        sampling="one",
        most_output=64_000,
        web_search="web_search_20250305",
        us_factor=None,
        source=_THINKING,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-opus-4-1{_DATED}",
        names=("claude-opus-4-1",),
        lacks=frozenset({"response_schema"}),
        thinks_by="budget",
        thinks_unasked=False,
        off="disabled",
        prefill=True,
        sampling="one",
        most_output=32_000,
        web_search="web_search_20250305",
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-opus-4(-0)?{_DATED}",
        names=("claude-opus-4-0", "claude-opus-4-20250514"),
        lacks=frozenset({"response_schema"}),
        thinks_by="budget",
        thinks_unasked=False,
        off="disabled",
        prefill=True,
        sampling="all",
        most_output=32_000,
        web_search="web_search_20250305",
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=rf"claude-sonnet-4(-0)?{_DATED}|claude-3[-.]7.*",
        names=("claude-sonnet-4-0", "claude-sonnet-4-20250514", "claude-3-7-sonnet-20250219"),
        lacks=frozenset({"response_schema"}),
        thinks_by="budget",
        thinks_unasked=False,
        off="disabled",
        prefill=True,
        sampling="all",
        most_output=64_000,
        web_search="web_search_20250305",
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=r"claude-3[-.]5.*",
        names=("claude-3-5-haiku-20241022", "claude-3-5-sonnet-20241022"),
        lacks=frozenset({"reasoning", "response_schema"}),
        efforts=("none",),
        thinks_by="nothing",
        thinks_unasked=False,
        prefill=True,
        sampling="all",
        default_max_tokens=8192,
        most_output=8192,
        web_search="web_search_20250305",
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=r"claude-3-(opus|sonnet|haiku).*",
        names=("claude-3-opus-20240229", "claude-3-haiku-20240307"),
        lacks=frozenset({"reasoning", "response_schema", "web_search"}),
        efforts=("none",),
        thinks_by="nothing",
        thinks_unasked=False,
        prefill=True,
        sampling="all",
        default_max_tokens=4096,
        most_output=4096,
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    ClaudeFacts(
        models=r"claude-(2|instant).*",
        names=("claude-2.1", "claude-instant-1.2"),
        lacks=frozenset(
            {"reasoning", "response_schema", "web_search", "tools", "images", "documents"}
        ),
        efforts=("none",),
        thinks_by="nothing",
        thinks_unasked=False,
        prefill=True,
        sampling="all",
        default_max_tokens=4096,
        most_output=4096,
        us_factor=None,
        source=_OLDER,
        as_of="2026-10-10",
    ),
    # Names newer than the table. What each model since 4.7 takes is sent; what the newest refuse is
    # not: `disabled`, sampling, a prefill. A late system message is moved, which all of them take.
    # A tool may be forced: only Anthropic knows that it may not, and its refusal says so.
    ClaudeFacts(models=".*", efforts=_ALL, source=_MODELS, as_of="2026-10-10"),
)
