"""Telephone numbers as forms hold them: mobiles, landlines with their area, extensions, several in one cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .capital import Confidence
from .reading import Reading, Step, column, literal, quoted

PHONE = "phone"  # the element
MOST = 4  # numbers that are read of one cell
PHONE_COLUMNS = ("numbers", "confidence", "doubt")
_WIDE = "０１２３４５６７８９＋－（）；，／：＊　\u00a0\t\r\n—–、|｜,/"
_PLAIN = "0123456789+-();;;:*     --;;;;;"
# Words that part two numbers, or stand before them: in the dialect that RE2, Python and Java share.
_LABEL = "(联系电话|办公电话|固定电话|电话号码|电话|手机号码|手机|座机|[Tt][Ee][Ll])[.:]?"
_MOBILE = "1[3-9][0-9]{9}"
_AREA = "0(?:10|2[0-9]|[3-9][0-9]{2})"
_EXTENSION = "(?: ?(?:转分机|分机|转|-|#|[Ee][Xx][Tt][.]?|[xX]) ?([0-9]{1,6}))?"
_MOBILE_FORM = "^(?:[+]?86|0086)?[ -]?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})$"
_LAND_FORM = (
    "^(?:(?:[+]86|0086|86)[ -]?[(]?0?|[(]?0|[(])(10|2[0-9]|[3-9][0-9]{2})[)]?[ -]?([2-9][0-9]{2,3})[ -]?([0-9]{4})"
    f"{_EXTENSION}$"
)
_LOCAL_FORM = f"^([2-9][0-9]{{2,3}})[ -]?([0-9]{{4}}){_EXTENSION}$"
_SERVICE_FORM = "^(400|800)[ -]?([0-9]{3})[ -]?([0-9]{4})$"
_SHORT_FORM = "^(1[0-9]{2}|1[0-9]{4}|9[56][0-9]{3,4})$"
# Whole numbers with blanks between them are several; a blank inside one number is not.
_WHOLE = f"(?:{_MOBILE}|{_AREA}-[2-9][0-9]{{6,7}}|{_AREA}[2-9][0-9]{{6,7}})"
_SEVERAL = f"^{_WHOLE}(?: +{_WHOLE})+$"


class PhoneDoubt(StrEnum):
    """Why a cell is not read as telephone numbers."""

    MASKED = "masked"  # stars stand in it: the source hides it
    MANY = "many"  # more numbers than one cell may hold
    FORM = "form"  # something in it is no number of this country


@dataclass(frozen=True, slots=True, kw_only=True)
class Phones:
    """The numbers of one cell in their standard form, in their order; none where anything in it is in doubt."""

    numbers: tuple[str, ...]
    confidence: Confidence
    doubt: PhoneDoubt | None = None


def phones_of(spelling: str | None) -> Phones:
    """Read one cell; a cell of which a part cannot be read is in doubt whole, and stays as it was written.

    A landline without an area takes that of the first number of its cell; without one there, it stays without.

    >>> phones_of("（023）6381 1111转802、+86 138-0013-8000").numbers
    ('023-63811111-802', '13800138000')
    >>> phones_of("63811111").confidence.value, phones_of("张三 13800138000").doubt.value
    ('assumed', 'form')
    """
    cell = _cell_of(spelling or "")
    if not cell:
        return Phones(numbers=(), confidence=Confidence.ABSENT)
    if "*" in cell:
        return _doubtful(PhoneDoubt.MASKED)
    parts = [part.strip(" ") for part in cell.split(";")]
    if len(parts) > MOST:
        return _doubtful(PhoneDoubt.MANY)
    read = [_number_of(part) for part in parts]
    if None in read:
        return _doubtful(PhoneDoubt.FORM)
    area = _area_of(parts[0])
    numbers = tuple(f"{area}-{number}" if area and local else number or "" for number, local in filter(None, read))
    assumed = any(local for _, local in filter(None, read))
    return Phones(numbers=numbers, confidence=Confidence.ASSUMED if assumed else Confidence.STATED)


def _doubtful(doubt: PhoneDoubt) -> Phones:
    return Phones(numbers=(), confidence=Confidence.DOUBTFUL, doubt=doubt)


_FOLD = str.maketrans(_WIDE, _PLAIN)


def _cell_of(spelling: str) -> str:
    cell = re.sub(_LABEL, ";", spelling.translate(_FOLD))
    cell = re.sub("或者|或|及", ";", cell)
    cell = re.sub("(^[; ]+|[; ]+$)", "", cell)
    cell = re.sub(" *;[; ]*", ";", cell)
    return re.sub(" +", ";", cell) if re.match(_SEVERAL, cell) else cell


def _number_of(part: str) -> tuple[str, bool] | None:
    """Return a number in its standard form, and whether its area is not named."""
    if found := re.match(_MOBILE_FORM, part):
        return "".join(found.groups()), False
    if found := re.match(_LAND_FORM, part):
        area, head, tail, more = found.groups()
        return f"0{area}-{head}{tail}" + (f"-{more}" if more else ""), False
    if found := re.match(_SERVICE_FORM, part):
        return "-".join(found.groups()), False
    if found := re.match(_LOCAL_FORM, part):
        head, tail, more = found.groups()
        return head + tail + (f"-{more}" if more else ""), True
    return (part, False) if re.match(_SHORT_FORM, part) else None


def _area_of(part: str) -> str:
    read = _number_of(part)
    found = re.match(f"^({_AREA})-", read[0]) if read else None
    return found[1] if found else ""


def phone_reading(item: str) -> Reading:
    """Return ``phones_of`` over the item's column as SQL, in the columns ``<item>_`` + ``PHONE_COLUMNS``.

    Numbers of one cell stand behind one another with a semicolon between. Plain functions alone, so that every engine
    reads alike; the tests hold it and ``phones_of`` together.
    """
    cell, doubt = quoted(f"{item} cell"), quoted(f"{item}_doubt")
    plain = f"translate({column(item)}, {literal(_WIDE)}, {literal(_PLAIN)})"
    labelled = _replaced(_replaced(plain, _LABEL, ";"), "或者|或|及", ";")
    parted = _replaced(_replaced(labelled, "(^[; ]+|[; ]+$)", ""), " *;[; ]*", ";")
    folded = Step(columns=((f"{item} parted", f"nullif({parted}, '')"),))
    whole = quoted(f"{item} parted")
    split = f"CASE WHEN {_matches(whole, _SEVERAL)} THEN {_replaced(whole, ' +', ';')} ELSE {whole} END"
    cells = Step(columns=((f"{item} cell", split),))
    places = range(1, MOST + 1)
    parts = Step(columns=tuple((f"{item} part {n}", f"nullif(trim(split_part({cell}, ';', {n})), '')") for n in places))
    numbers = Step(columns=tuple(one for n in places for one in _number_sql(item, n)))
    first = quoted(f"{item} number 1")
    area = f"CASE WHEN {_matches(first, f'^{_AREA}-')} THEN regexp_extract({first}, {literal(f'^({_AREA})-')}, 1) END"
    many = f"length({cell}) - length(replace({cell}, ';', '')) >= {MOST}"
    unread = " OR ".join(
        f"({quoted(f'{item} part {n}')} IS NOT NULL AND {quoted(f'{item} number {n}')} IS NULL)" for n in places
    )
    why = (
        f"CASE WHEN {cell} IS NULL THEN NULL WHEN strpos({cell}, '*') > 0 THEN '{PhoneDoubt.MASKED}' "
        f"WHEN {many} THEN '{PhoneDoubt.MANY}' WHEN {unread} THEN '{PhoneDoubt.FORM}' END"
    )
    judged = Step(columns=((f"{item}_doubt", why), (f"{item} area", area)))
    named, read = quoted(f"{item} area"), [quoted(f"{item} number {n}") for n in places]
    said = ", ".join(
        f"CASE WHEN {quoted(f'{item} local {n}')} AND {named} IS NOT NULL THEN {named} || '-' || {one} ELSE {one} END"
        for n, one in zip(places, read, strict=True)
    )
    assumed = " OR ".join(f"coalesce({quoted(f'{item} local {n}')}, false)" for n in places)
    told = Step(
        columns=(
            (f"{item}_numbers", f"CASE WHEN {doubt} IS NULL AND {cell} IS NOT NULL THEN concat_ws(';', {said}) END"),
            (
                f"{item}_confidence",
                f"CASE WHEN {cell} IS NULL THEN '{Confidence.ABSENT}' WHEN {doubt} IS NOT NULL "
                f"THEN '{Confidence.DOUBTFUL}' WHEN {assumed} THEN '{Confidence.ASSUMED}' "
                f"ELSE '{Confidence.STATED}' END",
            ),
        )
    )
    return Reading(steps=(folded, cells, parts, numbers, judged, told))


def _number_sql(item: str, place: int) -> tuple[tuple[str, str], tuple[str, str]]:
    part = quoted(f"{item} part {place}")
    land = _matches(part, _LAND_FORM)
    number = (
        f"CASE WHEN {_matches(part, _MOBILE_FORM)} THEN {_joined(part, _MOBILE_FORM, 3, '')} "
        f"WHEN {land} THEN '0' || {_group(part, _LAND_FORM, 1)} || '-' || {_group(part, _LAND_FORM, 2)} || "
        f"{_group(part, _LAND_FORM, 3)} || {_extension(_group(part, _LAND_FORM, 4))} "
        f"WHEN {_matches(part, _SERVICE_FORM)} THEN {_joined(part, _SERVICE_FORM, 3, '-')} "
        f"WHEN {_matches(part, _LOCAL_FORM)} THEN {_group(part, _LOCAL_FORM, 1)} || {_group(part, _LOCAL_FORM, 2)} || "
        f"{_extension(_group(part, _LOCAL_FORM, 3))} WHEN {_matches(part, _SHORT_FORM)} THEN {part} END"
    )
    local = (
        f"{_matches(part, _LOCAL_FORM)} AND NOT ({_matches(part, _MOBILE_FORM)} OR {land} "
        f"OR {_matches(part, _SERVICE_FORM)})"
    )
    return (f"{item} number {place}", number), (f"{item} local {place}", local)


def _matches(value: str, form: str) -> str:
    return f"regexp_matches({value}, {literal(form)})"


def _replaced(value: str, form: str, by: str) -> str:
    return f"regexp_replace({value}, {literal(form)}, {literal(by)}, 'g')"


def _group(value: str, form: str, number: int) -> str:
    return f"coalesce(regexp_extract({value}, {literal(form)}, {number}), '')"


def _joined(value: str, form: str, groups: int, between: str) -> str:
    return f" || {literal(between)} || ".join(_group(value, form, n) for n in range(1, groups + 1))


def _extension(group: str) -> str:
    return f"CASE WHEN {group} <> '' THEN '-' || {group} ELSE '' END"
