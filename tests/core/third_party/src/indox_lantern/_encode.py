"""The canonical request to Lantern's JSON."""

from typing import Any

from indox_core.plugin import Call, ChatRequest, Message, ToolChoice, ToolResultPart, arguments_text

_WHO = {"system": "guide", "user": "human", "assistant": "lantern"}
_PICK = {"auto": "may", "required": "must", "none": "never"}


def request_to_lantern(request: ChatRequest) -> Call:
    """The body of POST /v1/talks."""
    turns = [turn for message in request.messages for turn in _turns(message)]
    body: dict[str, Any] = {"engine": request.model, "turns": turns, "live": request.stream}
    if request.temperature is not None:
        body["heat"] = request.temperature
    if request.max_tokens is not None:
        body["limit"] = request.max_tokens
    if request.stop:
        body["ends"] = list(request.stop)
    if request.tools:
        body["tools"] = [
            {"tool": tool.name, "about": tool.description or "", "input": tool.parameters}
            for tool in request.tools
        ]
        if request.tool_choice is not None:
            body["pick"] = _pick(request.tool_choice)
    return Call("/v1/talks", body)


def _turns(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [
            {"who": "tool", "ref": part.tool_call_id, "say": part.text, "failed": part.is_error}
            for part in message.content
            if isinstance(part, ToolResultPart)
        ]
    turn: dict[str, Any] = {"who": _WHO[message.role], "say": message.text}
    if message.tool_calls:
        turn["calls"] = [
            {"ref": call.id, "tool": call.name, "with": arguments_text(call)}
            for call in message.tool_calls
        ]
    return [turn]


def _pick(choice: ToolChoice) -> Any:
    return {"tool": choice.name} if choice.name is not None else _PICK[choice.mode]
