"""A question that a person asks of a department's own service: filled in by hand, sent once, shown cut and masked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

from jutong.desk import House
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid
from jutong.kernel.outward import Resolver, resolve
from jutong.kernel.text import text

from .credential import field_of
from .operation import JSON, Where
from .proxy import Proxy
from .question import NoSuchOperation, Question, question_of
from .reply import Cut, Unlike, given
from .upstream import UNLIKE, Failed, Shut, Upstream
from .ways import Ways

ANSWERED = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody filled in: an operation, a value for each of its parameters, a body."""

    operation: str
    values: Mapping[str, str] = field(default_factory=dict)  # where and name, as ``query/since``; lists with commas
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came back, as the person may see it; ``code`` says why nothing did, where nothing did."""

    code: str
    status: int = 0
    media: str = ""
    body: bytes = field(default=b"", repr=False)
    received: int = 0  # bytes, before the cut
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the node lends to whoever asks by hand."""

    ways: Ways
    key: SigningKey
    resolver: Resolver = field(default=resolve)


def door_of(house: House) -> Door:
    """Return what a node lends, as its settings have it."""
    named = house.home.settings.proxies
    return Door(ways=Ways(hosts=named.hosts, inside=named.inside, plain=named.plain), key=house.key)


def question_by_hand(proxy: Proxy, wish: Wish) -> Question:
    """Return the question that was filled in, checked as any other is."""
    operation = proxy.operation(wish.operation)
    if operation is None:
        raise Invalid(text("the service offers no such operation"), remedy=text("choose one of those it offers"))
    slots = {
        one.name: wish.values.get(f"path/{one.name}", "") for one in operation.parameters if one.where is Where.PATH
    }
    pairs: list[tuple[str, str]] = []
    fields = {}
    for one in operation.parameters:
        value = wish.values.get(f"{one.where}/{one.name}", "")
        if not value:
            continue
        if one.where is Where.QUERY:
            pairs += [(one.name, each) for each in (value.split(",") if one.many and not one.split else [value])]
        elif one.where is Where.HEADER:
            fields[one.name.lower()] = value
    pieces = [slots[one[1:-1]] if one.startswith("{") else one for one in operation.pieces]
    try:
        found = question_of(
            proxy, operation.method, pieces, query=urlencode(pairs), fields=fields, body=wish.body.encode(), media=JSON
        )
    except NoSuchOperation as error:
        raise Invalid(text("a part of the path is missing"), remedy=text("fill in every part of the path")) from error
    if found.operation.key != operation.key:
        raise Invalid(
            text("with this value the address is that of another operation"), remedy=text("choose that operation")
        )
    return found


def asked_by_hand(proxy: Proxy, question: Question, cut: Cut | None, own: Mapping[str, str], door: Door) -> Tried:
    """Send a question and wait for what comes back."""
    return asyncio.run(_asked(proxy, question, cut, own, door))


async def _asked(proxy: Proxy, question: Question, cut: Cut | None, own: Mapping[str, str], door: Door) -> Tried:
    began = time.monotonic()
    with ThreadPoolExecutor(1, thread_name_prefix="names") as names:
        upstream = Upstream(proxy, door.ways, names=names, secret=field_of(proxy, door.key), resolver=door.resolver)
        try:
            reply = await upstream.ask(question, own)
        except Failed as error:
            return Tried(code=error.kind, milliseconds=_since(began))
        except Shut:
            return Tried(code="unavailable", milliseconds=_since(began))
        finally:
            await upstream.close()
    took = _since(began)
    try:
        media, body = given(question.operation, reply, cut)
    except Unlike:
        return Tried(code=UNLIKE, received=len(reply.body), milliseconds=took)
    return Tried(
        code=ANSWERED, status=reply.status, media=media, body=body, received=len(reply.body), milliseconds=took
    )


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
