"""What a failure means, and what follows from it: another attempt, or an error of ours."""

from __future__ import annotations

import builtins
import logging
import math
import os
import sys
import time
from dataclasses import replace
from urllib.parse import urlsplit

from indox_core._errors import (
    ERROR_CLASSES,
    CallError,
    Failure,
    IndoxError,
    PluginLoadError,
    ProviderFailure,
    describe,
)
from indox_core._plugins import Retry, breach
from indox_core._schema import JSON

from .invocation import Invocation
from .reading import SHAPES, WELL_FORMED, plugin_raised, unread, well_formed
from .retry import is_retryable, wait_before_next

log = logging.getLogger("indox")
_EXCERPT = 500
"""Characters of the vendor's own words that an error quotes; a page of HTML has more."""


def judge(invocation: Invocation, error: Exception, method: str) -> Failure | IndoxError:
    """What an exception of the plugin's `method` means; the exception itself is let go."""
    if isinstance(error, IndoxError):
        return error
    provider = invocation.request.provider
    failure = error.failure if isinstance(error, ProviderFailure) else None
    try:
        if failure is None and method in ("send", "stream"):
            failure = invocation.provider.classify(error)
            if not isinstance(failure, Failure | None):
                return breach(provider, "classify", "a Failure or None", failure)
            failure = failure or _transport_failure(error)
    except Exception as second:  # noqa: BLE001 # a plugin may raise anything
        return plugin_error(invocation, second, "classify")
    if failure is None and isinstance(error, SHAPES):
        failure = unread(provider, error, method)
    if failure is None:
        return plugin_error(invocation, error, method)
    if not well_formed(failure):
        raised = method if isinstance(error, ProviderFailure) else "classify"
        return breach(provider, raised, WELL_FORMED, failure)
    if failure.kind == "network":
        failure = _located(failure, error, invocation.request.base_url)
    # At once: the vendor may echo the key, and a traceback may show our frames' locals.
    failure = _cleaned(invocation, failure)
    log.debug(
        "attempt %d of %s: %s, HTTP %s",
        invocation.attempt,
        invocation.name,
        failure.kind,
        failure.status_code,
    )
    if invocation.setup.debug:
        invocation.cause = error
    return failure


def plugin_error(invocation: Invocation, error: Exception, method: str) -> PluginLoadError:
    """The error of a plugin that raised what it must not."""
    problem = plugin_raised(invocation.request.provider, error, method)
    if invocation.setup.debug:
        problem.__cause__ = error
    return problem


def wait_or_raise(invocation: Invocation, verdict: Failure | IndoxError) -> float:
    """Seconds until the next attempt; raises if there is none."""
    if isinstance(verdict, IndoxError):
        raise invocation.failed(verdict)
    left = invocation.end - time.monotonic()
    wait = wait_before_next(verdict, invocation.attempt, invocation.settings.max_retries, left)
    invocation.check_open()
    if wait is None or not invocation.setup.connections.retries.take(*invocation.payer):
        raise invocation.failed(error_of(invocation, verdict))
    if invocation.observers is not None:
        status = f", HTTP {verdict.status_code}" if verdict.status_code else ""
        request = invocation.request
        reason = f"{verdict.kind}{status}"
        retry = Retry(request.provider, request.model, invocation.attempt, wait, reason)
        invocation.tell("indox_retry", retry=retry)
    return wait


def error_of(invocation: Invocation, failure: Failure) -> CallError:
    """The failure as the error that is raised for it."""
    if failure.kind == "timeout":
        settings = invocation.settings
        idle = settings.idle_timeout is not None and time.monotonic() < invocation.end
        limit = (
            f"idle_timeout={settings.idle_timeout:g}" if idle else f"timeout={settings.timeout:g}"
        )
        failure = replace(failure, message=f"{limit} has passed without a complete answer")
    return ERROR_CLASSES[failure.kind](
        describe(failure, invocation.request.provider),
        provider=invocation.request.provider,
        model=invocation.request.model,
        status_code=failure.status_code,
        code=failure.code,
        request_id=invocation.vendors_id(failure.request_id),
        retry_after_s=failure.retry_after_s,
        attempts=invocation.attempt,
        retryable=is_retryable(failure),
        details=failure.details,
    )


def _cleaned(invocation: Invocation, failure: Failure) -> Failure:
    """The failure without the key, and with an excerpt of what the vendor said."""
    message = _excerpt(invocation.clean(failure.message))
    code = None if failure.code is None else invocation.clean(failure.code)
    request_id = None if failure.request_id is None else invocation.clean(failure.request_id)
    details = _cleaned_json(invocation, failure.details)
    return replace(failure, message=message, code=code, request_id=request_id, details=details)


def _excerpt(text: str) -> str:
    """Cut only when the key is out of it: half a key would not be found."""
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "..."


def _cleaned_json(invocation: Invocation, value: JSON) -> JSON:
    if isinstance(value, str):
        return _excerpt(invocation.clean(value))
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # which JSON cannot hold
    if isinstance(value, dict):
        return {
            _excerpt(invocation.clean(str(key))): _cleaned_json(invocation, item)
            for key, item in value.items()
        }
    return [_cleaned_json(invocation, item) for item in value] if isinstance(value, list) else value


def _transport_failure(error: Exception) -> Failure | None:
    """Errors of sockets and of the HTTP library, whichever SDK let them through."""
    if isinstance(error, builtins.TimeoutError):
        return Failure("timeout")
    httpx2 = sys.modules.get("httpx2")
    if httpx2 is not None:
        if isinstance(error, httpx2.TimeoutException):
            return Failure("timeout")
        if isinstance(error, httpx2.DecodingError):
            return Failure("malformed", "the answer's compression is broken")
        if isinstance(error, httpx2.StreamError):
            return Failure("malformed", "the answer is no stream, or cannot be read as one")
        if isinstance(error, httpx2.HTTPError):
            return Failure("network", f"no answer ({type(error).__name__})")
    if isinstance(error, OSError):
        return Failure("network", f"no answer ({type(error).__name__})")
    return None


def _located(failure: Failure, error: BaseException, base_url: str) -> Failure:
    """A network failure with where it was and what the system says of it."""
    parts = urlsplit(base_url)
    where = f"{parts.hostname}:{parts.port or {'http': 80}.get(parts.scheme, 443)}"
    reason, final = "", False
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ == "SSLCertVerificationError":
            reason, final = "its certificate is not trusted", True
        elif type(cause).__name__.startswith("SSL"):  # the number is no system's
            reason = reason or "the TLS handshake failed"
        elif type(cause).__name__ == "gaierror":
            reason = reason or "its name cannot be resolved"
        elif isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            reason = reason or os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    text = f"no answer from {where}" if parts.hostname else "no answer"
    return replace(failure, message=f"{text} ({reason})" if reason else text, final=final)
