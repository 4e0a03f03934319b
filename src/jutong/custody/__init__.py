"""How the lake is kept: few files instead of many, old versions as long as declared, a look back, erasure.

Nouns: Retention, Kept, Past, Erasure, Outcome.
"""

from .acts import (
    Kept,
    Past,
    ask_erasure,
    confirm_erasure,
    look_back,
    look_over,
    order_upkeep,
    tend,
)
from .erasing import PURPOSE, confirm_and_erase, erase
from .erasure import Erasure, Ground, Outcome, Phase
from .resting import Resting, resting
from .retention import DECLARED, Retention, retentions
from .showing import find_erasure, find_wear, list_erasures, list_wear
from .tending import LOCK, tend_lake, tend_table

__all__ = [
    "DECLARED",
    "LOCK",
    "PURPOSE",
    "Erasure",
    "Ground",
    "Kept",
    "Outcome",
    "Past",
    "Phase",
    "Resting",
    "Retention",
    "ask_erasure",
    "confirm_and_erase",
    "confirm_erasure",
    "erase",
    "find_erasure",
    "find_wear",
    "list_erasures",
    "list_wear",
    "look_back",
    "look_over",
    "order_upkeep",
    "resting",
    "retentions",
    "tend",
    "tend_lake",
    "tend_table",
]
