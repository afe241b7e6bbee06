"""Recorded exchanges with the real providers, served on loopback, are read right."""

from __future__ import annotations

import pytest
import replay


@pytest.mark.parametrize(
    "sample", [True, pytest.param(False, marks=pytest.mark.long)], ids=["one way", "every way"]
)
def test_every_recording_is_read_right(shared, tell, sample):
    if not (shared / "recordings").is_dir():
        pytest.skip("left out: the shared folder has no recordings")
    table, wrong = replay.score(shared, sample)
    tell("\n" + "\n".join(line for line in table if line.split()[-1] in replay.PROVIDERS))
    assert wrong == {}
