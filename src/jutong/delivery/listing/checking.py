"""Whether a declaration fits its entry, and whether anybody could ask it."""

from __future__ import annotations

import re
from collections import Counter

from jutong.catalogue.entry import Entry
from jutong.guard.grades import GRADING, handling
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.text import Text, text

from .clause import prepared
from .listing import (
    MOST_ITEMS,
    MOST_ORDER,
    MOST_PAGE,
    MOST_PARAMETERS,
    MOST_ROWS,
    TITLE_MOST,
    Listing,
    Operator,
    Type,
)
from .value import read

RESERVED = frozenset({"items", "page_size", "cursor"})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PARAMETER = re.compile(r"[a-z](?:[a-z0-9_]{0,29}[a-z0-9])?")  # what ends in _ is ours


def check(listing: Listing, entry: Entry) -> None:
    """Refuse a declaration that does not fit its entry, or that nobody could ask."""
    if not handling(entry.grade).lists:
        raise NotAllowed(
            text("data of grade {grade} is not listed: only single records are asked for", grade=entry.grade.name),
            basis=GRADING,
            remedy=text("offer queries by key and verifications"),
        )
    if not entry.key_item:
        raise _unfit(text("{entry} has no key item, so its rows cannot be told apart", entry=entry.title))
    if not _NAME.fullmatch(listing.name):
        raise _unfit(text("the name of a service is 1 to 63 of a-z, 0-9 and -, and no - at its ends"))
    if not 1 <= len(listing.title.strip()) <= TITLE_MOST or not listing.title.isprintable():
        raise _unfit(text("a service has a title of 1 to {most} characters", most=TITLE_MOST))
    if not 1 <= listing.page_rows <= MOST_PAGE or not listing.page_rows <= listing.most_rows <= MOST_ROWS:
        raise _unfit(
            text(
                "a page has 1 to {page} rows, and all pages of a question no more than {most}",
                page=MOST_PAGE,
                most=MOST_ROWS,
            )
        )
    if not 1 <= len(listing.items) <= MOST_ITEMS or len(set(listing.items)) < len(listing.items):
        raise _unfit(text("a service returns at least one item, and each once"))
    if len(listing.order) > MOST_ORDER or len({one.item for one in listing.order}) < len(listing.order):
        raise _unfit(text("rows are ordered by at most {most} items, each once", most=MOST_ORDER))
    for name in (*listing.items, *(one.item for one in listing.order)):
        entry.item(name)
    _check_parameters(listing, entry)
    asked = {name for part in prepared(listing, entry).parts for name in part.parameters}
    for one in listing.parameters:
        if one.operator is Operator.CONDITION and one.name not in asked:
            raise _unfit(text("the parameter {name} does not stand in the condition", name=one.name))
        if one.name in asked and not (one.required or one.default):
            raise _unfit(text("the parameter {name} of the condition is required, or has a default", name=one.name))
        if one.default:
            read(one, one.defaults)


def _check_parameters(listing: Listing, entry: Entry) -> None:
    if len(listing.parameters) > MOST_PARAMETERS:
        raise _unfit(text("a service has at most {most} parameters", most=MOST_PARAMETERS))
    for name, count in Counter(one.name for one in listing.parameters).items():
        if count > 1 or not _PARAMETER.fullmatch(name) or name in RESERVED:
            raise _unfit(
                text("a parameter has a name of its own: 1 to 31 of a-z, 0-9 and _; not {name}", name=name[:31])
            )
    for one in listing.parameters:
        if one.operator is Operator.CONDITION:
            if one.item:
                raise _unfit(text("a parameter of the condition names no item: the condition does"))
            continue
        entry.item(one.item)
        if one.operator is Operator.PREFIX and one.type is not Type.TEXT:
            raise _unfit(text("only texts begin with something; {name} is none", name=one.name))


def _unfit(reason: Text) -> Invalid:
    return Invalid(reason, remedy=text("correct the declaration"))
