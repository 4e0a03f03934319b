"""Addresses in the standard table: the reading of ``terms.address`` as SQL, twelve parts and how far it got."""

from __future__ import annotations

import re

from jutong.terms.address import BEGINNING_FORM, ENDS, PARTS, WHOLE_FORM, Gazetteer, folded_sql
from jutong.terms.address import Reading as Understood

from .reading import Reading, Step, column, literal, quoted

ADDRESS = "address"  # the element
ADDRESS_COLUMNS = (*PARTS, "reading")
_DIVISIONS, _BELOW = PARTS[:3], PARTS[3:]


def address_reading(item: str, gazetteer: Gazetteer) -> Reading:
    """Return how an item's addresses are read; all parts below the district are taken in one look.

    The parts are pieces of the address as it was written, apart from their width; what no part takes is left over and
    makes the reading ``part``.
    """
    rest = [quoted(f"{item} rest{level}") for level in range(4)]
    steps = [Step(columns=((f"{item} rest0", folded_sql(column(item))),))]
    for level, (name, names) in enumerate(zip(_DIVISIONS, gazetteer.levels, strict=True)):
        spelled = [f"regexp_extract({rest[level]}, {literal(f'^(?:{names.full})')})"] if names.full else []
        spelled += [f"regexp_extract({rest[level]}, {literal(names.short_group)}, 1)"] if names.short else []
        found = ", ".join(f"nullif({one}, '')" for one in spelled)
        part = quoted(f"{item}_{name}")
        left = f"substr({rest[level]}, length(coalesce({part}, '')) + 1)"
        again = f"CASE WHEN starts_with({left}, {part}) THEN substr({left}, length({part}) + 1) ELSE {left} END"
        steps.append(Step(columns=((f"{item}_{name}", f"coalesce({found or 'NULL'}, NULL)"),)))
        steps.append(Step(columns=((f"{item} rest{level + 1}", again),)))
    whole, below = quoted(f"{item} whole"), quoted(f"{item} below")
    steps.append(
        Step(columns=((f"{item} whole", f"regexp_matches({rest[3]}, {literal('^' + _nameless(WHOLE_FORM))})"),))
    )
    taken = f"CASE WHEN {whole} THEN {_groups(rest[3], WHOLE_FORM)} ELSE {_groups(rest[3], BEGINNING_FORM)} END"
    steps.append(Step(columns=((f"{item} below", taken),)))
    steps.append(Step(columns=tuple((f"{item}_{name}", f"nullif({below}.{name}, '')") for name in _BELOW)))
    ends = " OR ".join(f"{quoted(f'{item}_{name}')} IS NOT NULL" for name in PARTS if name in ENDS)
    some = " OR ".join(f"{quoted(f'{item}_{name}')} IS NOT NULL" for name in PARTS)
    read = (
        f"CASE WHEN {column(item)} IS NULL THEN NULL WHEN {whole} AND ({ends}) THEN '{Understood.WHOLE}' "
        f"WHEN {some} THEN '{Understood.PART}' ELSE '{Understood.NONE}' END"
    )
    return Reading(steps=(*steps, Step(columns=((f"{item}_reading", read),))))


def _groups(value: str, form: str) -> str:
    names = ", ".join(map(literal, _BELOW))
    return f"regexp_extract({value}, {literal('^' + _nameless(form))}, [{names}])"


def _nameless(form: str) -> str:
    """Return a pattern whose groups are known by their places: engines spell their names differently."""
    return re.sub(r"\?P<[a-z_]+>", "", form)
