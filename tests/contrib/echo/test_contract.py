"""indox-echo passes the contract."""

from pathlib import Path

from indox_core.testing import ProviderContract
from indox_echo import EchoProvider


class TestEcho(ProviderContract):
    provider = EchoProvider
    recorded = Path(__file__).parent / "recorded"
