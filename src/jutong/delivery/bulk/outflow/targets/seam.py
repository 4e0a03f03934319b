"""The seam of all targets: look, deliver exactly once, compare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Protocol

import psycopg
import pyarrow as pa
import pymysql

from jutong.kernel.errors import Invalid, Refused, TooMuch, Unavailable
from jutong.kernel.text import Text, text

from ..loading import Done, Found, Order
from ..outflow import Altered, Misfit

LOCK_SECONDS = 20
STATEMENT_SECONDS = 4 * 3600
# SQLSTATE of PostgreSQL -> what it means; its own words quote rows.
_STATES = {
    "53100": text("the disk of the target is full"),
    "55P03": text("the target's table is locked by somebody for too long"),
    "57014": text("the target gave up because it took too long"),
    "40P01": text("the target's table is locked by somebody for too long"),
}
_NUMBERS = {  # of MySQL and MariaDB
    1021: text("the disk of the target is full"),
    1114: text("the disk of the target is full"),
    1205: text("the target's table is locked by somebody for too long"),
    1213: text("the target's table is locked by somebody for too long"),
}
_RIGHTS = {1044, 1045, 1142, 1143, 1370, 1227}
_VALUES = {1048, 1062, 1153, 1264, 1265, 1292, 1366, 1406, 1452, 4025}


class Into(Protocol):
    """Something that takes rows."""

    def look(self, order: Order) -> tuple[Text, ...]:
        """Reach the target without writing a row, and return in what it does not fit."""
        ...

    def deliver(self, order: Order) -> Done:
        """Bring what the target lacks: all of it, once, or nothing."""
        ...

    def compare(self, order: Order) -> Found:
        """Count what stands in the target, and sum up its rows where they can be."""
        ...


def misfits(
    found: Iterable[tuple[str, str, bool]], schema: pa.Schema, fitting: Callable[[pa.DataType], tuple[str, ...]]
) -> Iterator[Text]:
    """Yield in what a table does not fit; ``found`` are its columns: name, type, whether somebody must fill it.

    ``fitting`` returns the types of the target that hold a type of ours, the best first.
    """
    there = {name: (kind, needed) for name, kind, needed in found}
    for one in schema:
        fit = fitting(one.type)
        if one.name not in there:
            yield text("the column {name} is missing", name=one.name)
        elif there[one.name][0] not in fit:
            yield text(
                "the column {name} is {kind}, not {wanted}", name=one.name, kind=there[one.name][0], wanted=fit[0]
            )
    for name, (_, needed) in there.items():
        if needed and name not in schema.names:
            yield text("the column {name} must be filled, and nothing fills it", name=name)


def misfit(place: str, differences: Collection[Text]) -> Misfit:
    """Return the refusal of a target whose columns are others."""
    told = reduce(lambda first, then: text("{first}; {then}", first=first, then=then), differences)
    return Misfit(
        text("{place} does not fit: {differences}", place=place, differences=told),
        remedy=text("have the consumer's administrators put its columns right, or let the table be made"),
    )


def altered(place: str, expected: int, found: int) -> Altered:
    """Return the refusal to lay changes on what is not what was delivered."""
    return Altered(
        text(
            "{place} does not hold what was delivered: {expected} rows should have gone, {found} were there",
            place=place,
            expected=expected,
            found=found,
        ),
        remedy=text("find out who changed rows in the target; then have the whole delivered anew"),
    )


def occupied(place: str) -> Altered:
    """Return the refusal to put the whole in the place of rows that no delivery brought."""
    return Altered(
        text("{place} holds rows that no delivery of this outflow brought", place=place),
        remedy=text("name an empty table, or have the whole delivered anew: that takes the place of all rows in it"),
    )


@contextmanager
def writing(place: str) -> Iterator[None]:
    """Say why a database did not take rows, without its own words: they may hold values of rows."""
    try:
        yield
    except psycopg.Error as error:
        raise _of_postgres(place, error) from None
    except pymysql.MySQLError as error:
        raise _of_mysql(place, error) from None
    except pa.ArrowException:
        raise Invalid(text("a row cannot be written in the form of {place}", place=place)) from None


def _of_postgres(place: str, error: psycopg.Error) -> Exception:
    state = error.sqlstate or ""
    if state in _STATES:
        return _told(place, _STATES[state])
    if state in ("42501", "28P01", "28000"):
        return _no_right(place)
    if state[:2] in ("22", "23"):
        return _no_value(place, state)
    return _silent(place, state)


def _of_mysql(place: str, error: pymysql.MySQLError) -> Exception:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in _NUMBERS:
        return _told(place, _NUMBERS[number])
    if number in _RIGHTS:
        return _no_right(place)
    if number in _VALUES:
        return _no_value(place, str(number))
    return _silent(place, str(number or ""))


def _told(place: str, why: Text) -> Unavailable:
    return Unavailable(
        text("{place} took nothing: {why}", place=place, why=why),
        remedy=text("the next run brings it; nothing is lost"),
    )


def _no_right(place: str) -> Refused:
    # Not the guard's refusal: it is the consumer's database that says no.
    return Refused(
        text("{place} does not let the account write", place=place),
        remedy=text("have the consumer's administrators give it the right to insert, delete and look into the table"),
    )


def _no_value(place: str, code: str) -> TooMuch:
    return TooMuch(
        text("{place} cannot hold a value of the rows (error {code})", place=place, code=code),
        remedy=text(
            "have its columns widened, or its own rules on them taken away; the table takes the rows as agreed"
        ),
    )


def _silent(place: str, code: str) -> Unavailable:
    return Unavailable(
        text("{place} does not answer as it should (error {code})", place=place, code=code or "-"),
        remedy=text("the next run brings it; nothing is lost"),
    )
