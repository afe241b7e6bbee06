"""The deliberate bugs stand where the plugin has their place, and the contract catches them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mutants import MUTANTS
from mutate import caught_by, patched

SCORE = Path(__file__).with_name("score.txt").read_text().splitlines()
# The rest takes minutes: `uv run python tests/mutations/mutate.py`.
SAMPLE = ("drops the system messages", "counts cached tokens twice", "prints the key")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_can_be_patched_in(mutant):
    ast.parse(patched(mutant))


def test_the_score_is_of_this_list():
    outcomes = dict(
        re.fullmatch(r"(?:caught|MISSED) +(.+?): (.*)", line).groups() for line in SCORE[:-1]
    )
    assert list(outcomes) == [mutant.name for mutant in MUTANTS]
    caught = sum(bool(test) for test in outcomes.values())
    print(SCORE[-1])
    assert SCORE[-1] == f"{caught} of {len(MUTANTS)} bugs caught"
    assert len(MUTANTS) >= 40
    assert caught >= 38
    assert caught / len(MUTANTS) >= 38 / 40


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_caught(name):
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == name]
    assert caught_by(mutant) is not None


def test_without_a_bug_the_copy_passes():
    assert caught_by(None) is None
