"""Names of persons and organisations in one form: width, blanks, brackets, notes; what was written stays beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from opencc import OpenCC

from .capital import Confidence
from .reading import Reading, Step, column, literal, one_of, quoted

ORGANISATION, PERSON = "enterprise-name", "person-name"  # the elements
NAME_COLUMNS = ("form", "core", "variant", "note", "confidence", "doubt")
_BRACKETS, _POINTS = "()[]{}〔〕［］【】｛｝", "•・‧∙⋅･"
_LATIN = "".join(map(chr, (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))))
_WIDE = "".join(chr(ord(one) + 0xFEE0) for one in _LATIN) + _BRACKETS + _POINTS + "－．＆　\u00a0\t\r\n"
_PLAIN = _LATIN + "（）" * (len(_BRACKETS) // 2) + "·" * len(_POINTS) + "-.&     "
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# What a register adds to a name about the firm's state; a name's own brackets (集团, a place) are none of these.
_STATE = "原[^（）]*|曾用名[^（）]*|更名[^（）]*|已?注销|已?吊销|已?迁出|已?停业|歇业|筹|筹建"
_ORGANISATION_NOTE, _PERSON_NOTE = f"（({_STATE})）$", "（([^（）]*)）$"
# The longest first. 有限责任公司 and 有限公司 are one legal form (Company Law, art. 7), older names wear others.
_LEGAL_FORMS = (
    *("股份有限责任公司", "有限责任公司", "股份有限公司", "股份合作公司", "集团有限公司", "有限公司", "集团公司"),
    *("股份公司", "责任公司", "总公司", "分公司", "公司"),
)
_CORE = f"({'|'.join(_LEGAL_FORMS)})$"
_PERSONS = f"^([{_HAN}]{{2,6}}|[{_HAN}]{{1,10}}(·[{_HAN}]{{1,10}}){{1,4}}|[A-Za-z][A-Za-z .'·-]{{1,60}})$"
_BROKEN = "[\u0000-\u001f\ufffd]"


class NameDoubt(StrEnum):
    """Why a spelling is not taken for a name."""

    BROKEN = "broken"  # characters that were lost on the way (U+FFFD) or that no text holds
    MASKED = "masked"  # stars stand in it
    FORM = "form"  # too short, or no name of its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in its standard form, without its legal form, in simplified characters if it differs, and its note."""

    form: str | None
    core: str | None
    variant: str | None
    note: str | None
    confidence: Confidence
    doubt: NameDoubt | None = None


def name_of(spelling: str | None, *, person: bool = False) -> Name:
    """Read one spelling; traditional characters stay as they are, the simplified name stands beside.

    >>> name_of("重慶長江(集团)有限责任公司（原长江厂）").form, name_of("重慶長江厂").variant
    ('重慶長江（集团）有限责任公司', '重庆长江厂')
    >>> name_of("欧阳　娜", person=True).form, name_of("张*", person=True).doubt.value
    ('欧阳娜', 'masked')
    """
    folded = re.sub(" +", " ", (spelling or "").translate(_FOLD)).strip(" ")
    if not re.search("[A-Za-z]", folded):
        folded = folded.replace(" ", "")
    if not folded:
        return Name(form=None, core=None, variant=None, note=None, confidence=Confidence.ABSENT)
    note = re.search(_PERSON_NOTE if person else _ORGANISATION_NOTE, folded)
    form = folded[: note.start()].strip(" ") if note and note.start() else folded
    doubt = _doubt_of(form, person=person)
    if doubt is not None:
        return Name(form=None, core=None, variant=None, note=None, confidence=Confidence.DOUBTFUL, doubt=doubt)
    variant = form.translate(str.maketrans(*_simplified()))
    core = None if person else re.sub(_CORE, "", form) or None
    return Name(
        form=form,
        core=core,
        variant=variant if variant != form else None,
        note=(note[1] or None) if note and note.start() else None,
        confidence=Confidence.STATED,
    )


_FOLD = str.maketrans(_WIDE, _PLAIN)


def _doubt_of(form: str, *, person: bool) -> NameDoubt | None:
    if re.search(_BROKEN, form):
        return NameDoubt.BROKEN
    if re.search(r"[*＊]", form):
        return NameDoubt.MASKED
    sound = re.match(_PERSONS, form) if person else re.search(f"[{_HAN}A-Za-z].*[{_HAN}A-Za-z]", form)
    return None if sound else NameDoubt.FORM


def name_reading(item: str, *, person: bool = False) -> Reading:
    """Return ``name_of`` over the item's column as SQL, in the columns ``<item>_`` + ``NAME_COLUMNS``."""
    value, folded, form, doubt = column(item), *map(quoted, (f"{item} folded", f"{item} named", f"{item}_doubt"))
    note_form = _PERSON_NOTE if person else _ORGANISATION_NOTE
    # Few names hold a character that must be folded, and looking is cheaper than folding.
    holds = f"regexp_matches({value}, {literal(one_of(_WIDE + ' '))})"
    plain = f"trim(regexp_replace(translate({value}, {literal(_WIDE)}, {literal(_PLAIN)}), ' +', ' ', 'g'))"
    close = f"CASE WHEN regexp_matches({plain}, '[A-Za-z]') THEN {plain} ELSE replace({plain}, ' ', '') END"
    first = Step(columns=((f"{item} folded", f"CASE WHEN {holds} THEN nullif({close}, '') ELSE {value} END"),))
    noted = f"regexp_matches({folded}, {literal('.' + note_form)})"
    bare = f"trim(regexp_replace({folded}, {literal(note_form)}, '', 'g'))"
    second = Step(
        columns=(
            (f"{item} named", f"CASE WHEN {noted} THEN {bare} ELSE {folded} END"),
            (f"{item} noted", f"CASE WHEN {noted} THEN regexp_extract({folded}, {literal(note_form)}, 1) END"),
        )
    )
    sound = _PERSONS if person else f"[{_HAN}A-Za-z].*[{_HAN}A-Za-z]"
    why = (
        f"CASE WHEN {form} IS NULL THEN NULL WHEN regexp_matches({form}, {literal(_BROKEN)}) THEN '{NameDoubt.BROKEN}' "
        f"WHEN regexp_matches({form}, '[*＊]') THEN '{NameDoubt.MASKED}' "
        f"WHEN NOT regexp_matches({form}, {literal(sound)}) THEN '{NameDoubt.FORM}' END"
    )
    old, new = _simplified()
    # The table of characters is long, and is built for each row anew: only the few names that hold one go through it.
    traditional = f"regexp_matches({form}, {literal(one_of(old))})"
    simple = f"CASE WHEN {traditional} THEN translate({form}, {literal(old)}, {literal(new)}) ELSE {form} END"
    third = Step(columns=((f"{item}_doubt", why), (f"{item} simple", simple)))
    read = f"{doubt} IS NULL AND {form} IS NOT NULL"
    core = f"nullif(regexp_replace({form}, {literal(_CORE)}, '', 'g'), '')"
    absent = "CAST(NULL AS VARCHAR)"
    fourth = Step(
        columns=(
            (f"{item}_form", f"CASE WHEN {read} THEN {form} END"),
            (f"{item}_core", absent if person else f"CASE WHEN {read} THEN {core} END"),
            (
                f"{item}_variant",
                f"CASE WHEN {read} AND {quoted(f'{item} simple')} <> {form} THEN {quoted(f'{item} simple')} END",
            ),
            (f"{item}_note", f"CASE WHEN {read} THEN nullif({quoted(f'{item} noted')}, '') END"),
            (
                f"{item}_confidence",
                f"CASE WHEN {form} IS NULL THEN '{Confidence.ABSENT}' WHEN {doubt} IS NOT NULL "
                f"THEN '{Confidence.DOUBTFUL}' ELSE '{Confidence.STATED}' END",
            ),
        )
    )
    return Reading(steps=(first, second, third, fourth))


@cache
def _simplified() -> tuple[str, str]:
    """Return the characters that have a simplified form, and those forms, one for one."""
    known = [chr(code) for code in range(0x4E00, 0xA000)]
    # A line each, so that no phrase of two characters is seen.
    made = OpenCC("t2s").convert("\n".join(known)).split("\n")
    pairs = [(one, other) for one, other in zip(known, made, strict=True) if one != other and len(other) == 1]
    return "".join(one for one, _ in pairs), "".join(other for _, other in pairs)
