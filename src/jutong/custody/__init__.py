"""How the lake is kept: few files instead of many, old versions as long as declared and no longer, a look back.

Nouns: Retention, Kept, Past.
"""

from .acts import Kept, Past, look_back, look_over, order_upkeep, tend
from .retention import DECLARED, Retention, retentions
from .tending import LOCK, tend_lake

__all__ = [
    "DECLARED",
    "LOCK",
    "Kept",
    "Past",
    "Retention",
    "look_back",
    "look_over",
    "order_upkeep",
    "retentions",
    "tend",
    "tend_lake",
]
