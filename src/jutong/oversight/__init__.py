"""How well sharing is done, read from the ledger only: indicators, scorecards, what is waiting.

Nouns: Indicator, Count, Proof, Scorecard, Ranked, Owed, Snapshot, Todo, Todos; Awaited, Matter and Term of the
acceptance desk.
"""

from .acceptance import ACCEPTED, Awaited, Matter, Size, Term, Wanted, duties_of
from .accepting import accepted, accepted_sizes
from .acts import freeze
from .indicator import DEFINITIONS, Count, Definition, Indicator, Proof
from .looking import waiting_for
from .owed import Kind, Owed
from .ranking import Ranked
from .scorecard import Scorecard, usual_since
from .sight import Sight
from .snapshot import Snapshot
from .store import (
    bodies_read_by,
    check_may_read_receipt,
    find_snapshot,
    label_of_tier,
    lines_behind,
    owed_before,
    score,
    score_for,
    scorecards_page,
    sight_of,
    snapshot_for,
    snapshots,
    waiting,
)
from .tally import score_of
from .todo import RULES, Todo, Todos, Urgency, Work, works_of

__all__ = [
    "ACCEPTED",
    "DEFINITIONS",
    "RULES",
    "Awaited",
    "Count",
    "Definition",
    "Indicator",
    "Kind",
    "Matter",
    "Owed",
    "Proof",
    "Ranked",
    "Scorecard",
    "Sight",
    "Size",
    "Snapshot",
    "Term",
    "Todo",
    "Todos",
    "Urgency",
    "Wanted",
    "Work",
    "accepted",
    "accepted_sizes",
    "bodies_read_by",
    "check_may_read_receipt",
    "duties_of",
    "find_snapshot",
    "freeze",
    "label_of_tier",
    "lines_behind",
    "owed_before",
    "score",
    "score_for",
    "score_of",
    "scorecards_page",
    "sight_of",
    "snapshot_for",
    "snapshots",
    "usual_since",
    "waiting",
    "waiting_for",
    "works_of",
]
