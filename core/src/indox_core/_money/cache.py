"""Prices that the user has fetched, kept in the user's cache.

They belong to one version of the price library: a newer library brings newer prices of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from indox_core._errors import NetworkError


def path() -> Path:
    """Where fetched prices are kept."""
    import genai_prices
    import platformdirs

    folder = platformdirs.user_cache_path("indox")
    return folder / f"prices-{genai_prices.__version__}.json"


def fetched() -> list[Any] | None:
    """The providers of the library as they were last fetched; `None` if they never were."""
    try:
        return _read(path().read_bytes())
    except (OSError, ValueError):
        return None


def _read(content: bytes) -> list[Any]:
    """The library's providers. Raises `ValueError` for what is no list of some."""
    from genai_prices.types import _providers_from_raw

    try:
        providers = _providers_from_raw(json.loads(content))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no list of prices") from error
    if not providers:
        raise ValueError("an empty list of prices")
    return providers


def store(timeout: float = 30.0) -> Path:
    """Fetch the library's newest prices into the cache.

    Raises `NetworkError` and keeps the old ones.
    """
    import httpx2
    from genai_prices.update_prices import DEFAULT_UPDATE_URL

    problem = None
    try:
        answer = httpx2.get(DEFAULT_UPDATE_URL, timeout=timeout, trust_env=False)
        answer.raise_for_status()
        _read(answer.content)
    except httpx2.HTTPError as error:
        problem = f"no answer ({type(error).__name__})"
    except ValueError:
        problem = "the answer is no list of prices"
    if problem is not None:
        raise NetworkError(f"The prices were not updated: {problem}. The ones at hand stay in use.")
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(".part")
    beside.write_bytes(answer.content)
    beside.replace(target)
    return target
