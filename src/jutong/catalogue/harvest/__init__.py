"""What other portals list: their records gathered, mapped to our ideas, and policed; evidence beside our own entries.

Nouns: Source, Gather, Record, Harvested, Decision.
"""

from .acts import begin, draft_from, name_body, overturn, propose, restore, uphold
from .encoding import ENCODINGS
from .feed import Feed, Survey
from .gather import Counts, Gather, Source, Stage
from .gathering import import_file, run, source_named
from .kinship import Decision, Kin, Standing, Why
from .listed import Harvested, Overdue, Unknown
from .looking import (
    SAID,
    decisions_page,
    drafted_from,
    find_harvested,
    harvested,
    overdue,
    records_page,
    report,
    sources,
    sources_listed,
    themes_of,
)
from .mapping import SURE, Guess, Idea, guessed
from .record import Flaw, Identity, State
from .report import Report
from .store import find_decision, find_gather, find_source, latest_gather
from .vocabulary import theme_names

__all__ = [
    "ENCODINGS",
    "SAID",
    "SURE",
    "Counts",
    "Decision",
    "Feed",
    "Flaw",
    "Gather",
    "Guess",
    "Harvested",
    "Idea",
    "Identity",
    "Kin",
    "Overdue",
    "Report",
    "Source",
    "Stage",
    "Standing",
    "State",
    "Survey",
    "Unknown",
    "Why",
    "begin",
    "decisions_page",
    "draft_from",
    "drafted_from",
    "find_decision",
    "find_gather",
    "find_harvested",
    "find_source",
    "guessed",
    "harvested",
    "import_file",
    "latest_gather",
    "name_body",
    "overdue",
    "overturn",
    "propose",
    "records_page",
    "report",
    "restore",
    "run",
    "source_named",
    "sources",
    "sources_listed",
    "theme_names",
    "themes_of",
    "uphold",
]
