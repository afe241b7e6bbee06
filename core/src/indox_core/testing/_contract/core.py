"""What the contract takes from inside the core; all else comes through the public doors."""

from indox_core._errors import ERROR_CLASSES
from indox_core._plugins import CONTRACT_VERSIONS, check_provider, fitted, installed, without
from indox_core._schema import Fold, read_request
from indox_core._transport import LineParser, SSEParser

__all__ = [
    "CONTRACT_VERSIONS",
    "ERROR_CLASSES",
    "Fold",
    "LineParser",
    "SSEParser",
    "check_provider",
    "fitted",
    "installed",
    "read_request",
    "without",
]
