"""Every fault comes out as the table says, on all four providers, sync and async.

Here each fault meets each of its providers and each flavour; `-m long` plays every combination.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from run import FLAVOURS, cases, problems, sample
from servers.vendors import VENDORS
from table import FAULTS

SAMPLE, EVERY = list(sample()), list(cases())
of_each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@of_each_fault
def test_a_fault_comes_out_as_the_table_says(fault):
    chosen = [case for case in SAMPLE if case.fault is fault]
    assert chosen
    assert problems(chosen) == []


@pytest.mark.long
@of_each_fault
def test_a_fault_comes_out_as_the_table_says_in_every_case(fault):
    assert problems([case for case in EVERY if case.fault is fault]) == []


def test_the_table_is_long_and_the_sample_covers_it():
    assert len(FAULTS) >= 60
    assert len(EVERY) > 1000
    met = defaultdict(set)
    for case in SAMPLE:
        met[case.fault.name, "flavour"].add(case.flavour)
        met[case.fault.name, "way"].add((case.vendor.provider, case.stream))
        met["all"].add((case.vendor.provider, case.stream, case.flavour))
    for case in EVERY:
        assert case.flavour in met[case.fault.name, "flavour"]
        assert (case.vendor.provider, case.stream) in met[case.fault.name, "way"]
    names = [vendor.provider for vendor in VENDORS]
    assert met["all"] == set(product(names, (False, True), FLAVOURS))
