"""One thing, one source: golden records of legal persons, with who said each value and with what authority.

Nouns: Golden, Surviving, Said, Conflict, Rate, Merge, Matching, Suspect, Authority, Bond, Bonds,
Decision, Standing, Theme, Making.
"""

from .acts import (
    accept_match,
    declare_theme,
    join,
    look_at_conflicts,
    look_at_matches,
    look_at_theme,
    look_into,
    look_up,
    make_theme,
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
from .likeness import SURE
from .sight import whole_library
from .store import (
    authorities,
    bonds,
    decisions,
    find_decision,
    find_merge,
    find_theme,
    known_merge,
    makings,
    merged_entries,
    newest_merges,
    settled_subjects,
    standing,
    themes,
)
from .subject import FIELDS, Field, checked_key
from .survive import ALL_FIELDS, UNRANKED, Authority
from .theme import Making, Theme

__all__ = [
    "ALL_FIELDS",
    "AUTHORITY",
    "BASIS_LIMIT",
    "FIELDS",
    "SURE",
    "UNRANKED",
    "Authority",
    "Bond",
    "Bonds",
    "Conflict",
    "Decision",
    "Field",
    "Golden",
    "Making",
    "Matching",
    "Merge",
    "Rate",
    "Said",
    "Standing",
    "Surviving",
    "Suspect",
    "Theme",
    "Verdict",
    "accept_match",
    "authorities",
    "bonds",
    "checked_key",
    "conflicts",
    "count_conflicts",
    "count_subjects",
    "decisions",
    "declare_theme",
    "find_decision",
    "find_merge",
    "find_subject",
    "find_theme",
    "join",
    "known_merge",
    "look_at_conflicts",
    "look_at_matches",
    "look_at_theme",
    "look_into",
    "look_up",
    "make_theme",
    "makings",
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
    "themes",
    "unkeyed_rows",
    "whole_library",
]
