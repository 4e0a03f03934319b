"""Rulebooks as they are kept, tried on a sample, and issued; and rows of any file asked by one."""

from .acts import Trial, issue_rulebook, try_rulebook
from .files import check_file
from .reading import MOST_BYTES, document_of_text
from .store import edition_at, editions, standing_edition

__all__ = [
    "MOST_BYTES",
    "Trial",
    "check_file",
    "document_of_text",
    "edition_at",
    "editions",
    "issue_rulebook",
    "standing_edition",
    "try_rulebook",
]
