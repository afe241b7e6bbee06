"""Chat Completions."""

from .decode import chat_to_reply
from .encode import OPERATION, request_to_chat
from .stream import ChatDecoder

__all__ = ["OPERATION", "ChatDecoder", "chat_to_reply", "request_to_chat"]
