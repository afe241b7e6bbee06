"""The canonical request to the generateContent API's JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from pydantic_core import from_json

from indox_core.plugin import (
    MADE_UP_CALL,
    MEDIA_TYPES,
    Adaptation,
    AudioPart,
    Call,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    Media,
    Message,
    ReasoningEffort,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    UnsupportedFeatureError,
    ValidationError,
    clamped,
    dropped,
    merged,
)

from ._models import GoogleFacts, facts_of
from ._options import GoogleOptions
from ._schema import schema_to_google

PROVIDER = "google"
# https://ai.google.dev/gemini-api/docs/openai#thinking says which budget an effort is.
_BUDGETS: dict[ReasoningEffort, int] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
}
# For calls that no Gemini 3 model made: https://ai.google.dev/gemini-api/docs/thought-signatures
_FOREIGN_SIGNATURE = "skip_thought_signature_validator"


def request_to_google(request: ChatRequest) -> Call:
    """The body of POST /models/MODEL:generateContent; the operation is the path."""
    adaptations: list[Adaptation] = []
    options = request.options_as(GoogleOptions)
    facts = facts_of(request.model)
    _check_tools(request, facts)
    system, contents = _conversation(request, facts, adaptations)
    body: dict[str, Any] = {"contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    tools: list[dict[str, Any]] = []
    if request.tools:
        tools.append(
            {
                "functionDeclarations": [
                    merged(_declaration(tool), tool.own_options) for tool in request.tools
                ]
            }
        )
        _add_tool_choice(request, body)
    if request.web_search:
        tools.append({"googleSearch": {}})
    if tools:
        body["tools"] = tools
    if config := _generation_config(request, facts, adaptations):
        body["generationConfig"] = config
    _note_what_is_left_out(request, adaptations)
    if options.safety_settings:
        body["safetySettings"] = list(options.safety_settings)
    if options.cached_content is not None:
        body["cachedContent"] = options.cached_content
    if options.service_tier is not None:
        body["serviceTier"] = options.service_tier
    return Call(_path(request), merged(body, options.extra_body), tuple(adaptations))


def _path(request: ChatRequest) -> str:
    """`v1beta/models/gemini-...:generateContent`; tuned models bring their own collection."""
    model = request.model if "/" in request.model else f"models/{request.model}"
    verb = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
    return f"{request.options_as(GoogleOptions).api_version}/{quote(model)}:{verb}"


def _check_tools(request: ChatRequest, facts: GoogleFacts) -> None:
    if request.response_schema is None or facts.schema_with_tools:
        return
    for name in ("tools", "web_search"):
        if getattr(request, name):
            raise UnsupportedFeatureError(
                f"response_schema: {request.provider}/{request.model} keeps to a schema only where "
                f"there are no tools. Leave out {name}, or use a model of Gemini 3 or later."
            )


def _generation_config(
    request: ChatRequest, facts: GoogleFacts, adaptations: list[Adaptation]
) -> dict[str, Any]:
    options = request.options_as(GoogleOptions)
    sampling = {
        "topK": options.top_k,
        "presencePenalty": options.presence_penalty,
        "frequencyPenalty": options.frequency_penalty,
    }
    if not facts.sampling:
        reason = f"{request.model} takes no sampling parameters"
        for name in ("top_k", "presence_penalty", "frequency_penalty"):
            if (value := getattr(options, name)) is not None:
                adaptations.append(dropped(f"provider_options.google.{name}", reason, value))
        sampling = {}
    config: dict[str, Any] = {
        "temperature": request.temperature,
        "topP": request.top_p,
        **sampling,
        "maxOutputTokens": request.max_tokens,
        "seed": request.seed,
        "stopSequences": list(request.stop) or None,
        "responseModalities": list(options.response_modalities) or None,
        "thinkingConfig": _thinking_config(request, facts, adaptations) or None,
    }
    if request.seed is not None and not -(2**31) <= request.seed < 2**31:
        config["seed"] = request.seed % 2**31
        adaptations.append(
            clamped("seed", "Gemini's seeds have 32 bits", request.seed, config["seed"])
        )
    if request.response_schema is not None:
        config["responseMimeType"] = "application/json"
        schema, changes = schema_to_google(request.response_schema.described)
        config["responseJsonSchema"] = schema
        adaptations.extend(changes)
        if request.response_schema.strict is False:
            reason = "Gemini keeps to every schema"
            adaptations.append(dropped("response_schema.strict", reason, False))
    return {name: value for name, value in config.items() if value is not None}


def _thinking_config(
    request: ChatRequest, facts: GoogleFacts, adaptations: list[Adaptation]
) -> dict[str, Any]:
    shown = request.options_as(GoogleOptions).include_thoughts
    if not facts.thinks:
        if shown:
            reason = f"{request.model} does not think before it answers"
            adaptations.append(dropped("provider_options.google.include_thoughts", reason, shown))
        return {}
    config: dict[str, Any] = {} if shown is None else {"includeThoughts": shown}
    effort = request.reasoning_effort
    if effort is None:
        return config
    if facts.budgets is None:
        config["thinkingLevel"] = effort.upper()
    else:
        budget = _budget(request.max_tokens, effort, facts, facts.budgets, adaptations)
        config["thinkingBudget"] = budget
    if shown is None and config.get("thinkingBudget") != 0:
        config["includeThoughts"] = True
    return config


def _budget(
    max_tokens: int | None,
    effort: ReasoningEffort,
    facts: GoogleFacts,
    budgets: tuple[int, int],
    adaptations: list[Adaptation],
) -> int:
    """The tokens to think with: they count in `max_tokens`, and the answer needs room beside."""
    lowest, highest = budgets
    wanted = _BUDGETS[effort] and min(max(_BUDGETS[effort], lowest), highest)
    if max_tokens is None:
        return wanted
    left = max_tokens - max(-(-max_tokens // 5), _ROOM)
    if wanted <= max(left, 0):
        return wanted
    budget = left if left >= lowest else 0 if "none" in facts.efforts else lowest
    reason = "Gemini counts thinking in max_tokens, and the answer needs room beside it"
    adaptations.append(clamped("reasoning_effort", reason, wanted, budget))
    return budget


_ROOM = 256
"""Tokens that are left for the answer at least; of many, a fifth."""


def _note_what_is_left_out(request: ChatRequest, adaptations: list[Adaptation]) -> None:
    if request.cache:
        reason = "Gemini caches by itself, or by the option cached_content"
        adaptations.append(dropped("cache", reason, request.cache))
    for number, tool in enumerate(request.tools):
        if tool.strict is not None:
            reason = "Gemini has no strict tools"
            adaptations.append(dropped(f"tools.{number}.strict", reason, tool.strict))


def _add_tool_choice(request: ChatRequest, body: dict[str, Any]) -> None:
    choice = request.tool_choice
    if choice is None:
        return
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    config: dict[str, Any] = {"mode": modes[choice.mode]}
    if choice.name is not None:
        config["allowedFunctionNames"] = [choice.name]
    body["toolConfig"] = {"functionCallingConfig": config}


def _declaration(tool: Tool) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name, "parametersJsonSchema": tool.parameters}
    return {**wire, "description": tool.description} if tool.description else wire


# Messages


def _conversation(
    request: ChatRequest, facts: GoogleFacts, adaptations: list[Adaptation]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The system parts and the contents. Gemini knows one place for system messages only."""
    system: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for number, message in enumerate(request.messages):
        path = f"messages.{number}"
        for call in message.tool_calls:
            names[call.id] = call.name
        parts = _parts(message, facts, names, path, adaptations)
        if message.own_options:
            reason = "Gemini's contents have no fields of their own; its parts may"
            adaptations.append(dropped(f"{path}.provider_options", reason))
        if not parts:
            if message.role != "user":
                adaptations.append(dropped(path, "Gemini takes no empty message"))
        elif message.role == "system":
            if not facts.system:
                reason = f"{request.model} takes no system message: it begins the first turn"
                adaptations.append(_moved(path, "contents.0", reason))
            elif contents:
                reason = "Gemini takes system messages only before the conversation"
                adaptations.append(_moved(path, "systemInstruction", reason))
            system += parts
        elif message.role == "tool" and contents and _holds_results(contents[-1]):
            contents[-1]["parts"] += parts  # all results of one turn belong together
        else:
            role = "model" if message.role == "assistant" else "user"
            contents.append({"role": role, "parts": parts})
    if not contents:
        raise ValidationError("messages: Gemini needs at least one user or assistant message.")
    if facts.system:
        return system, contents
    if system and contents[0]["role"] == "user":
        contents[0]["parts"][:0] = system
    elif system:
        contents.insert(0, {"role": "user", "parts": system})
    return [], contents


def _moved(path: str, after: str, reason: str) -> Adaptation:
    return Adaptation(path=path, kind="moved", before=path, after=after, reason=reason)


def _holds_results(content: dict[str, Any]) -> bool:
    return all("functionResponse" in part for part in content["parts"])


def _parts(
    message: Message,
    facts: GoogleFacts,
    names: dict[str, str],
    path: str,
    adaptations: list[Adaptation],
) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        where = f"{path}.content.{index}"
        state = part.state_of(PROVIDER)
        if part.provider_state is not None and state is None:
            adaptations.append(dropped(where, "Gemini takes back only its own state"))
        if isinstance(part, ToolResultPart):
            parts.append(merged(_response(part, names), part.own_options))
            if any(item.own_options for item in part.content):
                reason = "Gemini takes a result as one object"
                adaptations.append(dropped(f"{where}.content.provider_options", reason))
        elif isinstance(part, ReasoningPart) and state is None:
            if part.provider_state is None:
                adaptations.append(dropped(where, "Gemini takes back only its own reasoning"))
        elif (wire := _part(part, where, adaptations)) or state:
            if isinstance(part, TextPart) and state and state.keys() <= _SIGNATURE:
                wire = {"text": part.text}  # also an empty one: the signature belongs to it
            parts.append(merged({**wire, **(state or {})}, part.own_options))
            if isinstance(part, ToolCallPart) and part.arguments is None:
                reason = "Gemini takes arguments only as an object"
                adaptations.append(dropped(f"{where}.arguments_raw", reason))
    if facts.signs_calls:
        _sign_foreign_calls(parts, path, adaptations)
    return parts or ([{"text": ""}] if message.role == "user" else [])


def _sign_foreign_calls(
    parts: list[dict[str, Any]], path: str, adaptations: list[Adaptation]
) -> None:
    """Gemini 3 refuses a turn whose first call has no signature; others' calls have none."""
    calls = [part for part in parts if "functionCall" in part]
    if calls and "thoughtSignature" not in calls[0]:
        calls[0]["thoughtSignature"] = _FOREIGN_SIGNATURE
        adaptations.append(
            Adaptation(
                path=path,
                kind="synthesised",
                after="thoughtSignature",
                reason="Gemini 3 wants a signature with every call, and others' calls have none",
            )
        )


_SIGNATURE = frozenset({"thoughtSignature"})


def _part(part: ContentPart, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    """The part as Gemini has it; {} for what has no content of its own."""
    if isinstance(part, TextPart | ReasoningPart):
        return {"text": part.text} if part.text else {}
    if isinstance(part, ImagePart):
        if part.detail is not None:
            reason = "Gemini decides itself how closely it looks"
            adaptations.append(dropped(f"{path}.detail", reason, part.detail))
        return _media(part.image)
    if isinstance(part, DocumentPart):
        if part.document.name is not None:
            reason = "Gemini takes no name of a document"
            adaptations.append(dropped(f"{path}.document.name", reason, part.document.name))
        return _media(part.document)
    if isinstance(part, AudioPart):
        return _media(part.audio)
    if isinstance(part, ToolCallPart):
        call = {"name": part.name, "args": part.arguments or {}, **_id(part.id)}
        return {"functionCall": call}
    raise TypeError(part.type)  # a tool result, which the caller has taken out


def _id(identifier: str) -> dict[str, str]:
    """Ids that we made up are not sent: Gemini matches results by name then."""
    return {} if identifier.startswith(MADE_UP_CALL) else {"id": identifier}


def _media(media: Media) -> dict[str, Any]:
    if media.data is not None:
        return {"inlineData": {"mimeType": media.media_type, "data": media.data}}
    guessed = media.media_type or MEDIA_TYPES.get(
        urlsplit(media.url or "").path.rpartition(".")[2].lower()
    )
    file = {"fileUri": media.url}
    return {"fileData": {**file, "mimeType": guessed} if guessed else file}


def _response(part: ToolResultPart, names: dict[str, str]) -> dict[str, Any]:
    """A function's result; Gemini wants an object, so other results are put into one."""
    value: Any = part.text
    try:
        found = from_json(part.text, allow_inf_nan=False)
    except ValueError:
        found = None
    if isinstance(found, dict):
        value = found
    if part.is_error or not isinstance(value, dict):
        value = {"error" if part.is_error else "result": value}
    name = part.name or names.get(part.tool_call_id) or part.tool_call_id
    response: dict[str, Any] = {"name": name, "response": value, **_id(part.tool_call_id)}
    images = [_media(item.image) for item in part.content if isinstance(item, ImagePart)]
    return {"functionResponse": {**response, "parts": images} if images else response}
