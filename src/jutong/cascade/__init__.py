"""Between tiers: catalogues and rows go up, what is in force comes down, corrections go back, logs are witnessed.

Nouns: Message, Page.  Said in the ledger: cascade.taken, cascade.declined, cascade.handed_over.
"""

from .acts import hand_over, take
from .feed import page_for
from .listen import listen, listen_to_all, peers_of
from .message import Message, Page, spell
from .peer import MANIFEST_HEADER, Peer
from .witnessing import Witnessing

__all__ = [
    "MANIFEST_HEADER",
    "Message",
    "Page",
    "Peer",
    "Witnessing",
    "hand_over",
    "listen",
    "listen_to_all",
    "page_for",
    "peers_of",
    "spell",
    "take",
]
