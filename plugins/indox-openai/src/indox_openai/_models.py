"""What OpenAI's models take, by family. Nothing else here knows a model's name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from indox_core.plugin import Capability, ChatRequest, ModelFacts, ModelTable, ReasoningEffort

API: TypeAlias = Literal["responses", "chat"]
Efforts: TypeAlias = tuple[ReasoningEffort, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIFacts(ModelFacts):
    """What one family takes, with what only OpenAI tells apart."""

    default_effort: ReasoningEffort | None = "medium"
    """How much it thinks if none is asked for. `None`: it never thinks."""
    apis: tuple[API, ...] = ("responses", "chat")
    """The APIs that serve it, the better one first."""
    chat_tools: Literal["always", "no effort", "not thinking", "never"] = "always"
    """When it calls tools on Chat Completions; `no effort`: if none but `none` is asked for."""
    system: bool = True
    """Whether it reads system messages."""
    json_schema: bool = True
    """Whether an answer can follow a schema. Without, it may still be any JSON object."""
    search_options: bool = False
    """Whether it is made to search the web on Chat Completions."""
    differs: str = ""
    """Where public lists say otherwise than the page in `source`."""

    def thinks(self, asked: ReasoningEffort | None) -> bool:
        """Whether it thinks before it answers, with that effort."""
        return self.default_effort is not None and (asked or self.default_effort) != "none"


@lru_cache(maxsize=64)
def is_openai_itself(base_url: str) -> bool:
    """Whether the address is OpenAI's own, regional hosts included."""
    host = urlsplit(base_url).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


def facts_of(request: ChatRequest) -> OpenAIFacts:
    """What the model of a request takes, where the request goes."""
    return MODELS.of(request.model) if is_openai_itself(request.base_url) else ELSEWHERE


_GUIDE = "https://developers.openai.com/api/docs/guides/"
_PAGE = "https://developers.openai.com/api/docs/models/"
_REFERENCE = "https://developers.openai.com/api/docs/api-reference/chat/create"
# Requests to the vendor with each effort, and its answers, kept by pydantic-ai's maintainers.
_PROBES = (
    "https://github.com/pydantic/pydantic-ai/blob/main/tests/models/"
    "test_openai_reasoning_capabilities.py"
)
_DAY = "2026-11-28"

_LOW_TO_HIGH: Efforts = ("low", "medium", "high")
_LOW_TO_XHIGH: Efforts = (*_LOW_TO_HIGH, "xhigh")
_LOW_TO_MAX: Efforts = (*_LOW_TO_XHIGH, "max")
_MEDIUM_TO_XHIGH: Efforts = ("medium", "high", "xhigh")


def _no(*lacks: Capability) -> frozenset[Capability]:
    return frozenset(lacks)


ELSEWHERE = OpenAIFacts(
    models=".*", default_effort=None, source="a server of another vendor's", as_of=_DAY
)
"""Of models that another server serves, nothing is known here: whatever is asked for is sent."""

# `stop` is "not supported with latest reasoning models o3 and o4-mini" (_REFERENCE), and all that
# came after them refuse it too.
MODELS = ModelTable(
    # Models that search the web in every answer.
    OpenAIFacts(
        models=r"gpt-4o(-mini)?-search-preview.*",
        efforts=(), default_effort=None, apis=("chat",), search_options=True,
        lacks=_no("reasoning", "tools", "temperature", "top_p", "seed"),
        differs="lists let it call tools",
        source=_PAGE + "gpt-4o-search-preview", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5-search-api.*",
        efforts=(), apis=("chat",), search_options=True, lacks=_no("stop", "seed"),
        source=_GUIDE + "tools-web-search?api-mode=chat", as_of=_DAY,
    ),
    # Models that hear and speak.
    OpenAIFacts(
        models=r"gpt-4o(-mini)?-audio-preview.*|gpt-audio-1\.5.*",
        efforts=(), default_effort=None, apis=("chat",),
        lacks=_no("reasoning", "response_schema", "images"),
        source=_PAGE + "gpt-audio-1.5", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-audio.*",
        efforts=(), default_effort=None, apis=("chat", "responses"),
        lacks=_no("reasoning", "response_schema", "images"),
        source=_PAGE + "gpt-audio", as_of=_DAY,
    ),
    # The o series.
    OpenAIFacts(
        models=r"o1-(mini|preview).*",
        efforts=(), apis=("chat",), system=False,
        lacks=_no("tools", "response_schema", "parallel_tool_calls", "images"),
        source=_PAGE + "o1-mini", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"o\d(-mini)?-deep-research.*",
        efforts=("medium",), apis=("responses",),
        lacks=_no("tools", "parallel_tool_calls", "response_schema", "stop"),
        source=_PAGE + "o3-deep-research", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"o\d-pro.*",
        efforts=_LOW_TO_HIGH, apis=("responses",), lacks=_no("parallel_tool_calls", "stop"),
        source=_PAGE + "o3-pro", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(ft:)?o1(-\d.*)?",
        efforts=_LOW_TO_HIGH, lacks=_no("parallel_tool_calls"),
        source=_PAGE + "o1", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(ft:)?o3-mini.*",
        efforts=_LOW_TO_HIGH, lacks=_no("parallel_tool_calls", "images"),
        source=_PAGE + "o3-mini", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(ft:)?o[3-9].*",
        efforts=_LOW_TO_HIGH, lacks=_no("parallel_tool_calls", "stop"),
        source=_REFERENCE, as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"computer-use-preview.*",
        efforts=(), apis=("responses",), lacks=_no("response_schema", "stop"),
        source=_PAGE + "computer-use-preview", as_of=_DAY,
    ),
    # Models that think harder than those whose name they bear, on Responses alone.
    OpenAIFacts(
        models=r"gpt-5-pro.*",
        efforts=("high",), default_effort="high", apis=("responses",), lacks=_no("stop"),
        differs="lists let it take the effort minimal",
        source=_PAGE + "gpt-5-pro", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.[0-4]-pro.*",
        efforts=_MEDIUM_TO_XHIGH, apis=("responses",), lacks=_no("response_schema", "stop"),
        differs=f"lists let 5.2 Pro take minimal and follow a schema: {_PAGE}gpt-5.2-pro",
        source=_PAGE + "gpt-5.4-pro", as_of=_DAY,
    ),
    OpenAIFacts(
        # Newer ones than 5.5 are taken for the same.
        models=r"gpt-.*-pro(-\d.*)?",
        efforts=_MEDIUM_TO_XHIGH, default_effort="high", apis=("responses",), lacks=_no("stop"),
        differs="lists say that 5.5 Pro follows no schema",
        source=_PAGE + "gpt-5.5-pro", as_of=_DAY,
    ),
    # Models that write code, on Responses alone.
    OpenAIFacts(
        models=r"gpt-5\.1-codex-max.*|gpt-5\.2-codex.*",
        efforts=_LOW_TO_XHIGH, apis=("responses",), lacks=_no("stop"),
        source=_PAGE + "gpt-5.2-codex", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.3-codex.*",
        efforts=("none", *_LOW_TO_XHIGH), default_effort="none", apis=("responses",),
        lacks=_no("stop"),
        source=_PROBES, as_of=_DAY,
    ),
    OpenAIFacts(
        models=r".*codex.*",
        efforts=_LOW_TO_HIGH, apis=("responses",), lacks=_no("stop"),
        source=_PAGE + "gpt-5-codex", as_of=_DAY,
    ),
    # Models as ChatGPT has them.
    OpenAIFacts(
        models=r"gpt-5-chat",
        efforts=(), default_effort=None, lacks=_no("reasoning", "tools"),
        source="https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5-chat-latest",
        efforts=(), default_effort=None, lacks=_no("reasoning"),
        source=_PAGE + "gpt-5-chat-latest", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"chatgpt-4o-latest",
        efforts=(), default_effort=None, lacks=_no("reasoning", "tools", "response_schema"),
        source=_PAGE + "chatgpt-4o-latest", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(gpt-.*-)?chat-latest",
        efforts=("medium",), lacks=_no("stop"),
        source=_PROBES, as_of=_DAY,
    ),
    # Models for approved organisations. Their pages name no efforts: those that all others take.
    OpenAIFacts(
        models=r"gpt-daybreak-.*",
        efforts=_LOW_TO_HIGH, apis=("responses",), lacks=_no("stop"),
        source=_PAGE + "gpt-daybreak-blue-latest", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"daybreak-.*|gpt-.*-cyber.*",
        efforts=_LOW_TO_HIGH, chat_tools="not thinking", lacks=_no("stop"),
        source=_PAGE + "gpt-5.6-cyber", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-rosalind-.*",
        efforts=(), lacks=_no("stop"),
        source=_PAGE + "gpt-rosalind-research", as_of=_DAY,
    ),
    # GPT-6 and 5, each generation by itself.
    OpenAIFacts(
        models=r"gpt-6-(sol|luna).*|gpt-6\.1-terra.*",
        efforts=("none", *_LOW_TO_MAX), chat_tools="not thinking", lacks=_no("stop"),
        source=_PAGE + "gpt-6-sol", as_of=_DAY,
    ),
    OpenAIFacts(
        # Astra, 6.1 Sol and Rosalind. Newer names than these are taken for the same, as they
        # refuse the most: `none`, and tools on Chat Completions.
        models=r"gpt-6.*",
        efforts=_LOW_TO_MAX, chat_tools="never", lacks=_no("stop"),
        source=_GUIDE + "deployment-checklist", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.6.*",
        efforts=("none", *_LOW_TO_MAX), chat_tools="not thinking", lacks=_no("stop"),
        source=_PAGE + "gpt-5.6-sol", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.5.*",
        efforts=("none", *_LOW_TO_XHIGH), chat_tools="no effort", lacks=_no("stop"),
        source=_PAGE + "gpt-5.5", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.4.*",
        efforts=("none", *_LOW_TO_XHIGH), default_effort="none", chat_tools="no effort",
        lacks=_no("stop"),
        source=_PAGE + "gpt-5.4", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.[23].*",
        efforts=("none", *_LOW_TO_XHIGH), default_effort="none", lacks=_no("stop"),
        source=_PAGE + "gpt-5.2", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5\.1.*",
        efforts=("none", *_LOW_TO_HIGH), default_effort="none", lacks=_no("stop"),
        source=_PAGE + "gpt-5.1", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-5(-.*)?",
        efforts=("minimal", *_LOW_TO_HIGH), lacks=_no("stop"),
        source=_PAGE + "gpt-5", as_of=_DAY,
    ),
    # GPT-4 and 3.5, which do not think.
    OpenAIFacts(
        models=r"gpt-4(-1106)?-vision-preview",
        efforts=(), default_effort=None, lacks=_no("reasoning", "tools", "response_schema"),
        source=_PAGE + "gpt-4-turbo", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-4o-2024-05-13|gpt-4-turbo-\d.*|gpt-4-turbo",
        efforts=(), default_effort=None, lacks=_no("reasoning"), json_schema=False,
        source=_GUIDE + "structured-outputs#supported-models", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(ft:)?gpt-4(o|\.).*",
        efforts=(), default_effort=None, lacks=_no("reasoning"),
        source=_PAGE + "gpt-4o", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-4-turbo-preview|gpt-4-(0125|1106)-preview|(ft:)?gpt-3\.5-turbo(-(0125|1106).*)?",
        efforts=(), default_effort=None, lacks=_no("reasoning", "images"), json_schema=False,
        source=_GUIDE + "structured-outputs#supported-models", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"gpt-4(-32k)?-0314|gpt-3\.5-turbo-0301",
        efforts=(), default_effort=None,
        lacks=_no("reasoning", "images", "response_schema", "tools"),
        source=_GUIDE + "function-calling", as_of=_DAY,
    ),
    OpenAIFacts(
        models=r"(ft:)?gpt-(4|3\.5).*",
        efforts=(), default_effort=None, lacks=_no("reasoning", "images", "response_schema"),
        source=_PAGE + "gpt-4", as_of=_DAY,
    ),
    # Names that are newer than this table: all generations so far think, take these three, refuse
    # `stop`, and know more on Responses. What one of tomorrow takes beyond that is not worth an
    # answer of 400 from one that does not.
    OpenAIFacts(
        models=r".*",
        efforts=_LOW_TO_HIGH, chat_tools="not thinking", lacks=_no("stop"),
        source=_GUIDE + "reasoning", as_of=_DAY,
    ),
)  # fmt: skip
