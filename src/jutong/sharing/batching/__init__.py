"""Several entries in one application, and words that a body keeps for its next one."""

from .acts import draft_batch, drop_template, keep_template
from .batch import BATCH_LIMIT, Faulty
from .store import find_template, requests_of_batch, templates
from .template import TEMPLATES_LIMIT, Template, template_of

__all__ = [
    "BATCH_LIMIT",
    "TEMPLATES_LIMIT",
    "Faulty",
    "Template",
    "draft_batch",
    "drop_template",
    "find_template",
    "keep_template",
    "requests_of_batch",
    "template_of",
    "templates",
]
