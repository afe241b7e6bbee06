"""The canonical response."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias

from pydantic import Field
from pydantic_core import to_json
from typing_extensions import TypeVar

from .base import JSON, Frozen
from .content import ContentPart, ImagePart, ReasoningPart, TextPart, ToolCallPart
from .messages import Adaptation, Message
from .receipt import MappingModel, Receipt, Usage
from .usage import TokenUsage

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "paused", "error", "unknown"
]

ParsedT = TypeVar("ParsedT", default=Any)


@dataclass(frozen=True, slots=True)
class Finish:
    """Why the answer ended: our word, and the vendor's."""

    unified: FinishReason
    raw: str | None = None
    """`None` if the vendor gave no reason."""
    message: str | None = None
    """The vendor's words about it, such as what is wrong with a call or what was blocked."""


class Citation(Frozen):
    """A source that the answer quotes."""

    url: str | None = None
    title: str | None = None
    text: str | None = None
    """The quoted words, where the vendor gives them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers to the same request."""

    parts: tuple[ContentPart, ...]
    finish: Finish
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a plugin's `decode` makes of the vendor's answer.

    `finish` may be given as our word alone. `more_choices` holds the answers after the first.
    """

    parts: tuple[ContentPart, ...]
    finish: Finish | FinishReason
    usage: TokenUsage | None = None
    id: str | None = None
    model: str | None = None
    """The model that served, as the vendor names it."""
    refusal: str | None = None
    citations: tuple[Citation, ...] = ()
    more_choices: tuple[Choice, ...] = field(default=())

    @property
    def first(self) -> Choice:
        finish = self.finish if isinstance(self.finish, Finish) else Finish(self.finish)
        return Choice(self.parts, finish, self.refusal)


def text_of(parts: tuple[ContentPart, ...]) -> str:
    """The visible text, joined."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


class ChatResponse(MappingModel, Generic[ParsedT]):
    """An answer, in one shape for every provider.

    As a mapping it has the keys below and holds plain JSON data, so that
    `json.dumps(dict(response))` works; `response["choices"][0]["message"]["content"]` works too.
    """

    keys_ = (
        "request_id",
        "created_at",
        "duration_ms",
        "provider",
        "model",
        "success",
        "message",
        "usage",
        "raw_response",
        "data",
        "finish_reason",
    )
    request_id: str
    """Our UUID of the call; the vendor's is `provider_request_id`."""
    created_at: str
    """When the call began; ISO 8601 in UTC."""
    duration_ms: float
    provider: str
    model: str
    """The model asked for, without the prefix."""
    success: bool = True
    message: str = ""
    """What the vendor says of why the first choice ended. '' if it says nothing."""
    usage: Usage
    raw_response: JSON = None
    """The vendor's JSON, filled with `include_raw=True`; for a stream, the list of its events."""
    data: str
    """The text of the first choice."""
    finish_reason: FinishReason

    parts: tuple[ContentPart, ...] = Field(default=(), exclude=True)
    """Everything in the answer, in order."""
    finish: Finish = Field(exclude=True)
    choices: tuple[Choice, ...] = Field(default=(), exclude=True)
    """All answers; one unless more were asked for."""
    citations: tuple[Citation, ...] = Field(default=(), exclude=True)
    adaptations: tuple[Adaptation, ...] = Field(default=(), exclude=True)
    """What was changed in the request so that the provider takes it."""
    receipt: Receipt = Field(exclude=True)
    refusal: str | None = Field(default=None, exclude=True)
    """What the model said instead of answering. `None` if it did not refuse."""
    parsed: ParsedT | None = Field(default=None, exclude=True)
    """An instance of the pydantic class that `response_schema` named, `None` if the text does not
    match it. For a JSON schema, the text as JSON data, not checked again; `None` if it is none."""
    served_model: str | None = Field(default=None, exclude=True)
    """The model that answered, as the vendor names it."""
    service_tier: str | None = Field(default=None, exclude=True)
    """The tier that served, as the vendor names it. `None` if it does not say."""
    provider_request_id: str | None = Field(default=None, exclude=True)
    attempts: int = Field(default=1, exclude=True)
    """How often the request was sent to the model that answered."""
    tried: tuple[str, ...] = Field(default=(), exclude=True)
    """The models that failed before, each as `provider/model: class of its error`."""

    def __getitem__(self, key: str) -> Any:
        if key == "choices":
            return [_choice_json(index, choice) for index, choice in enumerate(self.choices)]
        return super().__getitem__(key)

    def __str__(self) -> str:
        return self.data

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))

    @property
    def images(self) -> tuple[ImagePart, ...]:
        return tuple(part for part in self.parts if isinstance(part, ImagePart))

    @property
    def reasoning(self) -> str | None:
        """What the model thought, as far as the vendor shows it."""
        texts = [p.text for p in self.parts if isinstance(p, ReasoningPart) and p.text]
        return "\n\n".join(texts) if texts else None

    def to_message(self) -> Message:
        """The answer as a message for the next turn, signatures and encrypted reasoning kept.

        A refusal is kept as text.
        """
        parts = self.parts
        if self.refusal and not self.data:
            parts = (*parts, TextPart(text=self.refusal))
        return Message(role="assistant", content=parts)

    def to_openai(self) -> dict[str, Any]:
        """The answer as a Chat Completions object, for code that reads OpenAI's; plain JSON data.

        `usage` is `None` if the vendor sent no counts. A finish reason that OpenAI does not have is
        the vendor's own word, or ours where it gave none. The cost is not in it.
        """
        return {
            "id": self.provider_request_id or self.request_id,
            "object": "chat.completion",
            "created": int(datetime.fromisoformat(self.created_at).timestamp()),
            "model": self.served_model or self.model,
            "choices": [_openai_choice(n, choice) for n, choice in enumerate(self.choices)],
            "usage": _openai_usage(self.usage),
        }


_OPENAI_FINISH = ("stop", "length", "tool_calls", "content_filter")


def _openai_choice(index: int, choice: Choice) -> dict[str, Any]:
    made = _choice_json(index, choice)
    message = {**made["message"], "refusal": choice.refusal}
    if not message["content"]:
        message["content"] = None
    finish = choice.finish.unified
    if finish == "refusal":
        finish = "stop"  # as OpenAI says it, with the message's own refusal
    known = finish in _OPENAI_FINISH
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": finish if known else choice.finish.raw or finish,
    }


def _openai_usage(usage: Usage) -> dict[str, Any] | None:
    if usage.tokens_prompt is None and usage.tokens_completion is None:
        return None
    return {
        "prompt_tokens": usage.tokens_prompt,
        "completion_tokens": usage.tokens_completion,
        "total_tokens": usage.tokens_total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens or 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
    }


def _choice_json(index: int, choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text_of(choice.parts)}
    calls = [part for part in choice.parts if isinstance(part, ToolCallPart)]
    if calls:
        message["tool_calls"] = [
            {
                "id": c.id,
                "type": "function",
                "function": {"name": c.name, "arguments": arguments_text(c)},
            }
            for c in calls
        ]
    return {"index": index, "message": message, "finish_reason": choice.finish.unified}


def arguments_text(call: ToolCallPart) -> str:
    """The arguments as JSON text, as the model wrote it where that is known."""
    if call.arguments_raw is not None:
        return call.arguments_raw
    if call.written is not None and call.is_as_written:
        return call.written
    return to_json(call.arguments or {}).decode()
