"""Are the rows fit for use? Rules from standard elements, findings, scores, and objections at the source.

Nouns: Example, Rule, RuleCount, Rulebook, Book, Edition, Examination, Objection, Capital.
"""

from .acts import (
    adopt_objection,
    answer_objection,
    close_objection,
    close_resolved,
    examine,
    look_at_examples,
    open_objections,
    profile,
    raise_doubt,
    register_doubt,
    verify_objection,
)
from .asking import standards_of
from .books import (
    MOST_BYTES,
    Trial,
    check_file,
    document_of_text,
    editions,
    issue_rulebook,
    standing_edition,
    try_rulebook,
)
from .capital import Capital, Confidence, Doubt, capital_of
from .declared import Book, Declared
from .doubting import Doubts, doubts_of
from .edition import Edition, shown_document
from .examination import Band, Examination, band_of
from .example import Example, shown_of
from .expression import FUNCTIONS
from .objection import ANSWERED, OPEN, Objection, Queue, Stage, objection_of_document, objection_to_document
from .odcs import book_of, document_of
from .profile import DRIFTED, STABLE, Freshness, ItemProfile, Profile, freshness_of
from .rule import Operator, Rule, RuleCount, Target
from .rulebook import Rulebook, Standards, rulebook_of
from .scan import example_rows, findings
from .sight import answering_body, objectors
from .store import (
    examinations,
    find_examination,
    find_objection,
    known_examination,
    known_objection,
    known_profile,
    newest_examinations,
    objections,
    objections_at,
    objections_listed,
    objections_strand,
    overdue,
    profiles,
    scores,
)

__all__ = [
    "ANSWERED",
    "DRIFTED",
    "FUNCTIONS",
    "MOST_BYTES",
    "OPEN",
    "STABLE",
    "Band",
    "Book",
    "Capital",
    "Confidence",
    "Declared",
    "Doubt",
    "Doubts",
    "Edition",
    "Examination",
    "Example",
    "Freshness",
    "ItemProfile",
    "Objection",
    "Operator",
    "Profile",
    "Queue",
    "Rule",
    "RuleCount",
    "Rulebook",
    "Stage",
    "Standards",
    "Target",
    "Trial",
    "adopt_objection",
    "answer_objection",
    "answering_body",
    "band_of",
    "book_of",
    "capital_of",
    "check_file",
    "close_objection",
    "close_resolved",
    "document_of",
    "document_of_text",
    "doubts_of",
    "editions",
    "examinations",
    "examine",
    "example_rows",
    "find_examination",
    "find_objection",
    "findings",
    "freshness_of",
    "issue_rulebook",
    "known_examination",
    "known_objection",
    "known_profile",
    "look_at_examples",
    "newest_examinations",
    "objection_of_document",
    "objection_to_document",
    "objections",
    "objections_at",
    "objections_listed",
    "objections_strand",
    "objectors",
    "open_objections",
    "overdue",
    "profile",
    "profiles",
    "raise_doubt",
    "register_doubt",
    "rulebook_of",
    "scores",
    "shown_document",
    "shown_of",
    "standards_of",
    "standing_edition",
    "try_rulebook",
    "verify_objection",
]
