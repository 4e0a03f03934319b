"""Answers what clients of Delta Sharing ask: who may see which share, what a version holds, which file is whose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from jutong import ledger, sharing
from jutong.desk import House
from jutong.guard.grades import Method
from jutong.kernel.db import Db
from jutong.kernel.errors import Invalid, NotFound, Refused, Unavailable
from jutong.kernel.files import sm3_of_file
from jutong.kernel.text import text
from jutong.terms import Actor, Duty, Grade

from ..refusal import Refusal
from ..secrecy import node_secret
from ..wire import NOT_FOUND, Asked
from . import store
from .acts import confirm_receipt
from .asking import (
    PREFIX,
    Want,
    asked_in,
    confirmation_of,
    number_in,
    page_size,
    question_of,
    route_of,
)
from .form import form_named
from .hints import Bounds, Wanted, bounds_of, wanted_of
from .making import folder_of, views_folder
from .manifest import handed_of
from .profile import Profile, profile_in
from .reply import PARQUET, Piece, Reply, Stopped, as_json, as_lines, as_piece, refused, stop
from .rights import GONE, TABLE_ALONE, UNKNOWN, Barred, Rights, Shown, day_of, refusal_of
from .seal import FILE_SECONDS, PAGE_SECONDS, FileWord, PageWord, open_file, open_page, seal_file, seal_page
from .telling import PAGE, cloud_event, events_after, newest_number
from .view import BATCHES, Part, View
from .writing import written

PURPOSE = "delta sharing"  # for which the node's key makes the key of sealed words
_LISTED_AT_ONCE = 500
# By which methods what may be asked for; all else is reading a table.
METHODS = {Want.WHOLE: frozenset({Method.FILE}), Want.CONFIRM: BATCHES, Want.METADATA: BATCHES, Want.VERSION: BATCHES}


class Shelf:
    """What one process needs to answer; each question is one short look at the control database."""

    def __init__(self, house: House, take: Callable[[str, date, int], bool]) -> None:
        self._house, self._take = house, take
        self._rights = Rights(node_secret(house.key), sm2_from=house.home.settings.crypto.sm2_from)
        self._key = house.key.secret_for(PURPOSE)
        self._folder = views_folder(house)

    def answer(self, asked: Asked, now: datetime) -> Reply:
        """Answer one request; a refusal is an answer too."""
        reply = Reply()
        try:
            with self._house.reading() as db:
                self._answer(db, asked, now, reply)
        except Stopped as stopped:
            return refused(reply, stopped, asked.language)
        except (Refused, Unavailable) as error:
            return refused(reply, stop(error), asked.language)
        return reply

    def _answer(self, db: Db, asked: Asked, now: datetime, reply: Reply) -> None:
        route = route_of(asked.method, asked.path)
        if route.want is Want.FILE:
            self._file(db, asked, route.names["word"], now, reply)
            return
        profile = self._profile(db, asked, now)
        reply.client, reply.purpose = profile.system, profile.purpose
        reply.service = f"sharing/{route.want.value}" if route.want else "sharing"
        if route.want is None and route.allowed:
            reply.headers.append((b"allow", ", ".join(route.allowed).encode()))
            raise Stopped(Refusal("method", text("the path does not take this method")))
        if route.want in (Want.SHARES, Want.SHARE, Want.SCHEMAS, Want.TABLES, Want.ALL_TABLES):
            self._list(db, asked, route.want, route.names, profile, now, reply)
        elif route.want is Want.RECEIPT:
            self._receipt(route.names["call"], profile, reply)
        elif route.want is not None:
            self._table(db, asked, route.want, route.names, profile, now, reply)
        else:
            raise Stopped(NOT_FOUND)

    def _profile(self, db: Db, asked: Asked, now: datetime) -> Profile:
        given = asked.fields.get(b"authorization", b"").decode("latin-1")
        token = given[7:].strip() if given[:7].lower() == "bearer " else ""
        named = profile_in(token)
        kept = store.profile_with(db, named) if named else None
        if kept is None or not kept.opened_by(token) or not kept.live(now):
            raise Stopped(UNKNOWN)
        return kept

    # lists

    def _list(
        self, db: Db, asked: Asked, want: Want, names: Mapping[str, str], profile: Profile, now: datetime, reply: Reply
    ) -> None:
        said = asked_in(asked.query)
        limit, listed = page_size(said), "/".join((want.value, *names.values()))
        after = ""
        if token := said.get("pageToken", ""):
            word = open_page(self._key, token)
            at = int(now.timestamp())
            if word is None or word.profile != profile.id or word.listed != listed or word.until < at:
                raise Stopped(Refusal("invalid", text("the place in the list is not one of this list any more")))
            after = word.after
        if want is not Want.SHARES:
            shown = [self._rights.shown(db, names["share"], profile, now, BATCHES, address=asked.peer)]
            if names.get("schema", shown[0].names.schema) != shown[0].names.schema:
                raise Stopped(NOT_FOUND)
        if want is Want.SHARE:
            as_json(reply, {"share": {"name": shown[0].names.share, "id": shown[0].agreement.id}})
            return
        if want is Want.SHARES:
            every = self._shares(db, profile, now, after=after, address=asked.peer)
            found = [one for _, one in zip(range(limit + 1), every, strict=False)]
            items: list[dict[str, str]] = [
                {"name": one.names.share, "id": one.agreement.id, "title": one.entry.title} for one in found
            ]
        else:
            items = [_item(want, one) for one in shown if not after]
        told: dict[str, Any] = {"items": items[:limit]}
        if len(items) > limit > 0:
            last = PageWord(profile.id, listed, items[limit - 1]["name"], int(now.timestamp()) + PAGE_SECONDS)
            told["nextPageToken"] = seal_page(self._key, last)
        as_json(reply, told)

    def _shares(self, db: Db, profile: Profile, now: datetime, *, after: str, address: str) -> Iterator[Shown]:
        actor = Actor(id=profile.system, org=profile.body, duties=frozenset({Duty.SYSTEM}), cleared=Grade.L4)
        place = after.upper()
        while found := sharing.agreements(db, actor, after=place, limit=_LISTED_AT_ONCE):
            for agreement in found:
                if profile.system in agreement.systems and agreement.consumer == profile.body:
                    shown = self._rights.compiled(db, agreement, now)
                    agreed = agreement.methods & BATCHES
                    if agreed and refusal_of(shown.plan, agreed, profile, now, address=address) is None:
                        yield shown
            place = found[-1].id

    # tables

    def _table(
        self, db: Db, asked: Asked, want: Want, names: Mapping[str, str], profile: Profile, now: datetime, reply: Reply
    ) -> None:
        try:
            methods = METHODS.get(want, TABLE_ALONE)
            shown = self._rights.shown(db, names["share"], profile, now, methods, address=asked.peer)
        except Barred as refusal:
            reply.plan = refusal.plan
            raise
        if (names["schema"], names["table"]) != (shown.names.schema, shown.names.table):
            raise Stopped(NOT_FOUND)
        reply.plan, reply.service = shown.plan, f"{shown.path}/{want.value}"
        if want is Want.CONFIRM:
            self._confirm(asked, profile, shown, reply)
            return
        said = asked_in(asked.query)
        if want is Want.EVENTS:
            self._events(db, said, shown, reply)
            return
        newest = self._rights.standing(db, shown)
        if want is Want.WHOLE:
            self._whole(asked, said, shown, newest, now, reply)
        elif want is Want.VERSION:
            view = self._rights.version_since(db, newest, said.get("startingTimestamp", ""))
            as_json(reply, {}, version=view.version)
        elif want is Want.METADATA:
            view = self._rights.view(db, newest, number_in(said, "version"), said.get("timestamp", ""))
            as_lines(reply, _head(shown, view), version=view.version)
        elif want is Want.QUERY:
            self._query(db, asked, profile, shown, newest, now, reply)
        else:
            self._changes(db, said, profile, shown, newest, now, reply)

    def _events(self, db: Db, said: Mapping[str, str], shown: Shown, reply: Reply) -> None:
        """Tell of versions after a number, in order; no rows, so no reading of the whole is counted."""
        after, limit = number_in(said, "after") or 0, min(page_size(said), PAGE)
        told = events_after(db, shown.agreement.id, after, limit=limit)
        events = [cloud_event(one, self._house.home.address) for one in told]
        as_json(reply, {"events": events, "newest": newest_number(db, shown.agreement.id)})

    def _query(
        self, db: Db, asked: Asked, profile: Profile, shown: Shown, newest: View, now: datetime, reply: Reply
    ) -> None:
        question = question_of(asked.body)
        view = self._rights.view(db, newest, question.version, question.timestamp)
        wanted = wanted_of(question.predicate_hints, question.json_predicate_hints)
        self._count(shown, now)
        lines, rows = _head(shown, view), 0
        for place, part in enumerate(view.parts):
            if question.limit_hint is not None and rows >= question.limit_hint and rows:
                break
            if _may(wanted, part):
                lines.append({"file": self._told(profile, shown, view, place, part, now)})
                rows += part.rows
        reply.rows = rows
        as_lines(reply, lines, version=view.version)

    def _changes(
        self, db: Db, said: Mapping[str, str], profile: Profile, shown: Shown, newest: View, now: datetime, reply: Reply
    ) -> None:
        kept = self._rights.kept(db, newest)
        start, end = number_in(said, "startingVersion"), number_in(said, "endingVersion")
        if start is None:
            if not said.get("startingTimestamp"):
                raise Invalid(text("name the version from which on the changes are wanted"))
            start = self._rights.version_since(db, newest, said["startingTimestamp"]).version
        if end is None:
            at = said.get("endingTimestamp", "")
            end = self._rights.view(db, newest, None, at).version if at else newest.version
        if not kept[0].version <= start <= end <= newest.version:
            raise self._rights.not_kept(db, newest)
        self._count(shown, now)
        lines = _head(shown, newest)
        for view in kept:
            if not start <= view.version <= end:
                continue
            whole = view.changes is None
            kind, parts = ("add", view.parts) if whole else ("cdf", view.changes or ())
            for place, part in enumerate(parts):
                if part.rows:
                    told = self._told(profile, shown, view, place, part, now, changes=not whole)
                    lines.append({kind: told})
                    reply.rows += part.rows
        as_lines(reply, lines, version=start)

    def _whole(
        self, asked: Asked, said: Mapping[str, str], shown: Shown, view: View, now: datetime, reply: Reply
    ) -> None:
        """Hand the view over as one file, or go on with it."""
        form = form_named(said.get("form", ""))
        path, size, content = written(self._house.pools, self._folder, view, form)
        if asked.method != "HEAD":
            self._count(shown, now)
        house = self._house
        handed = handed_of(
            *(shown.agreement, shown.entry, view, form, str(path), size, content),
            key=house.key,
            node=house.home.settings.name,
            sm2=house.sm2,
            sm3=sm3_of_file(path) if house.sm2 is not None else "",
        )
        named = f"attachment; filename*=UTF-8''{handed.name}"
        reply.rows = view.rows
        reply.headers += [(b"jutong-manifest", handed.manifest.encode()), (b"content-disposition", named.encode())]
        as_piece(reply, asked, Piece(handed.path, 0, size), content, form.media_type)

    def _count(self, shown: Shown, now: datetime) -> None:
        """Take one reading of the whole off the day's quota; it counts apart from records that are asked for by key."""
        if not self._take(f"whole {shown.agreement.id}", day_of(now), shown.plan.quota_per_day):
            midnight = 86_400 - int(now.timestamp() + 8 * 3600) % 86_400
            raise Barred(
                shown.plan,
                Refusal(
                    "quota",
                    text("the {quota} readings a day of the agreement are used up", quota=shown.plan.quota_per_day),
                    text("sharing agreement, quota per legal day (UTC+8)"),
                    text("read again tomorrow, or ask the provider for a larger quota"),
                ),
                again=midnight,
            )

    def _told(
        self,
        profile: Profile,
        shown: Shown,
        view: View,
        place: int,
        part: Part,
        now: datetime,
        *,
        changes: bool = False,
    ) -> dict[str, Any]:
        until = int(now.timestamp()) + FILE_SECONDS
        word = seal_file(
            self._key,
            FileWord(profile.id, shown.agreement.id, shown.agreement.epoch, view.version, place, changes, until),
        )
        return {
            "url": f"{self._house.home.address}{PREFIX}/files/{word}/{part.name}",
            "id": part.name,
            "partitionValues": {},
            "size": part.size,
            **({"stats": part.stats} if part.stats and not changes else {}),
            "version": view.version,
            "timestamp": int(view.made.timestamp() * 1000),
            "expirationTimestamp": until * 1000,
            "sha256": part.digest,
            "rows": part.rows,
        }

    # files and receipts

    def _file(self, db: Db, asked: Asked, spelled: str, now: datetime, reply: Reply) -> None:
        """Hand over a file, or a range of it; the address was made for one profile, whose rights are asked anew."""
        word = open_file(self._key, spelled)
        if word is None:
            raise Stopped(NOT_FOUND)
        profile = store.profile_with(db, word.profile)
        reply.client = profile.system if profile else ""
        reply.service = f"sharing/files/v{word.version}/{word.place}"
        if profile is None or not profile.live(now) or word.until < now.timestamp():
            raise Stopped(GONE)
        reply.purpose = profile.purpose
        try:
            shown = self._rights.shown(db, word.agreement.lower(), profile, now, address=asked.peer)
        except Barred as refusal:
            reply.plan = refusal.plan
            raise
        reply.plan = shown.plan
        view = store.view_at(db, word.agreement, word.version)
        if view is None or shown.agreement.epoch != word.epoch:
            raise Stopped(GONE)
        if view.terms != self._rights.terms(db, shown, view.table):
            raise Stopped(GONE)
        parts: Sequence[Part] = (view.changes or ()) if word.changes else view.parts
        part = parts[word.place]
        folder = folder_of(self._folder, word.agreement, word.version)
        path = (folder / "changes" if word.changes else folder) / part.name
        as_piece(reply, asked, Piece(str(path), 0, part.size), part.digest, PARQUET)

    def _receipt(self, call: str, profile: Profile, reply: Reply) -> None:
        """Hand out the ledger's receipt for a call of this very system."""
        home = self._house.home
        _, at, records = ledger.find_call(self._house.engine, home.ledger, call)
        if msgspec.json.decode(records[at]).get("client") != profile.system:
            raise NotFound("sealed call", call)
        reply.body = ledger.receipt_of(self._house.engine, home.ledger, call).encode()
        reply.headers.append((b"content-type", b"text/plain; charset=utf-8"))

    def _confirm(self, asked: Asked, profile: Profile, shown: Shown, reply: Reply) -> None:
        told = confirmation_of(asked.body)
        actor = Actor(id=profile.system, org=profile.body, duties=frozenset({Duty.SYSTEM}), cleared=Grade.L4)
        with self._house.desk(actor) as desk:
            confirm_receipt(desk, shown.agreement.id, version=told.version, manifest=told.manifest, intact=told.intact)
        as_json(reply, {"line": desk.left[-1][1]})


def _item(want: Want, one: Shown) -> dict[str, str]:
    if want is Want.SCHEMAS:
        return {"name": one.names.schema, "share": one.names.share}
    return {
        "name": one.names.table,
        "schema": one.names.schema,
        "share": one.names.share,
        "shareId": one.agreement.id,
        "id": one.entry.id,
    }


def _head(shown: Shown, view: View) -> list[dict[str, Any]]:
    told = {
        "id": shown.entry.id,
        "name": shown.entry.title,
        "format": {"provider": "parquet"},
        "schemaString": view.schema,
        "partitionColumns": [],
        "configuration": {"enableChangeDataFeed": "true"},
        "version": view.version,
        "size": view.size,
        "numFiles": len(view.parts),
        "manifest": view.manifest,
    }
    return [{"protocol": {"minReaderVersion": 1}}, {"metaData": told}]


def _may(wanted: Wanted, part: Part) -> bool:
    bounds: Bounds = bounds_of(part.stats, part.rows)
    return wanted.may(bounds)
