"""The suite that every provider passes: `class TestMine(ProviderContract): provider = Mine`.

Each failure says what the contract wants and why. Nothing here knows a provider's name.
"""

from __future__ import annotations

from .answers import Answers
from .calls import Calls
from .failures import Failures
from .identity import Identity
from .messages import Messages
from .purity import Purity
from .refusals import Refusals
from .samples import FIELDS, PARTS, WAYS
from .secrets import Secrets
from .streams import Streams
from .tools import Tools
from .wishes import Wishes

__all__ = ["FIELDS", "GROUPS", "PARTS", "WAYS", "ProviderContract"]

GROUPS = (Identity, Purity, Messages, Wishes, Tools, Answers, Streams, Calls, Secrets, Refusals,
          Failures)  # fmt: skip
"""The promises, in the order in which they run: what is pure comes first."""


class ProviderContract(
    Failures, Refusals, Secrets, Calls, Streams, Answers, Tools, Wishes, Messages, Purity, Identity
):
    """Inherit it, name the provider and the folder of recorded answers; offline, without a key.

        class TestMine(ProviderContract):
            provider = MyProvider
            recorded = Path(__file__).parent / "recorded"

    The folder holds `NAME.json` and `NAME.sse` for the names in `docs/reference/contract.md`,
    `error.json`, the body of a refusal that says no more than its status, and `errors.json`, the
    refusals that the vendor documents.
    """
