"""The table: the next vendor is a line here, and one among the entry points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor. `lacks` are its known deviations, by the names of the core's capabilities."""

    title: str
    base_url: str
    key_variable: str | None
    """`None`: a server of your own, which needs no key."""
    source: str
    lacks: tuple[str, ...] = ()


_NO_FILES = ("documents", "audio", "web_search", "metadata")
_TEXT = ("images", *_NO_FILES)

VENDORS: dict[str, Vendor] = {
    "groq": Vendor(
        "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY",
        "https://console.groq.com/docs/openai", _NO_FILES,
    ),
    "deepseek": Vendor(
        "DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY",
        "https://api-docs.deepseek.com", (*_TEXT, "response_schema", "seed", "parallel_tool_calls"),
    ),
    "xai": Vendor(
        "xAI", "https://api.x.ai/v1", "XAI_API_KEY", "https://docs.x.ai/docs", _NO_FILES,
    ),
    "together": Vendor(
        "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY",
        "https://docs.together.ai/docs/openai-api-compatibility", _NO_FILES,
    ),
    "fireworks": Vendor(
        "Fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY",
        "https://docs.fireworks.ai/tools-sdks/openai-compatibility", _NO_FILES,
    ),
    "openrouter": Vendor(
        "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY",
        "https://openrouter.ai/docs/api-reference/overview", ("web_search", "metadata"),
    ),
    "cerebras": Vendor(
        "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY",
        "https://inference-docs.cerebras.ai/resources/openai", _TEXT,
    ),
    "perplexity": Vendor(
        "Perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY",
        "https://docs.perplexity.ai/guides/chat-completions-guide",
        (*_NO_FILES, "tools", "parallel_tool_calls", "seed", "stop"),
    ),
    "moonshot": Vendor(
        "Moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY",
        "https://platform.moonshot.ai/docs", (*_NO_FILES, "seed"),
    ),
    "zai": Vendor(
        "Z.ai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", "https://docs.z.ai",
        (*_NO_FILES, "seed"),
    ),
    "ollama": Vendor(
        "Ollama", "http://localhost:11434/v1", None,
        "https://docs.ollama.com/openai", _NO_FILES,
    ),
    "vllm": Vendor(
        "vLLM", "http://localhost:8000/v1", None,
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        ("web_search", "metadata"),
    ),
    "lmstudio": Vendor(
        "LM Studio", "http://localhost:1234/v1", None,
        "https://lmstudio.ai/docs/app/api/endpoints/openai", _NO_FILES,
    ),
    "llamacpp": Vendor(
        "llama.cpp", "http://localhost:8080/v1", None,
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server", _NO_FILES,
    ),
}  # fmt: skip
