"""Which key, from where; and keeping it out of every text."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import SecretStr

from ._errors import IndoxError, MissingKeyError, ValidationError

HIDDEN = "***"


class HiddenText(str):
    """Text that is sent as it is and shows nothing of itself in a log, a traceback or a dict."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)


def concealed(value: Any, depth: int = 4) -> Any:
    """The same value with every text in it hidden, for the frames of whoever checks it.

    A mapping or list is copied; of what is neither text nor a plain value only the type is left,
    as bytes and objects may show a key as well. Raises nothing.
    """
    if value is None or isinstance(value, bool | int | float | SecretStr | HiddenText):
        return value
    if isinstance(value, str):
        return HiddenText(value)
    only_its_type = type(type(value).__name__, (), {"__slots__": (), "__module__": __name__})()
    if depth == 0 or not isinstance(value, Mapping | list | tuple):
        return only_its_type
    try:
        if isinstance(value, Mapping):
            return {name: concealed(item, depth - 1) for name, item in value.items()}
        items = [concealed(item, depth - 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    except Exception:  # noqa: BLE001 # a mapping of the caller's may do anything
        return only_its_type


def kind(value: Any) -> str:
    """The name of its type, as the caller knows it."""
    return "str" if isinstance(value, HiddenText) else type(value).__name__


def read_key(value: Any, argument: str) -> SecretStr | None:
    """A key as handed over; `None` if none was. Neither an error nor its frames hold the key."""
    problem = _problem(value)
    if problem is None:
        return value if value is None or isinstance(value, SecretStr) else SecretStr(value)
    del value
    error, text = problem
    raise error(f"{argument} {text}")


def _problem(value: Any) -> tuple[type[IndoxError], str] | None:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if text is None:
        return None
    if not isinstance(text, str):
        return ValidationError, f"must be a string, not {kind(text)}"
    if not text.strip():
        # Never falls back to another key: one tenant would pay for another.
        return MissingKeyError, "is empty. Pass the key, or leave the argument out."
    if not text.isascii() or not text.isprintable() or " " in text:
        return ValidationError, (
            "holds a space, a line break or another character that no key has. "
            "Strip it before passing it on."
        )
    return None


def find_key(
    provider: str,
    variable: str | None,
    per_call: SecretStr | None,
    configured: SecretStr | None,
    router_key_given: bool,
) -> SecretStr | None:
    """The key of one call: the call's own, the client's, the provider's variable, in this order.

    `None` only for a provider that needs none. Raises `MissingKeyError` that names the ways.
    """
    key = per_call or configured
    if key is not None or variable is None:
        return key
    if os.environ.get(variable):  # without a name of its own, which a traceback would show
        return read_key(HiddenText(os.environ[variable]), f"the environment variable {variable}")
    router = (
        " The client's api_key= is the key of an Indox router and is never sent to a provider."
        if router_key_given
        else ""
    )
    raise MissingKeyError(
        f"No key for {provider}. Pass byok_api_key=..., configure "
        f'Client(providers={{"{provider}": {{"api_key": ...}}}}), or set {variable}.{router}'
    )


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in any case, URL-encoded, escaped, in base64 or in hex."""
    for secret in secrets:
        if len(secret) >= 4 and text:  # a shorter one would tear words apart
            text = _forms(secret).sub(HIDDEN, text)
    return text


@lru_cache(maxsize=256)
def _forms(secret: str) -> re.Pattern[str]:
    """Every way in which a vendor may echo a key."""
    plain = "".join(
        rf"(?:{re.escape(c)}|%(?:25)*{ord(c):02x}|\\{{1,16}}{re.escape(c)}|\\{{1,16}}u00{ord(c):02x})"
        for c in secret
    )
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    for shift in (1, 2):  # within something longer, such as `Bearer ...`
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded.add(encode(b"x" * shift + raw).decode()[4:-4])
    others = {form.rstrip("=") for form in encoded if len(form) >= 8} | {raw.hex()}
    return re.compile("|".join([plain, *(re.escape(o) + "=*" for o in others)]), re.IGNORECASE)
