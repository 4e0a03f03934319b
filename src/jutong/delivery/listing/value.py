"""What a caller says for a parameter, read as its declaration wants it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools.handed import Handed
from jutong.quality.expression import NUMBER_FORM
from jutong.quality.reading import BLANKS

from .listing import Operator, Parameter, Type

LONGEST = 256  # characters of a value
MOST_IN_LIST = 100
_NUMBER = re.compile(NUMBER_FORM.replace("$", r"\Z"))
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read(parameter: Parameter, said: Sequence[str]) -> Handed:
    """Return what is handed to the engine beside the SQL, or refuse; the value itself is never repeated.

    >>> read(Parameter(name="a", item="b", operator=Operator.FROM, type=Type.DAY), ["2026-01-31"])
    datetime.date(2026, 1, 31)
    """
    if parameter.operator is Operator.IN:
        if not 1 <= len(said) <= MOST_IN_LIST:
            raise Invalid(text("the parameter {name} takes 1 to {most} values", name=parameter.name, most=MOST_IN_LIST))
        return [_one(parameter, value) for value in said]
    if len(said) != 1:
        raise Invalid(text("the parameter {name} takes one value", name=parameter.name))
    return _one(parameter, said[0])


def _one(parameter: Parameter, said: str) -> str | float | date:
    match parameter.type:
        case Type.NUMBER:
            if _NUMBER.match(said) is None:
                raise Invalid(text("the parameter {name} is a number, such as -12.50", name=parameter.name))
            return float(said)
        case Type.DAY:
            return _day(parameter, said)
        case _:
            value = said.strip(BLANKS)
            if not 1 <= len(value) <= LONGEST or not value.isprintable():
                raise Invalid(
                    text("the parameter {name} has 1 to {most} characters", name=parameter.name, most=LONGEST)
                )
            return value


def _day(parameter: Parameter, said: str) -> date:
    try:
        if _DAY.fullmatch(said):
            return date.fromisoformat(said)
    except ValueError:
        pass
    raise Invalid(text("the parameter {name} is a day, such as 2026-01-31", name=parameter.name))
