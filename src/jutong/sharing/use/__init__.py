"""Records of use: what a consumer did with what it was given, kept for the years that the law sets (art. 29).

Nouns: Usage, UseRecord, Watch.
"""

from .acts import discard_use, record_use, watch_use
from .record import Usage, UseRecord
from .store import find_use, key_of_use, uses_listed, uses_missing
from .watch import Watch

__all__ = [
    "Usage",
    "UseRecord",
    "Watch",
    "discard_use",
    "find_use",
    "key_of_use",
    "record_use",
    "uses_listed",
    "uses_missing",
    "watch_use",
]
