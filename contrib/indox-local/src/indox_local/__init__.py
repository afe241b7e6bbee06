"""A small real language model inside your process: no key, no account, no cost."""
