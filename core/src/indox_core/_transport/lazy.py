"""An attribute that is built at its first use, once, whichever thread comes first."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # used like functools.cached_property, which has no lock
    """Like `functools.cached_property`, and safe between threads."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._lock = RLock()
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[T] | T:
        if instance is None:
            return self
        attributes = instance.__dict__
        with self._lock:
            if self._name not in attributes:
                attributes[self._name] = self._build(instance)
        value: T = attributes[self._name]
        return value
