"""The choice of language: kept in the browser, for the whole console."""

from __future__ import annotations

from litestar.params import FromPath

from jutong.kernel.errors import NotFound
from jutong.kernel.text import LANGUAGES

from .door import LANGUAGE_COOKIE, cookie
from .frame import Answer, TheVisit, own_path, see, shown

A_YEAR = 365 * 86400


@shown("/language/{tag:str}", guard=None)
def choose(visit: TheVisit, tag: FromPath[str]) -> Answer:
    """Keep the language and go back to where the visitor was; a link, because nothing of the node changes."""
    if tag not in LANGUAGES:
        raise NotFound("language", tag)
    return see(own_path(visit.asked("next", "/")), cookies=[cookie(visit, LANGUAGE_COOKIE, tag, seconds=A_YEAR)])


PAGES = [choose]
