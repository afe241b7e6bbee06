"""Every bad input of the shared list ends as it must, on every provider that it is for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import bad_inputs

# Tens of megabytes, or a process for each provider: one of the four here, all with `-m long`.
SLOW = {"chat.messages-16": "openai", "runtime-01": "google", "stream-19": "anthropic"}


def listed(shared, identifier):
    found = [item for item in bad_inputs.items(shared) if item["id"] == identifier]
    assert found, f"the shared list has no {identifier}"
    return found[0]


@pytest.mark.parametrize("identifier", bad_inputs.ITEMS)
def test_a_bad_input_ends_as_it_must(shared, identifier):
    assert bad_inputs.play(listed(shared, identifier), SLOW.get(identifier)) == []


@pytest.mark.long
@pytest.mark.parametrize("identifier", SLOW)
def test_a_slow_bad_input_ends_as_it_must_on_every_provider(shared, identifier):
    assert bad_inputs.play(listed(shared, identifier)) == []


def test_no_item_of_the_list_is_left_out(shared):
    listed = {item["id"] for item in bad_inputs.items(shared)}
    assert listed == set(bad_inputs.ITEMS)
    assert len(listed) == 130
