"""The stranger's plugin has its own tests, which `test_third_party.py` runs as its author would."""

collect_ignore = ["third_party"]
