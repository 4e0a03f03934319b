"""Finding entries of the catalogue: words, places, years, and what stands for what.

Nouns: Record, Plan, Slot, Hit, Found, Group, Concepts, Kept, Missed, Candidate.
"""

from .acts import keep_group, keep_question, let_go, put_forward, remove_group, tell_match
from .feed import NO_THEME, finder_of, finder_with, keep_up, rebuild
from .finder import Found, Place
from .kind import Kind
from .looking import FACETS, search
from .rank import Hit, Reason
from .store import (
    candidates_listed,
    groups_listed,
    missed_listed,
    missed_most,
    questions,
    questions_listed,
)
from .wish import Candidate, Kept, KeptGroup, Missed, group_of

__all__ = [
    "FACETS",
    "NO_THEME",
    "Candidate",
    "Found",
    "Hit",
    "Kept",
    "KeptGroup",
    "Kind",
    "Missed",
    "Place",
    "Reason",
    "candidates_listed",
    "finder_of",
    "finder_with",
    "group_of",
    "groups_listed",
    "keep_group",
    "keep_question",
    "keep_up",
    "let_go",
    "missed_listed",
    "missed_most",
    "put_forward",
    "questions",
    "questions_listed",
    "rebuild",
    "remove_group",
    "search",
    "tell_match",
]
