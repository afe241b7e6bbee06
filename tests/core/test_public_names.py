"""The three doors say what they open."""

from __future__ import annotations

import types

import pytest

import indox_core
import indox_core.plugin
import indox_core.testing
from indox_core._plugins import hooks


@pytest.mark.parametrize("door", [indox_core, indox_core.plugin, indox_core.testing])
def test_all_is_sorted_complete_and_real(door):
    assert door.__all__ == sorted(door.__all__, key=lambda name: (not name.isupper(), name)) or (
        sorted(door.__all__) == sorted(set(door.__all__))
    )
    for name in door.__all__:
        assert getattr(door, name) is not None
    if door is not indox_core.testing:  # that one is written here, not re-exported
        public = {
            name
            for name, value in vars(door).items()
            if not name.startswith("_")
            and not isinstance(value, types.ModuleType)
            and getattr(value, "__module__", "").startswith("indox_core")
        }
        assert public <= set(door.__all__)


def test_every_hook_has_a_sentence():
    found = [value for name, value in vars(hooks).items() if name.startswith("indox_")]
    assert len(found) == 8
    assert all(hook.__doc__ for hook in found)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = indox_core.nothing
