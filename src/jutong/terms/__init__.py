"""Words that every room shares: bodies, duties, grades, identifiers, working days. Values only; no tables, no acts."""

from .actor import Actor, house_of
from .assurance import Assurance
from .calendar import Calendar, Day, DueDay, YearNotice
from .codeset import CodeSet
from .deadline import Deadline, DeadlineRule
from .division import Division, Divisions
from .duty import ADMINISTRATORS, NOT_OF_POSTS, Duty
from .element import Dimension, Severity, StandardElement
from .grade import Grade
from .org import BodyKind, Org

__all__ = [
    "ADMINISTRATORS",
    "NOT_OF_POSTS",
    "Actor",
    "Assurance",
    "BodyKind",
    "Calendar",
    "CodeSet",
    "Day",
    "Deadline",
    "DeadlineRule",
    "Dimension",
    "Division",
    "Divisions",
    "DueDay",
    "Duty",
    "Grade",
    "Org",
    "Severity",
    "StandardElement",
    "YearNotice",
    "house_of",
]
