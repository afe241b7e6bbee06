"""What only OpenAI knows: `provider_options={"openai": {...}}`, and what follows from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from indox_core.plugin import (
    Adaptation,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    ProviderOptions,
    TextPart,
    ToolResultPart,
    UnsupportedFeatureError,
    dropped,
)

from ._models import API, facts_of, is_openai_itself

SDK = "openai>=3.54,<4"
"""The distribution that all providers of this protocol call, and its tested range."""
ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"]


class OpenAIOptions(ProviderOptions):
    """Fields that have no place in the canonical request. `None`: OpenAI's default."""

    api: API | None = None
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


PENALTIES = ("presence_penalty", "frequency_penalty")
"""Chat Completions alone takes them; they only tune, so that they are not worth another API."""


CHAT_ALONE = (
    "audio", "function_call", "functions", "logit_bias", "logprobs", "modalities", "prediction",
    "web_search_options",
)  # fmt: skip
"""Fields of `extra_body` that the Responses API does not know.

https://developers.openai.com/api/docs/guides/migrate-to-responses
"""


def sampling(request: ChatRequest, adaptations: list[Adaptation]) -> dict[str, float]:
    """temperature and top_p as far as the model takes them; what it refuses is recorded."""
    asked = {"temperature": request.temperature, "top_p": request.top_p}
    return _unthinking(request, asked, "", adaptations)


def penalties(request: ChatRequest, adaptations: list[Adaptation]) -> dict[str, float]:
    """The same of the penalties."""
    options = request.options_as(OpenAIOptions)
    asked = {name: getattr(options, name) for name in PENALTIES}
    return _unthinking(request, asked, f"provider_options.{request.provider}.", adaptations)


def _unthinking(
    request: ChatRequest, asked: dict[str, float | None], where: str, adaptations: list[Adaptation]
) -> dict[str, float]:
    """What steers the choice of words: a model that thinks takes none of it.

    https://developers.openai.com/api/docs/guides/latest-model
    """
    given = {name: value for name, value in asked.items() if value is not None}
    if not thinks(request):
        return given
    adaptations.extend(
        dropped(where + name, f"{request.model} takes no {name} while it thinks", value)
        for name, value in given.items()
    )
    return {}


def thinks(request: ChatRequest) -> bool:
    """Whether the model thinks before it answers, as far as is known."""
    return facts_of(request).thinks(request.reasoning_effort)


def choose_api(request: ChatRequest, adaptations: list[Adaptation]) -> API:
    """The API that honours the request; a choice that the caller did not make is recorded.

    Raises `UnsupportedFeatureError` for a choice of the caller's that the model is not served by.
    """
    options = request.options_as(OpenAIOptions)
    apis = facts_of(request).apis
    if options.api is not None:
        if options.api not in apis:
            names = {"chat": "Chat Completions", "responses": "the Responses API"}
            raise UnsupportedFeatureError(
                f"{request.provider}: {request.model} is served by {names[apis[0]]} alone. "
                'Leave out provider_options "api".'
            )
        return options.api
    if not is_openai_itself(request.base_url):
        return "chat"
    if len(apis) == 1:
        return apis[0]
    wanted = [name for name in ("stop", "seed") if getattr(request, name) not in (None, ())]
    tuning = [] if thinks(request) else [name for name in PENALTIES if getattr(options, name)]
    if options.n is not None:
        wanted.append("n")
    wanted += [f"extra_body.{name}" for name in CHAT_ALONE if name in options.extra_body]
    parts = [part for message in request.messages for part in message.content]
    if any(part.type == "audio" for part in parts):
        wanted.append("audio")
    asked = (part for message in request.messages if message.role == "user"
             for part in message.content)  # fmt: skip
    if any(own_words(part, CHAT_PARTS) for part in asked):
        wanted.append("a part in its own words")
    guarantees = [name for name in wanted if name != "seed"]
    wanted += tuning
    if apis[0] == "chat" and not _needs_responses(request):
        return "chat"
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
    if request.tools and not chat_takes_tools(request):
        return True
    return any(
        (isinstance(part, DocumentPart) and part.document.url is not None)
        or (
            isinstance(part, ToolResultPart)
            and any(isinstance(item, ImagePart) for item in part.content)
        )
        for message in request.messages
        for part in message.content
    )


CHAT_PARTS, RESPONSES_PARTS = "chat.completions", "responses.content"
"""The `api` of a part's state that is a part as that API spells it."""


def own_words(part: ContentPart, api: str) -> dict[str, Any] | None:
    """A part that the schema has no place for, such as the id of a file, as OpenAI spells it.

    It is a text part without text, whose state is what goes out. `None`: it is none.
    """
    return part.state_of("openai", api) if isinstance(part, TextPart) and not part.text else None


def chat_takes_tools(request: ChatRequest) -> bool:
    """Whether the model calls tools on Chat Completions with the effort of this request."""
    asked = request.reasoning_effort
    return {
        "always": True,
        "no effort": asked in (None, "none"),
        "not thinking": not thinks(request),
        "never": False,
    }[facts_of(request).chat_tools]
