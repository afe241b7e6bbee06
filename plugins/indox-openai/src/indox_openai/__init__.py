"""OpenAI for Indox: the Responses and Chat Completions APIs, and servers that speak them."""
