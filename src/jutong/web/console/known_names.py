"""Names that pages show beside codes: of bodies, of entries, of divisions, and masks in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce

from jutong import catalogue, registers
from jutong.desk import Reading
from jutong.guard.found import Kind
from jutong.guard.mask import Bands, Clear, Drop, Found, Keep, Region, Token, Truncated, parse_mask
from jutong.kernel.errors import NotFound
from jutong.kernel.text import Text, text
from jutong.terms import Actor


def entry_page(entry_id: str) -> str:
    """Return the address of an entry's page."""
    return f"/entries/{entry_id}"


def names_of_bodies(db: Reading, codes: Iterable[str]) -> Mapping[str, str]:
    """Return the names of bodies by their codes; a body that is not in the register keeps its code."""
    return {code: _name(db, code) for code in sorted(set(codes))}


def titles_of_entries(db: Reading, entry_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the titles of entries; one that is not here keeps its identifier."""
    wanted = sorted(set(entry_ids))
    return {one: one for one in wanted} | dict(catalogue.titles(db, wanted))


def division_words(codes: Iterable[str]) -> str:
    """Return divisions with their names."""
    named = registers.divisions()
    return "、".join(f"{named.full_name_of(code)}（{code}）" for code in sorted(codes))


def mask_words(spelled: str) -> Text:
    """Return what a mask leaves to be seen, in words.

    >>> str(mask_words("keep:1:4"))
    'only the first 1 and last 4 characters'
    """
    match parse_mask(spelled):
        case Clear():
            return text("in clear text")
        case Drop():
            return text("left out")
        case Token():
            return text("a token in its place")
        case Keep(head, 0):
            return text("only the first {head} characters", head=head)
        case Keep(0, tail):
            return text("only the last {tail} characters", tail=tail)
        case Keep(head, tail):
            return text("only the first {head} and last {tail} characters", head=head, tail=tail)
        case Truncated(month):
            return text("only year and month") if month else text("only the year")
        case Region(digits):
            return text("only the first {digits} digits of the division", digits=digits)
        case Bands(bounds):
            return text("only the band: {bounds}", bounds=", ".join(map(str, bounds)))
        case Found(kinds):
            return text("the text, without these numbers of persons in it: {kinds}", kinds=_kinds(kinds))


def _kinds(kinds: Sequence[Kind]) -> Text:
    words = {
        Kind.CARD: text("bank cards"),
        Kind.PERSON: text("citizens' numbers"),
        Kind.PHONE: text("telephones"),
        Kind.PASSPORT: text("passports and travel permits"),
        Kind.PLATE: text("plates of cars"),
        Kind.MAIL: text("addresses of mail"),
    }
    return reduce(lambda first, then: text("{first}, {then}", first=first, then=then), [words[one] for one in kinds])


def _name(db: Reading, code: str) -> str:
    try:
        return registers.find_body(db, code).name
    except NotFound:
        return code


def titles_of_items(db: Reading, actor: Actor, entries: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """Return what the items of entries are called, as far as somebody may see them; by entry and name."""
    told: dict[tuple[str, str], str] = {}
    for one in sorted(entries):
        with suppress(NotFound):
            told |= {(one, item.name): item.title for item in catalogue.visible_to(db, one, actor).items}
    return told
