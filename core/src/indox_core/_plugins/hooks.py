"""The hooks, and the markers for them.

`indox_provider` registers a provider. All others are called only on plugins that the caller hands
over with `Client(plugins=[...])`: installing a package never lets it read a prompt.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from indox_core._errors import IndoxError, PluginLoadError

if TYPE_CHECKING:
    from indox_core._schema import ChatRequest, ChatResponse, Rates, Receipt

    from .provider import Provider

log = logging.getLogger("indox")
T = TypeVar("T")
PROJECT = "indox"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Retry:
    """An attempt has failed and another one follows."""

    provider: str
    model: str
    attempt: int
    """The attempt that failed, from 1."""
    wait_s: float
    """Seconds until the next one."""
    reason: str
    """Why it failed: the failure's kind, and the HTTP status if there was one."""


@hookspec
def indox_provider() -> type[Provider]:  # type: ignore[empty-body]
    """Return the provider class. Called once, at the first use of its name."""


@hookspec
def indox_before_chat(request_id: str, request: ChatRequest) -> None:
    """Called once per model that is asked, with its request encoded and nothing sent yet.

    Of several models that a call names, each has a call of its own here, with one `request_id`.
    """


@hookspec
def indox_after_chat(request_id: str, request: ChatRequest, response: ChatResponse) -> None:
    """Called once per answered call; for a stream, when its end has arrived."""


@hookspec
def indox_chat_failed(request_id: str, request: ChatRequest, error: IndoxError) -> None:
    """Called once per model that failed after `indox_before_chat`.

    `error.partial`, where it has one, is what had arrived of a stream and is paid for.
    """


@hookspec
def indox_chat_left(request_id: str, request: ChatRequest, receipt: Receipt | None) -> None:
    """Called once per call that ended with neither: its stream was left, or its task cancelled.

    `receipt` is what it has cost so far, as near as can be told: of a stream an estimate, of a
    plain call `unknown`. `None`: nothing was sent.
    """


@hookspec
def indox_retry(request_id: str, retry: Retry) -> None:
    """Called before each wait for a further attempt."""


@hookspec(firstresult=True)
def indox_rates(provider: str, model: str, at: datetime) -> Rates | None:
    """Prices for a model, before the plugin's own and the price library's; the first one wins."""


@hookspec(firstresult=True)
def indox_resolve_model(name: str) -> str | None:
    """`provider/model` for a name of your own; the first one wins. `None`: not mine."""


def observers(plugins: tuple[object, ...]) -> pluggy.PluginManager | None:
    """A manager that calls the hooks of these plugins; `None` if no one listens."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(sys.modules[__name__])
    for plugin in plugins:
        kind = type(plugin).__name__
        try:
            manager.register(plugin)
            manager.check_pending()
        except (pluggy.PluginValidationError, TypeError, ValueError) as error:
            raise PluginLoadError(f"plugins= holds a {kind} that is no plugin: {error}") from None
        if not isinstance(plugin, Hashable) or not manager.get_hookcallers(plugin):
            raise PluginLoadError(
                f"plugins= holds a {kind} that implements no hook. Mark its methods with hookimpl."
            )
    hooks = [hook for hook in vars(manager.hook).values() if hook.name != "indox_provider"]
    return manager if any(hook.get_hookimpls() for hook in hooks) else None


def tell(observers: pluggy.PluginManager, hook: str, **facts: Any) -> None:
    """Call one hook of the observers; their own failures are logged and cost nobody an answer."""
    try:
        getattr(observers.hook, hook)(**facts)
    except Exception:  # an observer may raise anything
        log.exception("an observer failed in %s", hook)


def ask(observers: pluggy.PluginManager | None, hook: str, kind: type[T], **facts: Any) -> T | None:
    """The first result of one hook of the observers; one that fails or is no `kind` is logged."""
    if observers is None:
        return None
    try:
        result = getattr(observers.hook, hook)(**facts)
    except Exception:  # an observer may raise anything
        log.exception("an observer failed in %s", hook)
        return None
    if result is not None and not isinstance(result, kind):
        log.error("an observer gave a %s in %s", type(result).__name__, hook)
        return None
    return result
