"""Registered capital as registers spell it: what a spelling says, or why it cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product

import pyarrow as pa

from .reading import Join, Reading, Step, column, literal, one_of, quoted

IMPLAUSIBLE_FROM = 10_000_000_000  # units of currency: a register that mixes 元 with 万元 is off by 10,000 above this
_FULL_WIDTH = "０１２３４５６７８９．，（）　\u00a0\t "
_PLAIN = "0123456789.,()"  # what the first fourteen become; the blanks after them vanish
_FOLD = {ord(wide): _PLAIN[place] if place < len(_PLAIN) else None for place, wide in enumerate(_FULL_WIDTH)}
# At most 15 and 8 digits, so that every readable amount fits decimal(28, 8) on every engine.
_NUMBER = "[0-9][0-9.,]*"
_WRITTEN = "([1-9][0-9]{0,14}|0|[1-9][0-9]{0,2}(,[0-9]{3}){1,4})([.][0-9]{1,8})?"
_MULTIPLES = {"": 1, "万": 10_000, "亿": 100_000_000}
_CURRENCIES = {
    "CNY": ("人民币", "人民币元", "元人民币"),
    "USD": ("美元", "美金", "元美元"),
    "HKD": ("港币", "港元", "香港元", "元港币", "元港元"),
    "JPY": ("日元", "日圆", "元日元"),
    "EUR": ("欧元", "元欧元"),
    "GBP": ("英镑", "元英镑"),
    "DEM": ("德国马克", "马克"),
    "FRF": ("法国法郎",),
    "CHF": ("瑞士法郎",),
    "SGD": ("新加坡元", "新元"),
    "AUD": ("澳大利亚元", "澳元"),
    "CAD": ("加拿大元", "加元"),
    "DKK": ("丹麦克朗", "丹麦克郎"),
    "SEK": ("瑞典克朗",),
    "NOK": ("挪威克朗",),
    "NLG": ("荷兰盾",),
    "ITL": ("意大利里拉",),
    "KRW": ("韩元", "韩国元"),
    "TWD": ("新台币", "台币"),
    "MOP": ("澳门元", "澳门币"),
    "MYR": ("马来西亚林吉特",),
    "THB": ("泰国铢", "泰铢"),
    "RUB": ("俄罗斯卢布", "卢布"),
}


class Confidence(StrEnum):
    """How the amount came about."""

    STATED = "stated"  # number, unit and currency stand there
    ASSUMED = "assumed"  # no currency is named: taken as yuan, the register's own
    DOUBTFUL = "doubtful"  # somebody who knows must say what it is
    ABSENT = "absent"


class Doubt(StrEnum):
    """Why a spelling is not read."""

    NUMBER = "number"  # no number, or one that is written as no number is
    COMMA = "comma"  # a comma where no thousands separator can stand: "2,0000"
    UNIT = "unit"  # a unit or currency that is not known
    IMPLAUSIBLE = "implausible"  # so large that 元 may have been entered as 万元


@dataclass(frozen=True, slots=True, kw_only=True)
class Capital:
    """An amount of ``unit`` currency units; without an amount there is either nothing written, or a doubt."""

    amount: Decimal | None
    unit: int | None
    currency: str | None
    confidence: Confidence
    doubt: Doubt | None = None

    @property
    def whole(self) -> Decimal | None:
        """The amount in units of its currency."""
        return None if self.amount is None or self.unit is None else self.amount * self.unit


def _words() -> Mapping[str, tuple[int, str, Confidence]]:
    words = {f"{multiple}元": (size, "CNY", Confidence.ASSUMED) for multiple, size in _MULTIPLES.items()}
    words |= {multiple: (size, "CNY", Confidence.ASSUMED) for multiple, size in _MULTIPLES.items() if multiple}
    for (multiple, size), (currency, names) in product(_MULTIPLES.items(), _CURRENCIES.items()):
        words |= {f"{multiple}{name}": (size, currency, Confidence.STATED) for name in names}
    return words


WORDS = _words()


def capital_of(spelling: str | None) -> Capital:
    """Read one spelling; what can be read in two ways is in doubt, never guessed.

    >>> capital_of("5,147.1628(万)").amount, capital_of("100（万美元）").currency
    (Decimal('5147.1628'), 'USD')
    >>> capital_of("2,0000(万)").doubt.value
    'comma'
    """
    folded = (spelling or "").translate(_FOLD)
    if not folded:
        return Capital(amount=None, unit=None, currency=None, confidence=Confidence.ABSENT)
    found = re.match(_NUMBER, folded)
    number = found[0] if found else ""
    if not re.fullmatch(_WRITTEN, number):
        return _doubtful(Doubt.COMMA if "," in number else Doubt.NUMBER)
    word = WORDS.get(folded[len(number) :].replace("(", "").replace(")", ""))
    if word is None:
        return _doubtful(Doubt.UNIT)
    unit, currency, confidence = word
    amount = Decimal(number.replace(",", ""))
    if amount >= IMPLAUSIBLE_FROM // unit:
        return _doubtful(Doubt.IMPLAUSIBLE)
    return Capital(amount=amount, unit=unit, currency=currency, confidence=confidence)


def _doubtful(doubt: Doubt) -> Capital:
    return Capital(amount=None, unit=None, currency=None, confidence=Confidence.DOUBTFUL, doubt=doubt)


def capital_reading(item: str) -> Reading:
    """Return ``capital_of`` over the item's column as SQL, in the columns ``<item>_`` + ``CAPITAL_COLUMNS``.

    The test of all real spellings holds the two together.
    """
    value, folded, number = column(item), quoted(f"{item} folded"), quoted(f"{item} number")
    alias, doubt = quoted(f"{item} words"), quoted(f"{item}_doubt")
    readable = f"{doubt} IS NULL AND {folded} IS NOT NULL"
    # Few spellings hold a character that must be folded, and looking is far cheaper than folding.
    fold = f"nullif(translate({value}, '{_FULL_WIDTH}', '{_PLAIN}'), '')"
    holds = f"regexp_matches({value}, {literal(one_of(_FULL_WIDTH))})"
    first = Step(columns=((f"{item} folded", f"CASE WHEN {holds} THEN {fold} ELSE {value} END"),))
    second = Step(columns=((f"{item} number", f"regexp_extract({folded}, '^({_NUMBER})', 1)"),))
    third = Step(
        columns=(
            (
                f"{item}_doubt",
                f"CASE WHEN {folded} IS NULL THEN NULL"
                f" WHEN NOT regexp_matches({number}, '^{_WRITTEN}$')"
                f" THEN CASE WHEN strpos({number}, ',') > 0 THEN '{Doubt.COMMA}' ELSE '{Doubt.NUMBER}' END"
                f" WHEN {alias}.unit IS NULL THEN '{Doubt.UNIT}'"
                f" WHEN try_cast(replace({number}, ',', '') AS DECIMAL(28, 8)) >= {alias}.implausible"
                f" THEN '{Doubt.IMPLAUSIBLE}' END",
            ),
            (f"{item} unit", f"{alias}.unit"),
            (f"{item} currency", f"{alias}.currency"),
            (f"{item} confidence", f"{alias}.confidence"),
        ),
        joins=(
            Join(
                table="capital_words",
                alias=alias,
                on=f"{alias}.word = replace(replace(substr({folded}, length({number}) + 1), '(', ''), ')', '')",
            ),
        ),
    )
    fourth = Step(
        columns=(
            (
                f"{item}_amount",
                f"CASE WHEN {readable} THEN try_cast(replace({number}, ',', '') AS DECIMAL(28, 8)) END",
            ),
            (f"{item}_unit", f"CASE WHEN {readable} THEN {quoted(f'{item} unit')} END"),
            (f"{item}_currency", f"CASE WHEN {readable} THEN {quoted(f'{item} currency')} END"),
            (
                f"{item}_confidence",
                f"CASE WHEN {folded} IS NULL THEN '{Confidence.ABSENT}'"
                f" WHEN {doubt} IS NOT NULL THEN '{Confidence.DOUBTFUL}' ELSE {quoted(f'{item} confidence')} END",
            ),
        )
    )
    return Reading(steps=(first, second, third, fourth), tables={"capital_words": _words_table()})


CAPITAL_COLUMNS = ("amount", "unit", "currency", "confidence", "doubt")


def _words_table() -> pa.Table:
    return pa.table(
        {
            "word": list(WORDS),
            "unit": pa.array([unit for unit, _, _ in WORDS.values()], pa.int64()),
            "currency": [currency for _, currency, _ in WORDS.values()],
            "confidence": [confidence.value for _, _, confidence in WORDS.values()],
            "implausible": pa.array([IMPLAUSIBLE_FROM // unit for unit, _, _ in WORDS.values()], pa.int64()),
        }
    )
