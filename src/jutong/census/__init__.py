"""What physically exists beneath the catalogue, how well it fits, and what new projects may add.

Nouns: Table, Reconciliation, Edition, Proposal, Project.
"""

from .acts import (
    accept_proposal,
    apply_project,
    check_table,
    freeze_edition,
    hang,
    harvest,
    judge_project,
    look_at_grades,
    propose_entry,
    reject_proposal,
    report,
)
from .edition import Edition
from .grading import Aspect, Clue, Proposal, Reason, Seen, Verdict, Wish, contradictions, grade_of, wishes
from .looking import (
    find_edition_shown,
    project_visible_to,
    proposal_visible_to,
    reconciliation,
    table_visible_to,
    wishes_for,
)
from .names import element_named, folded
from .project import Advice, Citation, DataSet, Opinion, Project
from .recognise import Guess, Profile, profile_of, recognise
from .reconcile import Reconciliation, reconciled
from .sight import own_only, sees
from .sources import DATABASES, Bounds, Connection, Source, database_at, source_at
from .store import editions, editions_listed, projects_listed, proposals_listed, proposals_on, tables_listed, tables_on
from .survey import Survey, find_survey, surveyed
from .table import Column, Drift, Found, Stage, Table, data_type_of, drift_of

__all__ = [
    "DATABASES",
    "Advice",
    "Aspect",
    "Bounds",
    "Citation",
    "Clue",
    "Column",
    "Connection",
    "DataSet",
    "Drift",
    "Edition",
    "Found",
    "Guess",
    "Opinion",
    "Profile",
    "Project",
    "Proposal",
    "Reason",
    "Reconciliation",
    "Seen",
    "Source",
    "Stage",
    "Survey",
    "Table",
    "Verdict",
    "Wish",
    "accept_proposal",
    "apply_project",
    "check_table",
    "contradictions",
    "data_type_of",
    "database_at",
    "drift_of",
    "editions",
    "editions_listed",
    "element_named",
    "find_edition_shown",
    "find_survey",
    "folded",
    "freeze_edition",
    "grade_of",
    "hang",
    "harvest",
    "judge_project",
    "look_at_grades",
    "own_only",
    "profile_of",
    "project_visible_to",
    "projects_listed",
    "proposal_visible_to",
    "proposals_listed",
    "proposals_on",
    "propose_entry",
    "recognise",
    "reconciled",
    "reconciliation",
    "reject_proposal",
    "report",
    "sees",
    "source_at",
    "surveyed",
    "table_visible_to",
    "tables_listed",
    "tables_on",
    "wishes",
    "wishes_for",
]
