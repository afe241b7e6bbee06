"""The deliberate bugs stand where the plugins have their place, and the contract catches them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mutate import MISTRAL, caught_by, lantern

SCORE = Path(__file__).with_name("score.txt").read_text()
# All of them take minutes: `uv run python tests/mutations/mutate.py`.
SAMPLE = {
    "indox_mistral": ("drops the system messages", "counts cached tokens twice", "prints the key"),
    "indox_lantern": (
        "sends a system message as a user's",
        "cuts a long text at 2,000 characters",
        "reads the environment while it encodes",
        "loses the text beside a call it reads",
        "parses arguments without care",
        "swallows an error event",
        "never says that it is finished",
        "calls no credit an API error",
    ),
}


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    return (MISTRAL, lantern(tmp_path_factory.mktemp("lantern")))


def test_each_can_be_patched_in(plugins):
    for plugin in plugins:
        for mutant in plugin.mutants:
            ast.parse(plugin.patched(mutant))


def test_the_score_is_of_these_lists(plugins):
    outcomes = re.findall(r"^(?:caught|MISSED) +(.+?): (.*)$", SCORE, re.MULTILINE)
    for plugin in plugins:
        own, outcomes = outcomes[: len(plugin.mutants)], outcomes[len(plugin.mutants) :]
        assert [name for name, _ in own] == [mutant.name for mutant in plugin.mutants]
        caught = sum(bool(test) for _, test in own)
        line = f"{caught} of {len(own)} bugs caught in {plugin.module}"
        print(line)
        assert line in SCORE.splitlines()
        assert len(own) >= 60
        assert caught / len(own) >= 36 / 38
    assert outcomes == []


@pytest.mark.long
def test_a_sample_is_caught(plugins):
    for plugin in plugins:
        for name in SAMPLE[plugin.module]:
            (mutant,) = [mutant for mutant in plugin.mutants if mutant.name == name]
            assert caught_by(plugin, mutant) is not None, name


@pytest.mark.long
def test_without_a_bug_the_copies_pass(plugins):
    for plugin in plugins:
        assert caught_by(plugin, None) is None
