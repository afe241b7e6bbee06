"""Every bad input of the shared list ends as it must, on every provider that it is for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import bad_inputs


@pytest.mark.parametrize("identifier", bad_inputs.ITEMS)
def test_a_bad_input_ends_as_it_must(shared, identifier):
    found = [item for item in bad_inputs.items(shared) if item["id"] == identifier]
    assert found, f"the shared list has no {identifier}"
    assert bad_inputs.play(found[0]) == []


def test_no_item_of_the_list_is_left_out(shared):
    listed = {item["id"] for item in bad_inputs.items(shared)}
    assert listed == set(bad_inputs.ITEMS)
    assert len(listed) == 130
