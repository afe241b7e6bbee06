"""indox-lantern passes the contract."""

from pathlib import Path

from indox_lantern import LanternProvider

from indox_core.testing import ProviderContract


class TestLantern(ProviderContract):
    provider = LanternProvider
    recorded = Path(__file__).parent / "recorded"
