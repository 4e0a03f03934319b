"""Pushes: files that departments' systems send by themselves, in parts, and the proof that they get back.

Nouns: Parcel, Push, Stage.
"""

from .acts import fail, give_up, land, open_push, take_over
from .client import Sender, Sent, digest_of
from .parts import Tray
from .push import LEFT_AFTER, PART_MOST, Parcel, Push, Stage, actor_of
from .receiving import finish, sent_by
from .store import find_push, pushes_listed

__all__ = [
    "LEFT_AFTER",
    "PART_MOST",
    "Parcel",
    "Push",
    "Sender",
    "Sent",
    "Stage",
    "Tray",
    "actor_of",
    "digest_of",
    "fail",
    "find_push",
    "finish",
    "give_up",
    "land",
    "open_push",
    "pushes_listed",
    "sent_by",
    "take_over",
]
