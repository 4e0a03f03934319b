"""The same acts from a terminal, one file a room."""

from . import (
    access,
    atlas,
    catalogue,
    census,
    collection,
    custody,
    delivery,
    edge,
    ledger,
    library,
    lists,
    node,
    oversight,
    plans,
    pushes,
    quality,
    registers,
    search,
    sharing,
)
from .command import app
from .demo import command as demo

__all__ = [
    "access",
    "app",
    "atlas",
    "catalogue",
    "census",
    "collection",
    "custody",
    "delivery",
    "demo",
    "edge",
    "ledger",
    "library",
    "lists",
    "node",
    "oversight",
    "plans",
    "pushes",
    "quality",
    "registers",
    "search",
    "sharing",
]
