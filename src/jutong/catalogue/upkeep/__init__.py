"""Keep a catalogue as the law says: codes, revisions that a change of law or duties makes due, audits in time."""

from .acts import (
    ask_revision_extension,
    close_revision,
    decide_revision_extension,
    drop_revision,
    escalate_overdue,
    open_revisions,
    recompute_revisions,
    settle_revisions,
)
from .store import claim_codes, find_revision, next_number, revisions, revisions_waiting

__all__ = [
    "ask_revision_extension",
    "claim_codes",
    "close_revision",
    "decide_revision_extension",
    "drop_revision",
    "escalate_overdue",
    "find_revision",
    "next_number",
    "open_revisions",
    "recompute_revisions",
    "revisions",
    "revisions_waiting",
    "settle_revisions",
]
