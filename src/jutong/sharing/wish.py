"""What a body wishes to use of another's data: the five things that a request must name (Order 809, art. 20)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import Item
from jutong.catalogue.terms_of_use import Purpose, ShareType
from jutong.catalogue.wording import text_faults
from jutong.guard.grades import Method
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

WORDS_LIMIT = 2000  # characters in a free text
LIST_LIMIT = 500  # members of any list
LONGEST_TERM_DAYS = 3 * 366  # ours, not the law's: a use that lasts longer is asked for again
QUOTA_LIMIT = 100_000_000  # calls a day
# By the gateway, and as a whole by shares and files; the enclave comes with its room.
OFFERED = frozenset({Method.QUERY, Method.VERIFY, Method.TABLE, Method.FILE})

# What an agreement fixes, and what a change of it can therefore be about.
TERMS = ("items", "purposes", "divisions", "methods", "systems", "quota_per_day", "ends")

_DIGEST = re.compile("[0-9a-f]{64}")
_DIVISION = re.compile("[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document that goes with a request, kept elsewhere and known here by its digest (SHA-256, hex)."""

    title: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The consumer's half of a request, in its own words; nothing in it is a promise of the provider."""

    entry: str
    items: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    legal_basis: str
    scenario: str
    scope: str
    methods: frozenset[Method]
    systems: tuple[str, ...]  # the consumer's systems that will call, by their name in the network
    starts: date
    ends: date
    quota_per_day: int
    divisions: tuple[str, ...] = ()  # rows of these divisions only; empty: the whole area of the entry
    papers: tuple[Paper, ...] = ()

    def digest(self) -> str:
        """Return the digest of the wish: the same wish, in whatever order its lists stand, has the same one."""
        return digest(canonical(self.spelled()))

    def spelled(self) -> dict[str, Fact]:
        """Return the wish in plain values, its lists in order."""
        return {
            "entry": self.entry,
            "items": tuple(sorted(self.items)),
            "purposes": tuple(sorted(self.purposes)),
            "legal_basis": self.legal_basis,
            "scenario": self.scenario,
            "scope": self.scope,
            "methods": tuple(sorted(self.methods)),
            "systems": tuple(sorted(self.systems)),
            "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat(),
            "quota_per_day": self.quota_per_day,
            "divisions": tuple(sorted(self.divisions)),
            "papers": [{"title": paper.title, "digest": paper.digest} for paper in self.papers],
        }


def changed_terms(wish: Wish, before: Wish) -> tuple[str, ...]:
    """Return the names of what a wish wants otherwise than it stands: its words and papers are no terms."""
    now, then = wish.spelled(), before.spelled()
    return tuple(name for name in TERMS if now[name] != then[name])


def must_differ(wish: Wish, before: Wish) -> None:
    """Refuse an application for a change that changes nothing, or moves what has begun."""
    if wish.starts != before.starts:
        raise Invalid(
            text("the term of a running agreement began on {day}; only its last day can change", day=before.starts)
        )
    if not changed_terms(wish, before):
        raise Invalid(
            text("the application changes nothing of the agreement"),
            remedy=text("change items, purposes, divisions, methods, systems, quota or the last day"),
        )


def check(wish: Wish, entry: Entry, *, consumer: str) -> tuple[Item, ...]:
    """Return the items that the wish asks of ``entry``, or refuse and say what to put right."""
    if consumer == entry.provider:
        raise Invalid(
            text("{entry} is your own", entry=entry.title),
            remedy=text("use your data; a request is for another body's"),
        )
    for name, words in (
        (text("legal basis"), wish.legal_basis),
        (text("scenario"), wish.scenario),
        (text("scope"), wish.scope),
    ):
        check_words(name, words)
    check_papers(wish.papers)
    for name, members in (
        (text("items"), wish.items),
        (text("purposes"), wish.purposes),
        (text("systems"), wish.systems),
        (text("methods"), tuple(wish.methods)),
    ):
        _check_list(name, members)
    _check_term(wish)
    _check_purposes(wish, entry)
    _check_methods(wish, entry)
    if not 1 <= wish.quota_per_day <= QUOTA_LIMIT:
        raise Invalid(text("a quota is a number of calls a day from 1 to {limit}", limit=QUOTA_LIMIT))
    if len(wish.divisions) > LIST_LIMIT or not all(_DIVISION.fullmatch(division) for division in wish.divisions):
        raise Invalid(text("a division is named by its six digits"), basis=text("GB/T 2260"))
    if not all(system.split("/")[2:3] == [consumer] for system in wish.systems):
        raise Invalid(
            text("a system that is to call must be the asking body's own"),
            basis=text("Order 809, art. 25: nothing is handed on to a third party"),
            remedy=text("name systems that your body has registered"),
        )
    return tuple(_shared_item(name, entry) for name in wish.items)


def check_papers(papers: tuple[Paper, ...]) -> None:
    """Refuse a paper without a title or without a whole digest."""
    if len(papers) > LIST_LIMIT:
        raise Invalid(text("at most {limit} papers go with a request", limit=LIST_LIMIT))
    for paper in papers:
        check_words(text("title of a paper"), paper.title)
        if not _DIGEST.fullmatch(paper.digest):
            raise Invalid(text("a paper is known by its SHA-256 in 64 hex digits"))


def check_words(field: Text, words: str) -> None:
    """Refuse a free text that is empty, endless, or hides or reorders what others read; the refusal does not repeat it.

    >>> check_words(text("scope"), "户籍地\u202e")
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: scope: control or direction characters are not accepted
    """
    for fault in text_faults(field, words, limit=WORDS_LIMIT, needed=True, lines=True):
        raise Invalid(
            fault,
            basis=text("Order 809, arts 20 and 21: basis, scenario, scope, method and term; reasons"),
            remedy=text("fill it in, in plain words"),
        )


def _check_list(name: Text, members: tuple[str, ...]) -> None:
    if not members:
        raise Invalid(text("{name}: name at least one", name=name), basis=text("Order 809, art. 20"))
    if len(members) > LIST_LIMIT or len(set(members)) != len(members):
        raise Invalid(text("{name}: at most {limit}, none twice", name=name, limit=LIST_LIMIT))


def _check_term(wish: Wish) -> None:
    if wish.ends < wish.starts:
        raise Invalid(text("the term ends ({ends}) before it starts ({starts})", ends=wish.ends, starts=wish.starts))
    if (wish.ends - wish.starts).days >= LONGEST_TERM_DAYS:
        raise Invalid(
            text("a term is at most {days} days long", days=LONGEST_TERM_DAYS),
            remedy=text("ask again when it has run out"),
        )


def _check_purposes(wish: Wish, entry: Entry) -> None:
    allowed = entry.terms.purposes or tuple(Purpose)  # unconditional data is shared for every lawful duty
    if strange := set(wish.purposes) - set(allowed):
        raise Invalid(
            text("{entry} is not shared for: {purposes}", entry=entry.title, purposes=", ".join(sorted(strange))),
            basis=text("Order 809, arts 15 and 25: use conditions stand in the catalogue"),
            remedy=text("choose from the entry's purposes: {purposes}", purposes=", ".join(allowed)),
        )


def _check_methods(wish: Wish, entry: Entry) -> None:
    offered = OFFERED & set(entry.methods or OFFERED)
    if not wish.methods <= offered:
        raise Invalid(
            text("{entry} is not shared by every method that you name", entry=entry.title),
            basis=text("Order 809, arts 13 and 22"),
            remedy=text("choose from: {methods}", methods=", ".join(sorted(offered))),
        )


def _shared_item(name: str, entry: Entry) -> Item:
    item = next((item for item in entry.items if item.name == name), None)
    if item is None or ShareType.NOT_SHARED in {item.share_type, entry.share_type}:
        raise Invalid(
            text("{entry} shares no item of one of the names that you ask for", entry=entry.title),
            basis=text("Order 809, arts 14 and 15: the catalogue says what is not shared, and why"),
            remedy=text(
                "choose from: {names}",
                names=", ".join(item.name for item in entry.items if item.share_type is not ShareType.NOT_SHARED),
            ),
        )
    return item
