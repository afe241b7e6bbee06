"""Every fault comes out as the table says, on all four providers, sync and async."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from run import run
from table import FAULTS


def test_every_fault_comes_out_as_the_table_says():
    count, problems = run()
    assert len(FAULTS) >= 60
    assert count > 1000
    assert problems == []
