"""One thing, one source: golden records of legal persons, with who said each value and with what authority.

Nouns: Golden, Surviving, Said, Conflict, Rate, Merge, Authority, Bond, Bonds, Decision, Standing.
"""

from .acts import (
    join,
    look_at_conflicts,
    look_into,
    look_up,
    merge,
    part,
    set_authority,
    settle_decision,
    tell_apart,
)
from .basis import BASIS_LIMIT
from .bond import Bond, Bonds, Verdict
from .decision import AUTHORITY, Decision
from .golden import Conflict, Golden, Merge, Rate, Said, Surviving
from .laying import conflicts, count_conflicts, count_subjects, find_subject, rates, unkeyed_rows
from .settling import Standing
from .sight import whole_library
from .store import (
    authorities,
    bonds,
    decisions,
    find_decision,
    find_merge,
    known_merge,
    merged_entries,
    newest_merges,
    settled_subjects,
    standing,
)
from .subject import FIELDS, Field, checked_key
from .survive import ALL_FIELDS, UNRANKED, Authority

__all__ = [
    "ALL_FIELDS",
    "AUTHORITY",
    "BASIS_LIMIT",
    "FIELDS",
    "UNRANKED",
    "Authority",
    "Bond",
    "Bonds",
    "Conflict",
    "Decision",
    "Field",
    "Golden",
    "Merge",
    "Rate",
    "Said",
    "Standing",
    "Surviving",
    "Verdict",
    "authorities",
    "bonds",
    "checked_key",
    "conflicts",
    "count_conflicts",
    "count_subjects",
    "decisions",
    "find_decision",
    "find_merge",
    "find_subject",
    "join",
    "known_merge",
    "look_at_conflicts",
    "look_into",
    "look_up",
    "merge",
    "merged_entries",
    "newest_merges",
    "part",
    "rates",
    "set_authority",
    "settle_decision",
    "settled_subjects",
    "standing",
    "tell_apart",
    "unkeyed_rows",
    "whole_library",
]
