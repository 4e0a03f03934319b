"""What others did that concerns one's body: told inside, and by e-mail where somebody wants it.

Nouns: Notice, Side, Letter.
"""

from .acts import mark_read, set_address
from .letter import Envelope, letter
from .notice import TOLD, Notice, Side, Thing, notices_of, sides_of
from .outbox import send_due
from .store import address_of, latest, tell, unread
from .wording import path_of, wording

__all__ = [
    "TOLD",
    "Envelope",
    "Notice",
    "Side",
    "Thing",
    "address_of",
    "latest",
    "letter",
    "mark_read",
    "notices_of",
    "path_of",
    "send_due",
    "set_address",
    "sides_of",
    "tell",
    "unread",
    "wording",
]
