"""Finding entries of the catalogue: words, places, years, and what stands for what.

Nouns: Record, Plan, Slot, Hit, Found, Group, Concepts, Kept, Missed, Candidate.
"""

from .acts import keep_group, keep_question, let_go, put_forward, remove_group, tell_match
from .feed import finder_of, finder_with, keep_up, rebuild
from .finder import Found, Place
from .kind import Kind
from .looking import FACETS, search
from .rank import Hit, Reason
from .store import candidates, groups, missed_most, questions
from .wish import Candidate, Kept, KeptGroup, Missed, group_of

__all__ = [
    "FACETS",
    "Candidate",
    "Found",
    "Hit",
    "Kept",
    "KeptGroup",
    "Kind",
    "Missed",
    "Place",
    "Reason",
    "candidates",
    "finder_of",
    "finder_with",
    "group_of",
    "groups",
    "keep_group",
    "keep_question",
    "keep_up",
    "let_go",
    "missed_most",
    "put_forward",
    "questions",
    "rebuild",
    "remove_group",
    "search",
    "tell_match",
]
