"""The Responses API."""

from .decode import responses_to_reply
from .encode import OPERATION, request_to_responses
from .stream import ResponsesDecoder

__all__ = ["OPERATION", "ResponsesDecoder", "request_to_responses", "responses_to_reply"]
