"""One thing, one source: golden records of legal persons, with who said each value and with what authority.

Nouns: Golden, Surviving, Said, Conflict, Merge, Authority.
"""

from .acts import look_at_conflicts, look_into, look_up, merge, set_authority
from .golden import Conflict, Golden, Merge, Said, Surviving
from .laying import conflicts, count_conflicts, count_subjects, find_subject, unkeyed_rows
from .sight import whole_library
from .store import authorities, find_merge, known_merge, merged_entries, newest_merges
from .subject import FIELDS, Field, checked_key
from .survive import ALL_FIELDS, UNRANKED, Authority

__all__ = [
    "ALL_FIELDS",
    "FIELDS",
    "UNRANKED",
    "Authority",
    "Conflict",
    "Field",
    "Golden",
    "Merge",
    "Said",
    "Surviving",
    "authorities",
    "checked_key",
    "conflicts",
    "count_conflicts",
    "count_subjects",
    "find_merge",
    "find_subject",
    "known_merge",
    "look_at_conflicts",
    "look_into",
    "look_up",
    "merge",
    "merged_entries",
    "newest_merges",
    "set_authority",
    "unkeyed_rows",
    "whole_library",
]
