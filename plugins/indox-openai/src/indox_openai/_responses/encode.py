"""The canonical request to the JSON of the Responses API."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    Adaptation,
    Call,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    Message,
    TextPart,
    Tool,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
    UnsupportedFeatureError,
    arguments_text,
    as_object,
    dropped,
    merged,
)
from indox_openai._models import facts_of, is_openai_itself
from indox_openai._options import PENALTIES, RESPONSES_PARTS, OpenAIOptions, own_words, sampling
from indox_openai._shared import (
    file_of,
    json_format,
    note_cache,
    note_is_error,
    plain_text,
)
from indox_openai._strict import strict_schema

OPERATION = "responses"


def request_to_responses(request: ChatRequest, adaptations: list[Adaptation]) -> Call:
    """The body of POST /responses."""
    options = request.options_as(OpenAIOptions)
    custom: set[str] = set()  # the ids of calls whose input is free text
    body: dict[str, Any] = {
        "model": request.model,
        "input": [
            item
            for number, message in enumerate(request.messages)
            for item in _message_to_items(message, number, custom, adaptations)
        ],
        # Answers are kept for 30 days unless this says no:
        # https://developers.openai.com/api/docs/guides/your-data
        "store": False,
        **sampling(request, adaptations),
    }
    if is_openai_itself(request.base_url) and "reasoning" not in facts_of(request).lacks:
        body["include"] = ["reasoning.encrypted_content"]
    _leave_out_what_chat_has(request, adaptations)
    if request.seed is not None:
        adaptations.append(dropped("seed", "the Responses API takes no seed", request.seed))
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    tools = [
        _tool_to_responses(tool, f"tools.{number}", adaptations)
        for number, tool in enumerate(request.tools)
    ]
    if request.web_search:
        tools.append({"type": "web_search"})
    if tools:
        body["tools"] = tools
        if request.tool_choice is not None:
            body["tool_choice"] = _choice_to_responses(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    text: dict[str, Any] = {}
    if (answer := json_format(request, adaptations)) is not None:
        text["format"] = answer
    if options.verbosity is not None:
        text["verbosity"] = options.verbosity
    if text:
        body["text"] = text
    reasoning = {"effort": request.reasoning_effort, "summary": options.reasoning_summary}
    if any(reasoning.values()):
        body["reasoning"] = {name: value for name, value in reasoning.items() if value is not None}
    if request.metadata:
        body["metadata"] = request.metadata
    note_cache(request, adaptations)
    if request.stream:
        body["stream"] = True
    for name in ("service_tier", "prompt_cache_key", "safety_identifier"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations))


def _leave_out_what_chat_has(request: ChatRequest, adaptations: list[Adaptation]) -> None:
    options = request.options_as(OpenAIOptions)
    asked = [name for name, value in (("stop", request.stop), ("n", options.n)) if value]
    if asked:
        raise UnsupportedFeatureError(
            f"openai: the Responses API takes no {' and no '.join(asked)}. Leave it out, or "
            'name provider_options "api": "chat".'
        )
    for name in PENALTIES:
        if (value := getattr(options, name)) is not None:
            reason = f"the Responses API takes no {name}"
            adaptations.append(dropped(f"provider_options.openai.{name}", reason, value))


def _message_to_items(
    message: Message, number: int, custom: set[str], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    if (text := plain_text(message)) is not None:
        return [{"role": message.role, "content": text}]
    if message.name is not None:
        reason = "the Responses API takes no names"
        adaptations.append(dropped(f"messages.{number}.name", reason, message.name))
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [
            merged(
                merged(_result_to_item(part, number, custom, adaptations), part.own_options),
                message.own_options,
            )
            for part in results
        ]
    if message.role == "assistant":
        items = _assistant_to_items(message, number, custom, adaptations)
        return [merged(item, message.own_options) for item in items]
    own = any(own_words(part, RESPONSES_PARTS) or part.own_options for part in message.content)
    only_text = all(isinstance(part, TextPart) for part in message.content)
    if only_text and len(message.content) <= 1 and not own:
        return [merged({"role": message.role, "content": message.text}, message.own_options)]
    parts = [
        merged(
            _part_to_responses(part, f"messages.{number}.content.{index}", adaptations),
            part.own_options,
        )
        for index, part in enumerate(message.content)
    ]
    return [merged({"role": message.role, "content": parts}, message.own_options)]


def _assistant_to_items(
    message: Message, number: int, custom: set[str], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """Text, reasoning and calls are items of their own, in the order in which they came."""
    items: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        state = part.state_of("openai", OPERATION)
        if state is None and (part.provider_state is not None or part.type not in _TAKEN_BACK):
            reason = f"OpenAI takes back only its own state, and of others no {part.type}"
            adaptations.append(dropped(f"messages.{number}.content.{index}", reason))
        if isinstance(part, TextPart) and part.text:
            # Models that tell commentary from the final answer want that back.
            phase = {"phase": state["phase"]} if state is not None and "phase" in state else {}
            item = {"role": "assistant", "content": part.text, **phase}
            items.append(merged(item, part.own_options))
        elif isinstance(part, ToolCallPart) and state is not None:
            custom.add(part.id)
            items.append(merged({**state, "call_id": part.id}, part.own_options))
        elif isinstance(part, ToolCallPart):
            item = {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": arguments_text(part),
            }
            items.append(merged(item, part.own_options))
        elif state is not None:
            items.append(merged(state, part.own_options))
    if not items and all(isinstance(part, TextPart) for part in message.content):
        adaptations.append(dropped(f"messages.{number}", "OpenAI takes no empty message back"))
    return items


_TAKEN_BACK = ("text", "tool_call")


def _result_to_item(
    part: ToolResultPart, number: int, custom: set[str], adaptations: list[Adaptation]
) -> dict[str, Any]:
    note_is_error(part, number, adaptations)
    path = f"messages.{number}"
    output: Any = part.text
    if any(isinstance(item, ImagePart) or item.own_options for item in part.content):
        output = [
            merged(_part_to_responses(item, path, adaptations), item.own_options)
            for item in part.content
        ]
    kind = "custom_tool_call_output" if part.tool_call_id in custom else "function_call_output"
    return {"type": kind, "call_id": part.tool_call_id, "output": output}


def _part_to_responses(
    part: ContentPart, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    if (own := own_words(part, RESPONSES_PARTS)) is not None:
        return own
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, ImagePart):
        detail = part.detail or "auto"
        return {"type": "input_image", "image_url": part.image.data_url, "detail": detail}
    if isinstance(part, DocumentPart):
        if part.document.url is not None:
            if part.document.name is not None:
                reason = "OpenAI takes no name for a document that it fetches"
                adaptations.append(dropped(f"{path}.document.name", reason, part.document.name))
            return {"type": "input_file", "file_url": part.document.url}
        return {"type": "input_file", **file_of(part.document)}
    raise UnsupportedFeatureError(
        f"{path}: the Responses API takes no {part.type}. "
        'Leave out provider_options "api", or name "chat".'
    )


def _tool_to_responses(tool: Tool, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    schema, strict = strict_schema(
        tool.parameters, bool(tool.strict), f"{path}.parameters", adaptations
    )
    wire: dict[str, Any] = {
        "type": "function",
        "name": tool.name,
        "parameters": schema,
        # Left out, it would be true, and OpenAI would refuse every optional argument.
        "strict": strict,
    }
    if tool.description:
        wire["description"] = tool.description
    own = dict(tool.own_options)
    inner = own.pop("function", {})  # Chat's spelling, which this API has in one object
    return merged(wire, {**own, **as_object(inner)})


def _choice_to_responses(choice: ToolChoice) -> Any:
    if choice.name is not None:
        return {"type": "function", "name": choice.name}
    return choice.mode
