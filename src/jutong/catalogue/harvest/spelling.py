"""What one value of a portal's record means in our code lists; nothing where nobody can say."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from ..terms_of_use import OpenType, UpdateCycle
from .vocabulary import folded, vocabulary

DAY = re.compile(r"\s*((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+\d{1,2}:\d{2}.*)?\s*")
SOLID_DAY = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6})?")
EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
NUMBER = re.compile(r"\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*(?:条|行|万条|个|笔|row|rows)?\s*")
NOTHING = frozenset({"", "无", "空", "null", "none", "nan", "-", "--", "暂无", "无数据", "n/a", "undefined", "[]"})
QUOTES = "'\"‘’“”"
TEXT_LIMIT = 4000

# How many days after the last update a record is late, by its cycle; without a day it is never late.
DAYS: dict[UpdateCycle, int] = {
    UpdateCycle.REAL_TIME: 1,
    UpdateCycle.DAILY: 1,
    UpdateCycle.WEEKLY: 7,
    UpdateCycle.MONTHLY: 31,
    UpdateCycle.QUARTERLY: 92,
    UpdateCycle.HALF_YEARLY: 184,
    UpdateCycle.YEARLY: 366,
}


def words_of(value: object) -> str:
    """Return a value as one line of text; lists are joined, markup and control characters are only characters.

    >>> words_of(["xls", "xml"]), words_of(None), words_of(12)
    ('xls, xml', '', '12')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        shown = value
    elif isinstance(value, list | tuple):
        shown = ", ".join(words_of(one) for one in value)
    elif isinstance(value, dict):
        shown = ", ".join(f"{key}: {words_of(one)}" for key, one in value.items())
    else:
        shown = str(value)
    if shown.isprintable() and "\\" not in shown:
        return shown.strip()[:TEXT_LIMIT]
    clean = "".join(one if one.isprintable() else " " for one in shown.replace("\\n", "\n").replace("\\r", "\n"))
    return clean.strip()[:TEXT_LIMIT]


def absent(words: str) -> bool:
    """Say whether a portal only says that it has nothing to say."""
    return words.strip().lower() in NOTHING


@lru_cache(maxsize=4096)
def cycle_of(words: str) -> UpdateCycle | None:
    """Return the update cycle, or nothing for a word that names none.

    >>> cycle_of("‘每年’"), cycle_of("按年更新"), cycle_of("牲畜饲养")
    (<UpdateCycle.YEARLY: 'yearly'>, <UpdateCycle.YEARLY: 'yearly'>, None)
    """
    code = vocabulary().cycles.get(folded(words))
    return UpdateCycle(code) if code else None


@lru_cache(maxsize=4096)
def open_of(words: str) -> OpenType | None:
    """Return the open type, or nothing.

    >>> open_of("无条件共享"), open_of("实名注册用户可下载"), open_of("无")
    (<OpenType.OPEN: 'open'>, <OpenType.CONDITIONAL: 'conditional'>, None)
    """
    code = vocabulary().opens.get(folded(words))
    return OpenType(code) if code else None


def listed(words: str) -> tuple[str, ...]:
    """Return the parts of a list, also of a list that somebody wrote down as Python or JSON would print it.

    >>> listed("['xls', 'xml']"), listed("csv、json;api"), listed("mysql")
    (('xls', 'xml'), ('csv', 'json', 'api'), ('mysql',))
    """
    words = words.strip()
    if words.startswith("[") and words.endswith("]"):
        try:
            read = ast.literal_eval(words)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            read = words[1:-1].split(",")
        if isinstance(read, list):
            return tuple(one for part in read if (one := words_of(part).strip(QUOTES + " ")))
    return tuple(one for part in re.split(r"[,，、;；|/\s]+", words) if (one := part.strip(QUOTES + " ")))


@lru_cache(maxsize=4096)
def formats_of(words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the formats, each once and in order, and the parts that name none.

    >>> formats_of("['XLS', 'xls', 'api']"), formats_of("mysql, 牲畜")
    ((('api', 'xls'), ()), (('mysql',), ('牲畜',)))
    """
    known, unknown = set(), []
    for part in listed(words):
        code = folded(part)
        if code in vocabulary().formats:
            known.add(code)
        elif not absent(part):
            unknown.append(part)
    return tuple(sorted(known)), tuple(unknown)


@lru_cache(maxsize=4096)
def families_of(formats: tuple[str, ...]) -> frozenset[str]:
    """Return the families of formats: table, text, document, database, interface, ..."""
    return frozenset(vocabulary().formats[one] for one in formats if one in vocabulary().formats)


@lru_cache(maxsize=4096)
def theme_of(words: str) -> str | None:
    """Return the code of a theme by the longest word of it that is known, or nothing.

    >>> theme_of("城乡建设、环境保护"), theme_of("信用服务"), theme_of("牛")
    ('housing', 'credit', None)
    """
    sought = folded(words)
    return next((code for word, code in vocabulary().themes if word in sought), None)


@lru_cache(maxsize=65536)
def day_of(words: str) -> date | None:
    """Return a day however it is written, or nothing; the time of the day is let go.

    >>> day_of("2023-6-16"), day_of("2023年06月16日 11:22:33"), day_of("2023-13-01")
    (datetime.date(2023, 6, 16), datetime.date(2023, 6, 16), None)
    """
    words = unicodedata.normalize("NFKC", words)
    found = DAY.fullmatch(words) or SOLID_DAY.fullmatch(words.strip())
    if found:
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None
    if EPOCH.fullmatch(words.strip()):
        seconds = int(words.strip()[:10])
        return (datetime(1970, 1, 1, 8) + timedelta(seconds=seconds)).date()  # legal time, UTC+8
    return None


def number_of(words: str) -> int | None:
    """Return a count, or nothing.

    >>> number_of("1,843"), number_of("46条"), number_of("3.5 MB")
    (1843, 46, None)
    """
    found = NUMBER.fullmatch(unicodedata.normalize("NFKC", words))
    if found is None or "万" in words:
        return None
    count = int(found[1].replace(",", ""))
    return count if count < 1 << 62 else None


def due_after(last: date | None, cycle: UpdateCycle | None) -> date | None:
    """Return the last day on which a record updated on ``last`` is not late, or nothing where that cannot be said.

    >>> due_after(date(2023, 1, 1), UpdateCycle.MONTHLY)
    datetime.date(2023, 2, 1)
    """
    if last is None or cycle is None or cycle not in DAYS:
        return None
    return last + timedelta(days=DAYS[cycle])


def share(values: Iterable[bool]) -> float:
    """Return how large a part of the answers is yes; nothing asked is nothing."""
    answers = list(values)
    return sum(answers) / len(answers) if answers else 0.0
