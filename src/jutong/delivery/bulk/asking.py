"""What a client of Delta Sharing asks for: its paths, bodies, places in lists and ranges of bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl

import msgspec

from jutong.kernel.errors import Invalid
from jutong.kernel.shape import learn
from jutong.kernel.text import text

PREFIX = "/sharing"
PAGE_MOST = 1000
PAGE_USUAL = 500
_NAME = "[A-Za-z0-9_.~%-]{1,200}"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Want(StrEnum):
    """What is asked for."""

    SHARES = "shares"
    SHARE = "share"
    SCHEMAS = "schemas"
    TABLES = "tables"
    ALL_TABLES = "all-tables"
    VERSION = "version"
    METADATA = "metadata"
    QUERY = "query"
    CHANGES = "changes"
    EVENTS = "events"  # new versions, numbered: ours
    WHOLE = "file"  # the view as one file: ours
    CONFIRM = "receipt"  # of a delivery, by its consumer: ours
    RECEIPT = "receipts"  # of a call, from the ledger: ours
    FILE = "files"


_TABLE = f"/shares/(?P<share>{_NAME})/schemas/(?P<schema>{_NAME})/tables/(?P<table>{_NAME})"
_ROUTES: tuple[tuple[str, Want, re.Pattern[str]], ...] = tuple(
    (method, want, re.compile(pattern))
    for method, want, pattern in (
        ("GET", Want.SHARES, "/shares"),
        ("GET", Want.SHARE, f"/shares/(?P<share>{_NAME})"),
        ("GET", Want.SCHEMAS, f"/shares/(?P<share>{_NAME})/schemas"),
        ("GET", Want.TABLES, f"/shares/(?P<share>{_NAME})/schemas/(?P<schema>{_NAME})/tables"),
        ("GET", Want.ALL_TABLES, f"/shares/(?P<share>{_NAME})/all-tables"),
        ("GET", Want.VERSION, f"{_TABLE}/version"),
        ("HEAD", Want.VERSION, _TABLE),
        ("GET", Want.METADATA, f"{_TABLE}/metadata"),
        ("POST", Want.QUERY, f"{_TABLE}/query"),
        ("GET", Want.CHANGES, f"{_TABLE}/changes"),
        ("GET", Want.EVENTS, f"{_TABLE}/events"),
        ("GET", Want.WHOLE, f"{_TABLE}/file"),
        ("HEAD", Want.WHOLE, f"{_TABLE}/file"),
        ("POST", Want.CONFIRM, f"{_TABLE}/receipt"),
        ("GET", Want.RECEIPT, "/receipts/(?P<call>[0-7][0-9A-HJKMNP-TV-Z]{25})"),
        ("GET", Want.FILE, r"/files/(?P<word>[A-Za-z0-9_-]{1,400})/[A-Za-z0-9._-]{1,200}"),
        ("HEAD", Want.FILE, r"/files/(?P<word>[A-Za-z0-9_-]{1,400})/[A-Za-z0-9._-]{1,200}"),
    )
)


@dataclass(frozen=True, slots=True)
class Route:
    """What a path asks for, and the names in it; ``allowed`` says by which methods, where it was another."""

    want: Want | None
    names: Mapping[str, str]
    allowed: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """The body of a query; keys that are not known are left aside, as the protocol wants."""

    predicate_hints: tuple[str, ...] = ()
    json_predicate_hints: str = ""
    limit_hint: int | None = None
    version: int | None = None
    timestamp: str = ""
    starting_version: int | None = None
    ending_version: int | None = None


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a consumer's system says it has received: the manifest's digest, and whether all files had theirs."""

    version: int
    manifest: str
    intact: bool = True


learn(Question, Confirmation)
_questions = msgspec.json.Decoder(Question)
_confirmations = msgspec.json.Decoder(Confirmation)


def route_of(method: str, path: str) -> Route:
    """Return what a request asks for.

    >>> route_of("GET", "/sharing/shares").want
    <Want.SHARES: 'shares'>
    """
    rest = path.removeprefix(PREFIX).rstrip("/")
    allowed = []
    for verb, want, pattern in _ROUTES:
        found = pattern.fullmatch(rest)
        if found and verb == method:
            return Route(want, found.groupdict())
        if found:
            allowed.append(verb)
    return Route(None, {}, tuple(allowed))


def question_of(body: bytes) -> Question:
    """Read the body of a query; nothing asks for everything."""
    try:
        asked = _questions.decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(text("the body of the query is not in the form of the protocol")) from error
    if asked.starting_version is not None or asked.ending_version is not None:
        raise Invalid(
            text("a query answers one version of a table"), remedy=text("ask for what changed at the path changes")
        )
    if asked.limit_hint is not None and asked.limit_hint < 0:
        raise Invalid(text("a limit is a number of rows from 0 on"))
    return asked


def confirmation_of(body: bytes) -> Confirmation:
    """Read a confirmation."""
    try:
        return _confirmations.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(text("a confirmation names version, manifest and whether it was intact")) from error


def asked_in(query: str) -> Mapping[str, str]:
    """Return the parameters of an address; the last of one name counts."""
    return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=50))


def page_size(asked: Mapping[str, str]) -> int:
    """Return how many lines a page may have."""
    given = asked.get("maxResults", "")
    if not given:
        return PAGE_USUAL
    if not given.isdecimal() or len(given) > 9:
        raise Invalid(text("maxResults is a number from 0 on"))
    return min(int(given), PAGE_MOST)


def number_in(asked: Mapping[str, str], name: str) -> int | None:
    """Return a version that an address names, or None."""
    given = asked.get(name, "")
    if not given:
        return None
    if not given.isdecimal() or len(given) > 9:
        raise Invalid(text("{name} is a number from 0 on", name=name))
    return int(given)


def instant_of(given: str) -> datetime:
    """Read an instant (RFC 3339), or refuse.

    >>> instant_of("2026-01-05T10:00:00Z").isoformat()
    '2026-01-05T10:00:00+00:00'
    """
    try:
        read = datetime.fromisoformat(given)
    except ValueError as error:
        raise _no_instant() from error
    if read.tzinfo is None:
        raise _no_instant()
    return read


def range_of(given: str, size: int) -> tuple[int, int] | None:
    """Return first byte and length of the one range that is asked for; None: the whole, or a form of no interest.

    A range beyond the end has length 0: it cannot be satisfied (RFC 9110, 15.5.17).

    >>> range_of("bytes=2-", 10), range_of("bytes=-3", 10), range_of("bytes=0-3,5-6", 10), range_of("bytes=10-", 10)
    ((2, 8), (7, 3), None, (10, 0))
    """
    found = _RANGE.fullmatch(given)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return size - length, length
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    return (first, last - first + 1) if first < size else (size, 0)


def _no_instant() -> Invalid:
    return Invalid(text("an instant is written as in 2026-01-05T10:00:00Z"), basis=text("RFC 3339"))
