"""Whether a declaration of a department's own service fits its entry, and could be answered."""

from __future__ import annotations

import re

from jutong.catalogue.entry import Entry
from jutong.guard.grades import GRADING, handling
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.text import Text, text

from .operation import OURS, TOKEN, Where
from .proxy import (
    BASE_MOST,
    MOST_ANSWER,
    MOST_AT_ONCE,
    MOST_FIELDS,
    MOST_OPERATIONS,
    MOST_QUESTION,
    MOST_SECONDS,
    TITLE_MOST,
    Asks,
    Proxy,
)
from .reply import EVERY, pieces_of
from .ways import Ways

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_POINTER = re.compile(r"(?:/(?:[^/~\x00-\x1f]|~[01]){1,100}){1,12}")
LEAST_HEDGE, MOST_HEDGE = 20, 10_000  # milliseconds


def check(proxy: Proxy, entry: Entry, ways: Ways) -> None:
    """Refuse a declaration that does not fit its entry, or whose service is not called from here."""
    if not handling(entry.grade).lists:
        raise NotAllowed(
            text(
                "data of grade {grade} is not handed on by a department's own service: only single records leave, "
                "and this node cannot tell how many are in another's answer",
                grade=entry.grade.name,
            ),
            basis=GRADING,
            remedy=text("offer queries by key and verifications"),
        )
    if handling(entry.grade).masked and not proxy.fields:
        raise NotAllowed(
            text("data of grade {grade} leaves masked, so every field that leaves is named", grade=entry.grade.name),
            basis=GRADING,
            remedy=text("say which fields of the answers are which items"),
        )
    ways.check(proxy.base)
    if len(proxy.base) > BASE_MOST:
        raise _unfit(text("an address has at most {most} characters", most=BASE_MOST))
    if not _NAME.fullmatch(proxy.name):
        raise _unfit(text("the name of a service is 1 to 63 of a-z, 0-9 and -, and no - at its ends"))
    if not 1 <= len(proxy.title.strip()) <= TITLE_MOST or not proxy.title.isprintable():
        raise _unfit(text("a service has a title of 1 to {most} characters", most=TITLE_MOST))
    if not 1 <= len(proxy.operations) <= MOST_OPERATIONS:
        raise _unfit(text("a service offers 1 to {most} operations", most=MOST_OPERATIONS))
    _check_bounds(proxy)
    _check_fields(proxy, entry)
    _check_credential(proxy)


def _check_bounds(proxy: Proxy) -> None:
    if not 1 <= proxy.first_seconds <= proxy.whole_seconds <= MOST_SECONDS:
        raise _unfit(
            text("an answer begins within 1 to {most} seconds, and is whole no earlier than that", most=MOST_SECONDS)
        )
    if not 1 <= proxy.most_question <= MOST_QUESTION or not 1 <= proxy.most_answer <= MOST_ANSWER:
        raise _unfit(
            text(
                "a question has at most {question} bytes, an answer {answer}",
                question=MOST_QUESTION,
                answer=MOST_ANSWER,
            )
        )
    if not 1 <= proxy.at_once <= MOST_AT_ONCE:
        raise _unfit(text("1 to {most} questions are under way at once", most=MOST_AT_ONCE))
    if proxy.hedge_ms and not LEAST_HEDGE <= proxy.hedge_ms <= MOST_HEDGE:
        raise _unfit(
            text(
                "a second question follows after {least} to {most} milliseconds, or never",
                least=LEAST_HEDGE,
                most=MOST_HEDGE,
            )
        )


def _check_fields(proxy: Proxy, entry: Entry) -> None:
    if len(proxy.fields) > MOST_FIELDS or len({one.pointer for one in proxy.fields}) < len(proxy.fields):
        raise _unfit(text("a field is named once, and at most {most} of them", most=MOST_FIELDS))
    ways = [pieces_of(one.pointer) for one in proxy.fields]
    for one in proxy.fields:
        if not _POINTER.fullmatch(one.pointer):
            raise _unfit(text("{pointer} is no JSON pointer such as /firms/*/name", pointer=one.pointer[:100]))
        entry.item(one.item)
    for way in ways:
        if way[-1] == EVERY or any(other[: len(way)] == way and other != way for other in ways):
            raise _unfit(text("a field is one value: none lies within another, and a list is none"))


def _check_credential(proxy: Proxy) -> None:
    if (proxy.asks is Asks.HEADER) != bool(proxy.header):
        raise _unfit(text("a secret that travels in a field of its own has the name of that field, and no other has"))
    if proxy.asks is Asks.HEADER:
        allowed = proxy.header.lower() in ("authorization", "x-client-id") or not OURS.fullmatch(proxy.header)
        if not TOKEN.fullmatch(proxy.header) or not allowed:
            raise _unfit(text("a secret does not travel in the field {field}", field=proxy.header[:64]))
    taken = {one.name.lower() for each in proxy.operations for one in each.parameters if one.where is Where.HEADER}
    if proxy.header.lower() in taken:
        raise _unfit(text("callers hand in the field {field}, so the secret cannot travel in it", field=proxy.header))


def _unfit(reason: Text) -> Invalid:
    return Invalid(reason, remedy=text("correct the declaration"))
