"""The names of the hosted IndoxRouter's client, on Indox: no router, your own keys.

Errors of the same name keep their meaning; those that Indox calls otherwise are given below.
"""

from indox_core import (
    APIError,
    AuthenticationError,
    InsufficientCreditsError,
    InvalidParametersError,
    ModelNotFoundError,
    NetworkError,
    ProviderError,
    ProviderNotFoundError,
    RateLimitError,
    ValidationError,
)
from indox_core import IndoxError as IndoxRouterError
from indox_core import OverloadedError as ModelNotAvailableError

from ._client import ChatChunks, Client

IndoxRouter = Client
RequestError = APIError

__all__ = [
    "APIError",
    "AuthenticationError",
    "ChatChunks",
    "Client",
    "IndoxRouter",
    "IndoxRouterError",
    "InsufficientCreditsError",
    "InvalidParametersError",
    "ModelNotAvailableError",
    "ModelNotFoundError",
    "NetworkError",
    "ProviderError",
    "ProviderNotFoundError",
    "RateLimitError",
    "RequestError",
    "ValidationError",
]
