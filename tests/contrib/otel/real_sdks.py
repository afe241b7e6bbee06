"""Calls each vendor's SDK over a socket, with a global tracer provider; prints what it exports.

A process of its own: OpenTelemetry's global provider can be set once. `MISTRAL_SDK_TELEMETRY` and
what else switches an SDK's own tracing on is in the environment.
"""

from __future__ import annotations

import asyncio
import json

import anthropic
from mistralai.client import Mistral
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from servers.vendors import VENDORS, VendorServer

from indox_core import AsyncClient, Client
from indox_otel import Telemetry

HELLO = [{"role": "user", "content": "Hello"}]


async def acalls(server, telemetry):
    async with AsyncClient(providers=server.providers, plugins=[telemetry]) as client:
        await client.chat(HELLO, server.vendor.model, max_tokens=50)
        async for _ in await client.chat(HELLO, server.vendor.model, max_tokens=50, stream=True):
            pass


def calls(server, telemetry):
    with Client(providers=server.providers, plugins=[telemetry]) as client:
        client.chat(HELLO, server.vendor.model, max_tokens=50)
        list(client.chat(HELLO, server.vendor.model, max_tokens=50, stream=True))
        client.models(server.vendor.provider)
    asyncio.run(acalls(server, telemetry))


def bare(server):
    """The SDKs that trace by themselves, without Indox: what would be counted twice."""
    if server.vendor.provider == "mistral":
        with Mistral(api_key="sk-loopback", server_url=server.url) as client:
            client.chat.complete(model="mistral-small-latest", messages=HELLO)
    elif server.vendor.provider == "anthropic":
        with anthropic.Anthropic(api_key="sk-loopback", base_url=server.url) as client:
            client.messages.create(model="claude-haiku-4-5", messages=HELLO, max_tokens=50)


def main():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    telemetry = Telemetry()
    found = {}
    for vendor in VENDORS:
        with VendorServer(vendor) as server:
            for how, run in (("indox", lambda s: calls(s, telemetry)), ("bare", bare)):
                exporter.clear()
                run(server)
                spans = exporter.get_finished_spans()
                found[f"{vendor.provider} {how}"] = [
                    {
                        "name": span.name,
                        "scope": span.instrumentation_scope.name,
                        "attributes": dict(span.attributes),
                        "url": server.url,
                    }
                    for span in spans
                ]
    provider.shutdown()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
