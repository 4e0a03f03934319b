"""What a value means, whatever way it is written: by this, and not by its spelling, sources agree or differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from jutong.quality.capital import capital_reading
from jutong.quality.naming import ORGANISATION, PERSON, name_reading
from jutong.quality.phone import PHONE, phone_reading
from jutong.quality.reading import Reading, clauses_of, quoted

from .kind import CAPITAL, Kind

_READ: Mapping[str, Callable[[str], Reading]] = {
    ORGANISATION: name_reading,
    PERSON: partial(name_reading, person=True),
    PHONE: phone_reading,
    CAPITAL: capital_reading,
}


def readings_of(kind: Kind) -> Iterator[Reading]:
    """Yield how those fields of a kind are read that are not compared as they are written."""
    return (_READ[field.element](field.name) for field in kind.fields if field.element in _READ)


def meaning_clauses(kind: Kind, rows: str, *, name: str) -> str:
    """Return clauses of a ``WITH``; the last, ``name``, is the query ``rows`` with ``<field> meant`` beside each field.

    Names are compared without width, blanks, brackets' shapes, notes and traditional characters, telephones as
    numbers, amounts as money; what cannot be read, and all else, as it is written. NULL where the field is.
    """
    meanings = ", ".join(f"{_meaning(field.name, field.element)} AS {meant(field.name)}" for field in kind.fields)
    read = clauses_of(rows, tuple(readings_of(kind)), name="meaning")
    return f"{read}, {name} AS (SELECT *, {meanings} FROM meaning)"  # noqa: S608 (constants)


def meant(field: str) -> str:
    """Return the column in which a field's meaning stands, as SQL."""
    return quoted(f"{field} meant")


def _meaning(name: str, element: str) -> str:
    match element:
        case _ if element in (ORGANISATION, PERSON):
            read = f"{name}_variant, {name}_form, "
        case _ if element == PHONE:
            read = f"{name}_numbers, "
        case _ if element == CAPITAL:
            money = f"round(CAST({name}_amount AS DOUBLE) * {name}_unit, 2)"
            read = f"CAST({money} AS VARCHAR) || {name}_currency, "
        case _:
            return quoted(name)
    return f"coalesce({read}{quoted(name)})"
