"""One call, from a method's arguments to its response, and the drivers that run it.

The async driver is not named here: it imports asyncio.
"""

from .drive_sync import ChatStream, SyncDriver
from .explanation import Explanation, explained
from .preparation import prepared_chat, prepared_count, prepared_models, refused_clean, warm_up
from .pricing import Question, quote, stored_receipt
from .setup import Setup

__all__ = [
    "ChatStream",
    "Explanation",
    "Question",
    "Setup",
    "SyncDriver",
    "explained",
    "prepared_chat",
    "prepared_count",
    "prepared_models",
    "quote",
    "refused_clean",
    "stored_receipt",
    "warm_up",
]
