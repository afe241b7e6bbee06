"""The table, its entry points, and gateways that need no package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from servers.openai import OpenAIServer

from indox_compatible._vendors import VENDORS
from indox_core import Client, UnsupportedFeatureError, ValidationError
from indox_core._plugins.registry import Registry
from indox_core.plugin import CAPABILITIES

ROOT = Path(__file__).resolve().parents[3]
HELLO = [{"role": "user", "content": "Hello"}]


def test_every_vendor_has_its_entry_point_and_no_other_is_there():
    project = tomllib.loads((ROOT / "contrib/indox-compatible/pyproject.toml").read_text())
    points = project["project"]["entry-points"]["indox"]
    assert points == {name: f"indox_compatible:{name}" for name in VENDORS}
    assert len(VENDORS) >= 12


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_is_whole(name):
    provider, vendor = Registry().provider(name), VENDORS[name]
    assert provider.spec.base_url == vendor.base_url
    assert set(vendor.lacks) <= CAPABILITIES
    assert vendor.source.startswith("https://")
    assert vendor.base_url.startswith("https://") is (vendor.key_variable is not None)


def test_a_gateway_needs_no_package():
    with OpenAIServer() as server:
        config = {
            "compatible_with": "openai",
            "base_url": server.base_url,
            "api_key": "sk-gateway",
        }
        with Client(providers={"mygateway": config}) as client:
            response = client.chat(HELLO, "mygateway/gpt-4o-mini")
            assert (response.data, response.provider) == ("You said: Hello", "mygateway")
            stream = client.chat(HELLO, "mygateway/gpt-4o-mini", stream=True)
            assert "".join(map(str, stream)) == "You said: Hello"
        assert server.received[0].headers["authorization"] == "Bearer sk-gateway"


def test_a_gateway_is_checked():
    for config in (
        {"compatible_with": "openai"},
        {"compatible_with": 5, "base_url": "http://h"},
    ):
        with pytest.raises(ValidationError):
            Client(providers={"mygateway": config})
    with pytest.raises(ValidationError):
        Client(providers={"My Gateway": {"compatible_with": "openai", "base_url": "http://h"}})
    config = {"compatible_with": "echo", "base_url": "http://h"}
    with (
        Client(providers={"mine": config}) as client,
        pytest.raises(UnsupportedFeatureError, match="no protocol"),
    ):
        client.chat(HELLO, "mine/x")
