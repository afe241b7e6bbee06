"""Which key, from where; and keeping it out of every text."""

from __future__ import annotations

import base64
import os
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from ._errors import MissingKeyError, ValidationError

HIDDEN = "***"


def read_key(value: Any, argument: str) -> SecretStr | None:
    """A key as handed over; `None` if none was. The text of an error never holds it."""
    if value is None:
        return None
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
    elif isinstance(value, str):
        text = value
    else:
        raise ValidationError(f"{argument} must be a string, not {type(value).__name__}")
    if not text.strip():
        # Never falls back to another key: one tenant would pay for another.
        raise MissingKeyError(f"{argument} is empty. Pass the key, or leave the argument out.")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValidationError(
            f"{argument} holds a space, a line break or another character that no key has. "
            "Strip it before passing it on."
        )
    return SecretStr(text)


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
    from_environment = os.environ.get(variable)
    if from_environment:
        return read_key(from_environment, f"the environment variable {variable}")
    router = (
        " The client's api_key= is the key of an Indox router and is never sent to a provider."
        if router_key_given
        else ""
    )
    raise MissingKeyError(
        f"No key for {provider}. Pass byok_api_key=..., configure "
        f'Client(providers={{"{provider}": {{"api_key": ...}}}}), or set {variable}.{router}'
    )


def redact(text: str, key: SecretStr | None) -> str:
    """The text without the key, also where it is URL-encoded or in base64."""
    secret = key.get_secret_value() if key is not None else ""
    if len(secret) < 4:  # too short to be a secret, and it would tear words apart
        return text
    encoded = base64.b64encode(secret.encode()).decode()
    for form in (secret, quote(secret, safe=""), encoded, encoded.rstrip("=")):
        text = text.replace(form, HIDDEN)
    return text
