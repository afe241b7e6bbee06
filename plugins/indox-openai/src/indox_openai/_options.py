"""What only OpenAI knows: `provider_options={"openai": {...}}`, and what its models refuse."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from indox_core.plugin import (
    Adaptation,
    ChatRequest,
    DocumentPart,
    ImagePart,
    ProviderOptions,
    ReasoningEffort,
    ToolResultPart,
    clamped,
    dropped,
)

SDK = "openai>=3.54,<4"
"""The distribution that all providers of this protocol call, and its tested range."""
ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"]


class OpenAIOptions(ProviderOptions):
    """Fields that have no place in the canonical request. `None`: OpenAI's default."""

    api: Literal["responses", "chat"] | None = None
    """Which API is called. `None`: Responses at OpenAI itself, Chat Completions elsewhere."""
    service_tier: ServiceTier | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    reasoning_summary: Literal["auto", "concise", "detailed"] | None = None
    """Ask for a readable summary of the reasoning; Responses only."""
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    n: int | None = Field(default=None, ge=1)
    """How many answers to write; Chat Completions only."""
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None


@lru_cache(maxsize=64)
def is_openai_itself(base_url: str) -> bool:
    """Whether the address is OpenAI's own, regional hosts included."""
    host = urlsplit(base_url).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


# Models that take temperature and top_p at any reasoning effort. All later ones refuse them unless
# the effort is "none": https://developers.openai.com/api/docs/guides/latest-model
_SAMPLING_MODELS = ("gpt-3.5", "gpt-4", "chatgpt-", "ft:gpt-3.5", "ft:gpt-4")


def reasons(request: ChatRequest) -> bool:
    """Whether the model thinks before it answers. An unknown model is taken for a modern one."""
    return is_openai_itself(request.base_url) and not request.model.startswith(_SAMPLING_MODELS)


def sampling(request: ChatRequest, adaptations: list[Adaptation]) -> dict[str, float]:
    """temperature and top_p as far as the model takes them; what it refuses is recorded."""
    asked = {
        name: value
        for name, value in (("temperature", request.temperature), ("top_p", request.top_p))
        if value is not None
    }
    if not asked or not reasons(request):
        return asked
    if request.reasoning_effort == "none" and effort_of(request, []) == "none":
        return asked
    adaptations.extend(
        dropped(name, f"{request.model} takes no {name} while it reasons", value)
        for name, value in asked.items()
    )
    return {}


PENALTIES = ("presence_penalty", "frequency_penalty")
"""Chat Completions alone takes them; they only tune, so that they are not worth another API."""
# https://developers.openai.com/api/docs/guides/reasoning and the models' own pages: the efforts
# that each generation takes, the longest prefix first. A model that is not named takes them all.
_EFFORTS: tuple[tuple[str, tuple[ReasoningEffort, ...]], ...] = (
    ("o1-mini", ()),
    ("o1-preview", ()),
    ("o1", ("low", "medium", "high")),
    ("o3", ("low", "medium", "high")),
    ("o4", ("low", "medium", "high")),
    ("gpt-5-pro", ("high",)),
    ("gpt-5-chat", ()),
    ("gpt-5-codex", ("low", "medium", "high")),
    ("gpt-5.1-codex-max", ("none", "medium", "high", "xhigh")),
    ("gpt-5.1", ("none", "low", "medium", "high")),
    ("gpt-5.2-pro", ("medium", "high", "xhigh")),
    ("gpt-5.4-pro", ("medium", "high", "xhigh")),
    ("gpt-5.", ("none", "low", "medium", "high", "xhigh", "max")),
    ("gpt-5", ("minimal", "low", "medium", "high")),
    # The newest do not stop thinking: facts of their release notes.
    ("gpt-6-astra", ("minimal", "low", "medium", "high", "xhigh", "max")),
    ("gpt-6.1-sol", ("minimal", "low", "medium", "high", "xhigh", "max")),
)
_ORDER: tuple[ReasoningEffort, ...] = (
    "none", "minimal", "low", "medium", "high", "xhigh", "max",
)  # fmt: skip


def effort_of(request: ChatRequest, adaptations: list[Adaptation]) -> ReasoningEffort | None:
    """The nearest effort that the model takes; what had to change is recorded."""
    asked = request.reasoning_effort
    if asked is None or not is_openai_itself(request.base_url):
        return asked
    taken = () if request.model.startswith(_SAMPLING_MODELS) else _ORDER
    for prefix, efforts in _EFFORTS:
        if request.model.startswith(prefix):
            taken = efforts
            break
    if asked in taken:
        return asked
    if not taken:
        if asked != "none":
            reason = f"{request.model} takes no reasoning effort"
            adaptations.append(dropped("reasoning_effort", reason, asked))
        return None
    place = _ORDER.index(asked)
    nearest = min(taken, key=lambda effort: abs(_ORDER.index(effort) - place))
    adaptations.append(
        clamped("reasoning_effort", f"{request.model} knows no effort {asked}", asked, nearest)
    )
    return nearest


def choose_api(request: ChatRequest, adaptations: list[Adaptation]) -> Literal["responses", "chat"]:
    """The API that honours the request; a choice that the caller did not make is recorded."""
    options = request.options_as(OpenAIOptions)
    if options.api is not None:
        return options.api
    if not is_openai_itself(request.base_url):
        return "chat"
    wanted = [name for name in ("stop", "seed") if getattr(request, name) not in (None, ())]
    tuning = [name for name in PENALTIES if getattr(options, name) is not None]
    if options.n is not None:
        wanted.append("n")
    if any(part.type == "audio" for message in request.messages for part in message.content):
        wanted.append("audio")
    guarantees = [name for name in wanted if name != "seed"]
    wanted += tuning
    if not wanted or (not guarantees and _needs_responses(request)):
        return "responses"
    adaptations.append(
        Adaptation(
            path="provider_options.openai.api",
            kind="moved",
            before="responses",
            after="chat",
            reason=f"only Chat Completions takes {', '.join(wanted)}",
        )
    )
    return "chat"


def _needs_responses(request: ChatRequest) -> bool:
    """Whether the request has what only Responses takes; no tuning is worth losing that."""
    if request.web_search or request.options_as(OpenAIOptions).reasoning_summary is not None:
        return True
    if request.tools and request.reasoning_effort not in (None, "none"):
        return True  # newer models refuse tools with an effort on Chat Completions
    return any(
        (isinstance(part, DocumentPart) and part.document.url is not None)
        or (
            isinstance(part, ToolResultPart)
            and any(isinstance(item, ImagePart) for item in part.content)
        )
        for message in request.messages
        for part in message.content
    )
