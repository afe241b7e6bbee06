"""Anthropic for Indox: the Messages API."""
