"""Mistral for Indox: the chat completions API."""
