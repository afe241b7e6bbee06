"""Sockets: the lent clients, their pools and deadlines; from the bytes of an answer to JSON.

What imports httpx2 or asyncio is not named here: it is imported when a connection is first made.
"""

from .deadline import deadline, until
from .headers import request_id_of, retry_after
from .json_body import aread_json, read_json
from .lazy import lazy
from .lent import LentClients
from .parsers import LineParser, SSEParser
from .sse import AsyncSSESource, SSESource

__all__ = [
    "AsyncSSESource",
    "LentClients",
    "LineParser",
    "SSEParser",
    "SSESource",
    "aread_json",
    "deadline",
    "lazy",
    "read_json",
    "request_id_of",
    "retry_after",
    "until",
]
