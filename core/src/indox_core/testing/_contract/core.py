"""What the contract takes from inside the core; all else comes through the public doors."""

from indox_core._capabilities import without
from indox_core._errors import ERROR_CLASSES
from indox_core._events import Fold
from indox_core._provider import CONTRACT_VERSIONS, check_provider
from indox_core._registry import installed
from indox_core._request import read_request
from indox_core._wire import LineParser, SSEParser

__all__ = [
    "CONTRACT_VERSIONS",
    "ERROR_CLASSES",
    "Fold",
    "LineParser",
    "SSEParser",
    "check_provider",
    "installed",
    "read_request",
    "without",
]
