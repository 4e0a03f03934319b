"""One thing, one source: golden records of legal persons, with who said each value and with what authority.

Nouns: Golden, Surviving, Said, Conflict, Rate, Merge, Matching, Suspect, Authority, Bond, Bonds, Decision, Standing.
"""

from .acts import (
    accept_match,
    join,
    look_at_conflicts,
    look_at_matches,
    look_into,
    look_up,
    match_again,
    match_batch,
    merge,
    part,
    reject_match,
    set_authority,
    settle_decision,
    tell_apart,
)
from .basis import BASIS_LIMIT
from .bond import Bond, Bonds, Verdict
from .decision import AUTHORITY, Decision, Standing
from .golden import Conflict, Golden, Matching, Merge, Rate, Said, Surviving, Suspect
from .laying import conflicts, count_conflicts, count_subjects, find_subject, rates, unkeyed_rows
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
    "Matching",
    "Merge",
    "Rate",
    "Said",
    "Standing",
    "Surviving",
    "Suspect",
    "Verdict",
    "accept_match",
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
    "look_at_matches",
    "look_into",
    "look_up",
    "match_again",
    "match_batch",
    "merge",
    "merged_entries",
    "newest_merges",
    "part",
    "rates",
    "reject_match",
    "set_authority",
    "settle_decision",
    "settled_subjects",
    "standing",
    "tell_apart",
    "unkeyed_rows",
    "whole_library",
]
