"""Nothing is counted twice: some SDKs trace by themselves, and are switched on here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers.vendors import VENDORS

HERE = Path(__file__).resolve().parent
TRACED = {"MISTRAL_SDK_TELEMETRY": "global", "ANTHROPIC_OPEN_TELEMETRY": "true"}


@pytest.fixture(scope="module")
def exported():
    """The spans of four calls of each vendor, and of one of each SDK that traces by itself."""
    environment = {**os.environ, **TRACED, "PYTHONPATH": str(HERE.parents[1])}
    script = [sys.executable, "-W", "error", str(HERE / "real_sdks.py")]
    ran = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.provider)
def test_each_call_is_exactly_one_span(exported, vendor):
    spans = exported[f"{vendor.provider} indox"]
    assert [span["scope"] for span in spans] == ["indox_otel"] * 4
    assert {span["name"] for span in spans} == {f"chat {vendor.model.partition('/')[2]}"}
    assert [span["attributes"].get("gen_ai.request.stream") for span in spans] == [
        None,
        True,
        None,
        True,
    ]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.provider)
def test_a_span_says_what_the_vendor_said(exported, vendor):
    for span in exported[f"{vendor.provider} indox"]:
        found, address = span["attributes"], urlsplit(span["url"])
        assert (found["gen_ai.usage.input_tokens"], found["gen_ai.usage.output_tokens"]) == (24, 7)
        assert found["gen_ai.response.finish_reasons"] == ["stop"]
        assert found["gen_ai.response.id"]
        assert found["server.address"] == address.hostname
        assert found["server.port"] == address.port
        assert found["indox.cost_usd"] > 0


@pytest.mark.parametrize("provider", ["mistral", "anthropic"])
def test_the_sdk_alone_would_have_traced_the_call(exported, provider):
    (span,) = exported[f"{provider} bare"]
    assert span["scope"] != "indox_otel"
    assert span["attributes"]["gen_ai.operation.name"] == "chat"
