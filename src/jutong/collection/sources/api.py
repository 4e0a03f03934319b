"""Rows of an HTTP API: page by page, with patience and within limits; the address is guarded, the token never shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import pyarrow as pa

from jutong.kernel.canon import digest
from jutong.kernel.errors import Invalid, TooMuch, Unavailable
from jutong.kernel.outward import Outward
from jutong.kernel.text import text

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Paging, Reach
from .json import columns_of, found_at, rows_at
from .pulled import Pulled, Tally, reconcile, spooling
from .words import ENCODINGS

ANSWER_MOST = 32 * 1024**2
PAGES_MOST = 100_000
TRIES = 5
WAIT_MOST = 60.0
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
Progress = Callable[[int, int], None]
Sleep = Callable[[float], None]
Look = Callable[[Mapping[str, str]], None]
_ANSWER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=str)


@dataclass(slots=True)
class Api:
    """One API, and the token by which it knows us."""

    reach: Reach
    token: str
    outward: Outward
    sleep: Sleep = time.sleep

    def pages(self) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
        """Yield the rows of each page and the total that it tells, until the source says that there are no more."""
        reach, parameters, seen = self.reach, self._first(), set[str]()
        for place in range(PAGES_MOST):
            document, mark = self._asked(parameters)
            rows = rows_at(document, reach.rows_at)
            if rows and mark in seen:
                raise Invalid(
                    text("{name} gives the same page again and again", name=reach.place),
                    remedy=text("check the names of the parameters by which pages are asked for"),
                )
            seen.add(mark)
            yield rows, self._total(document)
            following = self._following(document, rows, place)
            if following is None:
                return
            parameters = following
        raise TooMuch(text("{name} has more than {limit} pages", name=reach.place, limit=PAGES_MOST))

    def _first(self) -> Mapping[str, str]:
        reach = self.reach
        size = {reach.size_parameter: str(reach.size)}
        match reach.paging:
            case Paging.PAGE:
                return {reach.page_parameter: str(reach.first_page), **size}
            case Paging.OFFSET:
                return {reach.page_parameter: "0", **size}
            case Paging.CURSOR:
                return size
        return {}

    def _following(self, document: Any, rows: list[dict[str, Any]], place: int) -> Mapping[str, str] | None:
        reach = self.reach
        size = {reach.size_parameter: str(reach.size)}
        match reach.paging:
            # A short page is not taken for the last one: some sources give fewer rows than they were asked for.
            case Paging.PAGE if rows:
                return {reach.page_parameter: str(reach.first_page + place + 1), **size}
            case Paging.OFFSET if rows:
                self._offset += len(rows)
                return {reach.page_parameter: str(self._offset), **size}
            case Paging.CURSOR:
                cursor = found_at(document, reach.cursor_at)
                return {reach.page_parameter: str(cursor), **size} if cursor not in (None, "", False) else None
        return None

    def _total(self, document: Any) -> int | None:
        if not self.reach.total_at:
            return None
        told = found_at(document, self.reach.total_at)
        if isinstance(told, bool) or not isinstance(told, int | str) or not str(told).isdecimal():
            raise Invalid(
                text("there is no count at {path}", path=self.reach.total_at),
                remedy=text("name the path of the count that the source tells, or leave it out"),
            )
        return int(told)

    def _asked(self, parameters: Mapping[str, str]) -> tuple[Any, str]:
        body = self._body(_with(self.reach.url, parameters))
        try:
            return _ANSWER.decode(body.decode(ENCODINGS.get(self.reach.encoding, "utf-8"))), digest(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(
                text("{name} does not answer with JSON in the declared encoding", name=self.reach.place),
                remedy=text("check the address and the encoding"),
            ) from error

    def _body(self, url: str) -> bytes:
        """Ask until there is an answer: what may pass is asked again, longer each time, and as late as is asked."""
        for left in range(TRIES - 1, -1, -1):
            wait = float(2 ** (TRIES - 1 - left))
            try:
                body, status, later = self._once(url)
            except Unavailable:
                if not left:
                    raise
            else:
                if status == 200:
                    return body
                if status not in AGAIN or not left:
                    raise self._refused(status)
                wait = max(wait, later)
            self.sleep(min(wait, WAIT_MOST))
        raise AssertionError("unreachable")

    def _once(self, url: str) -> tuple[bytes, int, float]:
        headers = {"accept": "application/json"}
        if self.token:
            headers[self.reach.header.lower()] = self.reach.prefix + self.token
        answer = self.outward.stream("GET", url, headers=headers)
        try:
            if answer.status_code != 200:
                return b"", answer.status_code, _seconds(answer.headers.get("retry-after", ""))
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > ANSWER_MOST:
                    raise TooMuch(
                        text("an answer is larger than {limit} MiB", limit=ANSWER_MOST // 1024**2),
                        remedy=text("ask for smaller pages"),
                    )
            return bytes(body), 200, 0.0
        except httpx.HTTPError as error:
            raise Unavailable(text("{host} does not answer", host=urlsplit(url).netloc)) from error
        finally:
            answer.close()

    def _refused(self, status: int) -> Invalid | Unavailable:
        if status in AGAIN:
            return Unavailable(
                text("{name} answers with the status {status} again and again", name=self.reach.place, status=status),
                remedy=text("the next run begins where the last one ended"),
            )
        return Invalid(
            text("{name} answers with the status {status}", name=self.reach.place, status=status),
            remedy=text("check the address, the token and its rights; where it points elsewhere, name that address"),
        )

    _offset: int = 0


def pull_api(
    api: Api,
    contract: Contract,
    path: Path,
    *,
    layout: Layout,
    limits: Limits,
    look: Look | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Read all pages into a file at ``path``, or refuse and keep nothing; memory holds one page."""
    words = {word: item for word, item in layout.headers.items() if item in contract.names}
    columns = [
        (one.name, one.title, *(word for word, item in words.items() if item == one.name)) for one in contract.columns
    ]
    members: dict[str, None] = {}
    schema = pa.schema([pa.field(name, pa.string()) for name in contract.names])
    total: int | None = None
    with spooling(path, contract, limits) as spool:
        for rows, told in api.pages():
            for row in rows:
                members.update(dict.fromkeys(row))
            items = [pa.array(item, pa.string()) for item in columns_of(rows, columns)]
            spool.add(pa.RecordBatch.from_arrays(items, schema=schema))
            total = told if told is not None else total
            if progress:
                progress(spool.rows, total or 0)
        if not spool.rows:
            raise Invalid(text("{name} holds no rows", name=api.reach.place))
        if look:
            look(dict.fromkeys(members, "json"))
        _, aside = contract.columns_in(members, layout.headers)
        if total is not None:
            reconcile(Tally(total), spool.rows, None, api.reach.place)
        rows_read = spool.rows
    return Pulled(path=path, rows=rows_read, left_aside=aside)


def _with(url: str, parameters: Mapping[str, str]) -> str:
    if not parameters:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"


def _seconds(told: str) -> float:
    return min(float(told), WAIT_MOST) if told.isdecimal() else 0.0
