"""indox-local passes the contract."""

from pathlib import Path

from indox_core.testing import ProviderContract
from indox_local._provider import LocalProvider


class TestLocal(ProviderContract):
    provider = LocalProvider
    recorded = Path(__file__).parent / "recorded"
    model = "smollm2"
