"""The promises of `goals.py` in their quick form; `README.md` says what the long form showed.

Rows that measure time or memory are run by their command alone: machines differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import goals

COUNTED = (
    goals.broken_streams,
    goals.attempts_per_status,
    goals.dead_upstream,
    goals.runtimes,
    goals.many_keys,
    goals.canary,
    goals.redirects,
    goals.url_forms,
)


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row.__name__)
def test_a_promise_is_kept(row):
    found = row(False)
    assert found.kept, found.seen
