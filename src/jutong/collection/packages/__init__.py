"""Packages of edge agents (前置机): numbered, sealed to this node, brought by a medium or a push, landed in order.

Nouns: Bill, Destination, Feed, Head, Package, Paper, Stage, Taken.
"""

from .depot import Depot, Paper
from .feed import Feed, pack_feed, pack_file
from .package import SUFFIX, Bill, Destination, Head, Package, Stage, file_name, package_id
from .store import find_package, next_numbers, packages_listed
from .taking import (
    Taken,
    destination_of,
    go_on,
    hand_over,
    sent_package,
    skip,
    take_file,
    take_folder,
    take_in,
    waits_for,
)

__all__ = [
    "SUFFIX",
    "Bill",
    "Depot",
    "Destination",
    "Feed",
    "Head",
    "Package",
    "Paper",
    "Stage",
    "Taken",
    "destination_of",
    "file_name",
    "find_package",
    "go_on",
    "hand_over",
    "next_numbers",
    "pack_feed",
    "pack_file",
    "package_id",
    "packages_listed",
    "sent_package",
    "skip",
    "take_file",
    "take_folder",
    "take_in",
    "waits_for",
]
