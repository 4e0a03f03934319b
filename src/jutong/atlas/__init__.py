"""The data map: what rests on what, from the column of a table to the duty and the consumer that need it.

Nouns: Node, Edge, Drawing, Traced, RunEvent.
"""

from .acts import draw_agreement, draw_entry, draw_merge, draw_service_item, draw_table, draw_theme, take_event
from .edge import Edge, How, Kind, Node
from .lineage import Traced, traced
from .looking import Impact, events_for, impact_for, nodes_for
from .openlineage import RunEvent
from .store import Reached

__all__ = [
    "Edge",
    "How",
    "Impact",
    "Kind",
    "Node",
    "Reached",
    "RunEvent",
    "Traced",
    "draw_agreement",
    "draw_entry",
    "draw_merge",
    "draw_service_item",
    "draw_table",
    "draw_theme",
    "events_for",
    "impact_for",
    "nodes_for",
    "take_event",
    "traced",
]
