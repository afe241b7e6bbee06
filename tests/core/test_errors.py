"""Errors are plain values."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle

import pytest

from indox_core import _errors
from indox_core._credentials import redact
from indox_core._transport.headers import retry_after

CLASSES = [
    cls
    for _, cls in inspect.getmembers(_errors, inspect.isclass)
    if issubclass(cls, _errors.IndoxError)
]


def make(cls):
    if issubclass(cls, _errors.CallError):
        return cls("m", provider="p", model="x", status_code=429, retry_after_s=1.5, attempts=3)
    return cls("m")


@pytest.mark.parametrize("cls", CLASSES)
def test_pickle_copy_and_equality(cls):
    error = make(cls)
    assert pickle.loads(pickle.dumps(error)) == error
    assert copy.deepcopy(error) == error
    assert error != make(_errors.IndoxError) or cls is _errors.IndoxError
    assert str(error) == "m"
    assert len({error, make(cls)}) == 1


def test_familiar_bases():
    assert issubclass(_errors.ValidationError, ValueError)
    assert issubclass(_errors.TimeoutError, builtins.TimeoutError)


def test_every_class_is_drawn_in_the_tree():
    drawn = _errors.__doc__ or ""
    for cls in CLASSES:
        if cls is not _errors.CallError:  # shared by two branches, drawn by neither
            assert cls.__name__ in drawn


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid"), (401, "authentication"), (402, "credits"), (403, "permission"),
     (404, "not_found"), (413, "invalid"), (418, "invalid"), (422, "invalid"),
     (429, "rate_limit"), (500, "api"), (503, "overloaded"), (529, "overloaded"), (307, "api")],
)  # fmt: skip
def test_kind_of_status(status, kind):
    assert _errors.kind_of_status(status) == kind


def test_every_kind_has_a_class():
    assert set(_errors.ERROR_CLASSES) == set(_errors.FailureKind.__args__)


def test_redaction_is_by_value_and_knows_the_encoded_forms():
    key = ["sk-a/b+c"]
    text = "sk-a/b+c sk-a%2Fb%2Bc c2stYS9iK2M= c2stYS9iK2M other"
    assert redact(text, key) == "*** *** *** *** other"
    assert redact(text, []) == text


def test_redaction_takes_no_longer_the_more_escapes_there_are():
    text = redact("\\" * 200_000 + "sk-canary", ["sk-canary"])
    assert "canary" not in text


@pytest.mark.parametrize(
    "value", ["Fri, 01 Jan 99999999999 00:00:00 GMT", "soon", "1" * 5000, "-1", "nan", ""]
)
def test_a_wait_that_cannot_be_read_is_none(value):
    assert retry_after({"retry-after": value}) is None
