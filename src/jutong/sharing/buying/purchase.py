"""A purchase of data from society, and what its licence allows to bodies that did not buy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from jutong.catalogue.terms_of_use import Purpose
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, NotAllowed, WrongMoment
from jutong.kernel.text import text

from ..wish import LIST_LIMIT, Wish, check_words

LICENCE = text("licence of the purchase; bought once, used by many")
ALIKE = 0.6  # of the shorter title's pairs of characters

_DIGEST = re.compile("[0-9a-f]{64}")
_CODE = re.compile("[0-9A-HJ-NP-RT-UW-Y]{18}")


class PriceClass(StrEnum):
    """What was paid, in yuan, as roughly as others need to know it."""

    UNDER_100K = "under-100k"
    TO_1M = "to-1m"
    OVER_1M = "over-1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a buyer declares: what was bought, from whom, by which contract, and who may use it for what."""

    title: str
    supplier: str
    contract: str  # SHA-256 of the signed contract, which stays with the buyer
    price: PriceClass
    purposes: tuple[Purpose, ...]
    starts: date
    ends: date  # the licence's last day
    users: tuple[str, ...] = ()  # codes of the bodies that may use it; empty: every body of the tier

    def check(self) -> None:
        """Refuse what is no purchase that others could find and rely on."""
        check_words(text("title"), self.title)
        check_words(text("supplier"), self.supplier)
        if not _DIGEST.fullmatch(self.contract):
            raise Invalid(text("a contract is known by its SHA-256 in 64 hex digits"))
        if not self.purposes or len(set(self.purposes)) != len(self.purposes):
            raise Invalid(text("{name}: name at least one", name=text("purposes")), basis=LICENCE)
        if self.ends < self.starts:
            raise Invalid(
                text("the term ends ({ends}) before it starts ({starts})", ends=self.ends, starts=self.starts)
            )
        if len(self.users) > LIST_LIMIT or not all(_CODE.fullmatch(user) for user in self.users):
            raise Invalid(text("a body is named by its unified social credit code of 18 characters"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Declared terms, the entry under which the data is shared, and whether the licence is over."""

    id: str
    buyer: str
    terms: Terms
    declared: date
    entry: str = ""
    over: date | None = None

    def stands(self, today: date) -> bool:
        """Say whether the licence gives rights today."""
        return self.over is None and self.terms.starts <= today <= self.terms.ends

    def share(self, entry: str) -> Purchase:
        """Return the purchase as shared under an entry of its buyer."""
        if self.over is not None:
            raise WrongMoment(text("the licence ended on {day}", day=self.terms.ends))
        return replace(self, entry=entry)

    def end(self, today: date) -> Purchase:
        """Return the purchase with its licence over."""
        return replace(self, over=today)

    def must_permit(self, wish: Wish, consumer: str) -> None:
        """Refuse what the licence does not give."""
        terms = self.terms
        if terms.users and consumer not in terms.users:
            raise NotAllowed(
                text("the licence of {title} does not name your body among its users", title=terms.title),
                basis=LICENCE,
                remedy=text("ask the buyer to extend the licence with its supplier"),
            )
        if not set(wish.purposes) <= set(terms.purposes):
            raise NotAllowed(
                text("the licence of {title} is not for every purpose that you name", title=terms.title),
                basis=LICENCE,
                remedy=text("choose from: {purposes}", purposes=", ".join(sorted(terms.purposes))),
            )
        if wish.ends > terms.ends:
            raise NotAllowed(
                text("the licence of {title} ends on {day}", title=terms.title, day=terms.ends),
                basis=LICENCE,
                remedy=text("ask for a term that ends with it, or before"),
            )

    def facts(self) -> dict[str, Fact]:
        """Return what evidence may say of it: identifiers, days and digests."""
        terms = self.terms
        told: dict[str, Fact] = {"title": terms.title, "supplier": terms.supplier, "users": list(terms.users)}
        return {
            "buyer": self.buyer,
            "entry": self.entry,
            "contract": terms.contract,
            "starts": terms.starts.isoformat(),
            "ends": terms.ends.isoformat(),
            "told": digest(canonical(told)),
        }


def check_licences(purchases: Iterable[Purchase], wish: Wish, consumer: str, today: date) -> None:
    """Refuse a wish for bought data that no licence of its entry allows; data that nobody bought needs none."""
    known = tuple(purchases)
    standing = [one for one in known if one.stands(today)]
    if known and not standing:
        raise NotAllowed(
            text("no licence of {title} is in force", title=known[0].terms.title),
            basis=LICENCE,
            remedy=text("ask the buyer whether it is bought again"),
        )
    refusals = []
    for one in standing:
        try:
            one.must_permit(wish, consumer)
        except NotAllowed as refusal:
            refusals.append(refusal)
        else:
            return
    if refusals:
        raise refusals[0]


def alike(title: str, other: str) -> bool:
    """Say whether two titles name nearly the same data.

    >>> alike("企业信用评分数据", "企业信用评分"), alike("企业信用评分", "手机信令")
    (True, False)
    """
    one, two = _pairs(title), _pairs(other)
    return bool(one and two) and len(one & two) >= ALIKE * min(len(one), len(two))


def _pairs(title: str) -> set[str]:
    letters = "".join(title.split()).casefold()
    return {letters[place : place + 2] for place in range(len(letters) - 1)}
