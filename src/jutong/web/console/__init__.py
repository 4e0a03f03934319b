"""Pages for officials and for the public: each module holds the pages of one room."""

from .build import PAGES, doors, failure_page, wants_page
from .door import seated
from .visit import Doorkeeper, Visit

__all__ = ["PAGES", "Doorkeeper", "Visit", "doors", "failure_page", "seated", "wants_page"]
