"""Answers of declared services: rows page by page, found by what a caller says, counted row by row."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import msgspec

from jutong.guard.grades import Method
from jutong.kernel.canon import canonical
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, TooMuch, Unavailable
from jutong.kernel.shape import learn
from jutong.kernel.text import text
from jutong.pools import RangeReader
from jutong.pools.handed import Row

from ..listing.clause import Prepared
from ..listing.cursor import PURPOSE, SECONDS, Place, opened_place, sealed_place
from ..listing.question import Question, Wish, place_of, question_of
from ..listing.right import given_items, refusal_of
from ..plan import Plan, over_quota
from ..wire import NOT_FOUND, WRONG_METHOD, Asked, Turned, invalid, segments_of
from .case import Case
from .desks import Desks, granted
from .query import shape_of

AT_ONCE = 2  # questions that one worker answers at the same time
WAITING = 16  # that wait for their turn
OF_ONE = 4  # of one caller among them
ANSWER_BYTES = 8 << 20
_PIECES = 64  # names and values in an address

_wishes = msgspec.json.Decoder(Wish)
learn(Wish)


class Lists:
    """The declared services as one worker answers them: in threads of its own, a bounded number at once."""

    def __init__(self, desks: Desks, reader: RangeReader, key: SigningKey) -> None:
        self._desks, self._reader, self._secret = desks, reader, key.secret_for(PURPOSE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="listing")
        self._under_way: Counter[str] = Counter()

    def close(self) -> None:
        """Let go of threads and copies; a question under way ends first."""
        self._threads.shutdown(cancel_futures=True)
        self._reader.close()

    async def answer(self, asked: Asked, case: Case) -> tuple[int, bytes] | None:
        """Return status and body, or None where the address is that of no declared service."""
        parts = segments_of(asked.path)
        if len(parts) != 9 or parts[1] != "r1" or parts[7] != "list":
            return None
        if asked.method not in ("GET", "POST"):
            raise Turned(WRONG_METHOD)
        path, name = "/".join(parts[2:7]), parts[8]
        try:
            return await self._answer(asked, case, path, name)
        except Invalid as error:
            raise invalid(error.reason) from error

    async def _answer(self, asked: Asked, case: Case, path: str, name: str) -> tuple[int, bytes]:
        prepared, plan = self._granted(asked, case, path, name)
        wish = _wish_of(asked)
        question = question_of(prepared, wish)
        place = self._place(wish, case, plan, question)
        items = tuple(dict.fromkeys(wish.items)) or given_items(plan, prepared)
        self._check(plan, prepared, items)
        case.subject = self._desks.pseudonym(canonical([prepared.listing.id, question.digest()]))
        if self._desks.counters.used(plan.agreement, case.at.day) >= plan.quota_per_day:
            raise Turned(over_quota(plan))
        before = (prepared.listing.id, plan.agreement, plan.regions, case.kept)
        found, more = await self._found(question, plan, place, case)
        # Meanwhile a right may have gone, or become less: what is handed over is decided by what stands now.
        now, standing = self._granted(asked, case, path, name)
        if (now.listing.id, standing.agreement, standing.regions, case.kept) != before:
            raise Unavailable(text("the agreement changed meanwhile"), remedy=text("ask again"))
        self._check(standing, now, items)
        if not self._desks.counters.take(plan.agreement, case.at.day, max(1, len(found)), standing.quota_per_day):
            raise Turned(over_quota(standing))
        case.rows = len(found)
        shape = shape_of(standing, items)
        records = b",".join([shape.record(str(row[0]).encode()) for row in found])
        given = (place.given if place else 0) + len(found)
        cut = more and given >= prepared.listing.most_rows
        onward = place_of(found[-1], given, case.at.seconds + SECONDS) if more and not cut else None
        cursor = msgspec.json.encode(self._cursor(onward, case, plan, question))
        return 200, b'{"rows":[%b],"next":%b,"cut":%b}' % (records, cursor, b"true" if cut else b"false")

    def _granted(self, asked: Asked, case: Case, path: str, name: str) -> tuple[Prepared, Plan]:
        board = self._desks.standing.board
        prepared = board.listings.get((path, name))
        if prepared is None:
            raise Turned(NOT_FOUND)
        found = board.plans_of(case.client.name, path, asked.field(b"jutong-agreement"))
        opened = tuple(one for one in found if (prepared.listing.id, one.agreement) in board.openings)
        plan, _ = granted(self._desks, asked, case, path, Method.QUERY, (), prepared.listing.page_rows, opened)
        case.part = f"/list/{name}"
        return prepared, plan

    def _check(self, plan: Plan, prepared: Prepared, items: tuple[str, ...]) -> None:
        refusal = refusal_of(plan, prepared, items)
        if refusal is not None:
            raise Turned(refusal)

    def _place(self, wish: Wish, case: Case, plan: Plan, question: Question) -> Place | None:
        if not wish.cursor:
            return None
        return opened_place(
            self._secret,
            wish.cursor,
            client=case.client.name,
            agreement=plan.agreement,
            question=question.digest(),
            now=case.at.seconds,
        )

    async def _found(self, question: Question, plan: Plan, place: Place | None, case: Case) -> tuple[list[Row], bool]:
        """Return the rows of the page, and whether there are more."""
        client, listing = case.client.name, question.prepared.listing
        if self._under_way[client] >= OF_ONE or self._under_way.total() >= AT_ONCE + WAITING:
            raise TooMuch(
                text("too many questions are being answered at this moment"), remedy=text("ask again in a moment")
            )
        left = min(question.page, listing.most_rows - (place.given if place else 0))
        sql, handed = question.sql(plan.regions, place, case.kept)
        size = 0

        def enough(row: Row) -> bool:
            nonlocal size
            size += len(str(row[0]).encode())
            return size > ANSWER_BYTES

        self._under_way[client] += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._reader.ask(listing.copy, sql, handed, enough=enough)
            )
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
        if size > ANSWER_BYTES:
            # The row that went beyond stays for the next page, unless it is all that there is.
            return found[: max(1, min(left, len(found) - 1))], True
        return found[:left], len(found) > left

    def _cursor(self, onward: Place | None, case: Case, plan: Plan, question: Question) -> str | None:
        if onward is None:
            return None
        return sealed_place(
            self._secret, onward, client=case.client.name, agreement=plan.agreement, question=question.digest()
        )


def _wish_of(asked: Asked) -> Wish:
    if asked.method == "POST":
        if asked.query:
            raise invalid(text("what is asked stands in the body, not in the address"))
        try:
            return _wishes.decode(asked.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The decoder's own words could repeat what the caller sent: only the form is named.
            wanted = '{"parameters": {"name": "..."}, "items": ["item"], "page_size": 100, "cursor": "..."}'
            raise invalid(text("the body is not of the form {form}", form=wanted)) from error
    if asked.body:
        raise invalid(text("a query has no body"))
    form = text("the query is not of the form ?parameter=value&page_size=100")
    try:
        stated = parse_qsl(
            asked.query,
            keep_blank_values=True,
            strict_parsing=bool(asked.query),
            errors="strict",
            max_num_fields=_PIECES,
        )
    except ValueError as error:
        raise invalid(form) from error
    told: dict[str, list[str]] = {}
    for name, value in stated:
        told.setdefault(name, []).append(value)
    items, sizes, cursors = (told.pop(name, []) for name in ("items", "page_size", "cursor"))
    if (
        len(items) > 1
        or len(sizes) > 1
        or len(cursors) > 1
        or not all(one.isascii() and one.isdigit() and len(one) < 6 for one in sizes)
    ):
        raise invalid(form)
    return Wish(
        parameters=dict(told),
        items=items[0].split(",") if items else [],
        page_size=int(sizes[0]) if sizes else 0,
        cursor=cursors[0] if cursors else "",
    )
