"""The peers as contestants, each in an environment of its own: `run.py --peers`.

    python peers.py KIND VENDOR URL

as contestants.py; OpenAI's chat only, the loads chat, async, burst and conversation.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

sys.path.insert(0, str(__file__).rpartition("/")[0])

import contestants
from contestants import KEY, Contestant


def _without(image: str | None) -> None:
    if image is not None:
        raise NotImplementedError("not measured: an image")


class LiteLLM(Contestant):
    def prepared(self, messages: Any, image: str | None) -> Any:
        _without(image)
        return {"model": f"openai/{self.model}", "messages": messages, "max_tokens": 1000,
                "temperature": 0.5, "api_key": KEY}  # fmt: skip

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        import litellm

        made = litellm.completion(**prepared, api_base=self.base(how))
        return made.choices[0].message.content, made.usage.total_tokens

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        import litellm

        made = await litellm.acompletion(**prepared, api_base=self.base(how))
        return made.choices[0].message.content, made.usage.total_tokens

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        import litellm

        options = {"include_usage": True}
        for event in litellm.completion(
            **prepared, api_base=self.base(how), stream=True, stream_options=options
        ):
            yield event.choices[0].delta.content or "" if event.choices else ""

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        import litellm

        async for event in await litellm.acompletion(
            **prepared, api_base=self.base(how), stream=True
        ):
            yield event.choices[0].delta.content or "" if event.choices else ""


class AnyLLM(Contestant):
    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self._made: dict[tuple[str, bool], Any] = {}

    def library(self, how: str, asynchronous: bool = False) -> Any:
        """One for each flavour: its sync calls have an event loop of their own."""
        if (how, asynchronous) not in self._made:
            from any_llm import AnyLLM as Library

            made = Library.create("openai", api_key=KEY, api_base=self.base(how))
            self._made[how, asynchronous] = made
        return self._made[how, asynchronous]

    def prepared(self, messages: Any, image: str | None) -> Any:
        _without(image)
        return {"model": self.model, "messages": messages, "max_tokens": 1000, "temperature": 0.5}

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        made = self.library(how).completion(**prepared)
        return made.choices[0].message.content, made.usage.total_tokens

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        made = await self.library(how, True).acompletion(**prepared)
        return made.choices[0].message.content, made.usage.total_tokens

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        for event in self.library(how).completion(**prepared, stream=True):
            yield event.choices[0].delta.content or "" if event.choices else ""

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        async for event in await self.library(how, True).acompletion(**prepared, stream=True):
            yield event.choices[0].delta.content or "" if event.choices else ""


class Aisuite(Contestant):
    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self._made: dict[str, Any] = {}

    def prepared(self, messages: Any, image: str | None) -> Any:
        _without(image)
        return {"model": f"openai:{self.model}", "messages": messages, "max_tokens": 1000,
                "temperature": 0.5}  # fmt: skip

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        if how not in self._made:
            import aisuite

            config = {"openai": {"api_key": KEY, "base_url": self.base(how)}}
            self._made[how] = aisuite.Client(config)
        made = self._made[how].chat.completions.create(**prepared)
        return made.choices[0].message.content, made.usage.total_tokens


class PydanticAI(Contestant):
    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self._made: dict[tuple[str, bool], Any] = {}

    def library(self, how: str, asynchronous: bool = False) -> Any:
        """One for each flavour: its sync calls have an event loop of their own."""
        if (how, asynchronous) not in self._made:
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai import OpenAIProvider

            provider = OpenAIProvider(api_key=KEY, base_url=self.base(how))
            self._made[how, asynchronous] = OpenAIChatModel(self.model, provider=provider)
        return self._made[how, asynchronous]

    def prepared(self, messages: Any, image: str | None) -> Any:
        _without(image)
        from pydantic_ai import messages as parts

        made: list[Any] = [
            parts.ModelResponse([parts.TextPart(m["content"])])
            if m["role"] == "assistant"
            else parts.ModelRequest(
                [parts.SystemPromptPart(m["content"]) if m["role"] == "system"
                 else parts.UserPromptPart(m["content"])]
            )
            for m in messages
        ]  # fmt: skip
        return {"messages": made, "model_settings": {"max_tokens": 1000, "temperature": 0.5}}

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        from pydantic_ai.direct import model_request_sync

        made = model_request_sync(self.library(how), **prepared)
        return made.parts[0].content, made.usage.total_tokens  # type: ignore[union-attr]

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        from pydantic_ai.direct import model_request

        made = await model_request(self.library(how, True), **prepared)
        return made.parts[0].content, made.usage.total_tokens  # type: ignore[union-attr]


class LangChain(Contestant):
    def __init__(self, vendor: str, url: str) -> None:
        super().__init__(vendor, url)
        self._made: dict[str, Any] = {}

    def library(self, how: str) -> Any:
        if how not in self._made:
            from langchain_openai import ChatOpenAI

            self._made[how] = ChatOpenAI(
                model=self.model, api_key=KEY, base_url=self.base(how), max_tokens=1000,
                temperature=0.5,
            )  # fmt: skip
        return self._made[how]

    def prepared(self, messages: Any, image: str | None) -> Any:
        _without(image)
        return messages

    def chat(self, how: str, prepared: Any) -> tuple[str, int]:
        made = self.library(how).invoke(prepared)
        return made.content, made.usage_metadata["total_tokens"]

    async def achat(self, how: str, prepared: Any) -> tuple[str, int]:
        made = await self.library(how).ainvoke(prepared)
        return made.content, made.usage_metadata["total_tokens"]

    def stream(self, how: str, prepared: Any) -> Iterator[str]:
        for chunk in self.library(how).stream(prepared):
            yield chunk.content

    async def astream(self, how: str, prepared: Any) -> AsyncIterator[str]:
        async for chunk in self.library(how).astream(prepared):
            yield chunk.content


contestants.KINDS |= {
    "litellm": LiteLLM,
    "any-llm": AnyLLM,
    "aisuite": Aisuite,
    "pydantic-ai": PydanticAI,
    "langchain": LangChain,
}

if __name__ == "__main__":
    contestants.main()
