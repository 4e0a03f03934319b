"""Are the rows fit for use? Rules from standard elements, findings, scores, and objections at the source.

Nouns: Example, Rule, RuleCount, Rulebook, Examination, Objection, Capital.
"""

from .acts import (
    adopt_objection,
    answer_objection,
    close_objection,
    close_resolved,
    examine,
    look_at_examples,
    open_objections,
    verify_objection,
)
from .capital import Capital, Confidence, Doubt, capital_of
from .examination import Band, Examination, band_of
from .example import Example
from .objection import ANSWERED, OPEN, Objection, Stage, objection_of_document, objection_to_document
from .rule import Rule, RuleCount
from .rulebook import Rulebook, Standards, rulebook_of
from .scan import example_rows, findings
from .sight import answering_body, objectors
from .store import (
    examinations,
    find_examination,
    find_objection,
    known_examination,
    known_objection,
    newest_examinations,
    objections,
    objections_at,
    objections_listed,
    overdue,
    scores,
)

__all__ = [
    "ANSWERED",
    "OPEN",
    "Band",
    "Capital",
    "Confidence",
    "Doubt",
    "Examination",
    "Example",
    "Objection",
    "Rule",
    "RuleCount",
    "Rulebook",
    "Stage",
    "Standards",
    "adopt_objection",
    "answer_objection",
    "answering_body",
    "band_of",
    "capital_of",
    "close_objection",
    "close_resolved",
    "examinations",
    "examine",
    "example_rows",
    "find_examination",
    "find_objection",
    "findings",
    "known_examination",
    "known_objection",
    "look_at_examples",
    "newest_examinations",
    "objection_of_document",
    "objection_to_document",
    "objections",
    "objections_at",
    "objections_listed",
    "objectors",
    "open_objections",
    "overdue",
    "rulebook_of",
    "scores",
    "verify_objection",
]
