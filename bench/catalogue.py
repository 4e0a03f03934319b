"""The catalogue at a country's size: 200 writers who lose nothing, and pages over a million entries."""

from __future__ import annotations

import base64
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from tests.postgres import binaries, postgres_server

from bench.console import _code as code_of
from bench.console import _entry as an_entry
from bench.console import _head as head_row
from bench.console import _signed_in as signed_in
from bench.console import _version as version_row
from bench.console import asked, free_port, quantile, served
from jutong import catalogue, ledger, registers
from jutong.catalogue import Entry, Search, ShareType
from jutong.catalogue import store as entries
from jutong.cli.node import make_home
from jutong.desk import House, open_desk
from jutong.kernel.db import connect, connection, transaction
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.migrate import migrate
from jutong.pools import Pools
from jutong.search import feed
from jutong.search.index import COLUMNS, Index
from jutong.terms import Actor, BodyKind, Duty, Org, house_of
from jutong.web.console.door import session_cookie

AUTHORITY, PROVIDER, CONSUMER = "11500000MB1000010R", "11500000MB20000201", "11500000MB30000308"
ENTRIES, WRITERS, CHANGES = 1_000_000, 200, 5
SHARED, ATTEMPTS = 40, 6
PEOPLE: Mapping[str, tuple[str, frozenset[Duty]]] = {
    "officer": (PROVIDER, frozenset({Duty.CATALOGUE})),
    "asker": (CONSUMER, frozenset({Duty.REQUESTS})),
    "auditor": (AUTHORITY, frozenset({Duty.REGISTER_AUDIT})),
}
P95_MS = 300
MODELS, BODIES, OF_PROVIDER = 5_000, 40, 5
STAGES = (*[catalogue.Stage.PUBLISHED] * 45, catalogue.Stage.DRAFT, catalogue.Stage.SIGNED, catalogue.Stage.SUBMITTED)
TOPICS = ("经营主体", "不动产", "社会保险", "医疗机构", "道路运输", "学籍")
NOWHERE = Pools(lake=None, engine=None, lookup=None, ranges=None, vault=None)  # type: ignore[arg-type]


def run(*, rows: int = ENTRIES, writers: int = WRITERS) -> dict[str, Any]:
    """Let officers write at the same time on both databases, then ask a full node for its lists."""
    figures: dict[str, Any] = {"entries": rows, "writers": writers}
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        lost += _storm(figures, "sqlite", f"sqlite:///{folder}/storm.db", writers)
    if (programs := binaries()) is not None:
        with postgres_server(programs) as url:
            lost += _storm(figures, "postgresql", url.replace("postgresql://", "postgresql+psycopg://"), writers)
    with tempfile.TemporaryDirectory() as folder:
        slowest = _pages(figures, Path(folder), rows)
    return {
        "name": "catalogue",
        "figures": figures,
        "reach": [
            {"what": "updates lost or failed among writers", "value": lost, "target": 0, "holds": lost == 0},
            {"what": "slowest page, p95 in ms", "value": slowest, "target": P95_MS, "holds": slowest < P95_MS},
        ],
    }


# Writers -----------------------------------------------------------------------------------------------------------


def _storm(figures: dict[str, Any], name: str, url: str, writers: int) -> int:
    """Let every writer change shared entries a few times; return how many updates were lost or failed in the end.

    Each adds an item of its own to what it reads under the entry's hold, so a lost update is an item that is missing.
    Whoever is told that the database is busy tries again, as a person would.
    """
    engine = connect(url)
    migrate(engine)
    house = house_of(AUTHORITY)
    with open_desk(engine, house, datetime.now(UTC), NOWHERE) as desk:
        registers.seed_standards(desk)
        registers.register_body(desk, Org(code=AUTHORITY, name="主管部门", division="500000", kind=BodyKind.AUTHORITY))
        registers.register_body(desk, Org(code=PROVIDER, name="单位", division="500000"))
    officer = Actor(id="officer", org=PROVIDER, duties=frozenset({Duty.CATALOGUE}))
    sheet = catalogue.template("enterprise_register", PROVIDER)
    shared = []
    for place in range(SHARED):
        with open_desk(engine, officer, datetime.now(UTC), NOWHERE) as desk:
            shared.append(catalogue.draft(desk, replace(sheet, service=f"s-{place}")).id)
    failed: list[str] = []
    busy: list[str] = []

    def write(number: int) -> None:
        for change in range(CHANGES):
            for attempt in range(ATTEMPTS):
                try:
                    _add_item(engine, officer, shared[(number + change) % SHARED], f"w{number}_{change}")
                except Unavailable as error:
                    (failed if attempt == ATTEMPTS - 1 else busy).append(f"{type(error).__name__}: {error}")
                except (Refused, sa.exc.SQLAlchemyError) as error:
                    failed.append(f"{type(error).__name__}: {error}")
                    break
                else:
                    break

    started = time.perf_counter()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    with connection(engine) as db:
        held = {item.name for one in shared for item in catalogue.find(db, one).items}
    kept = sum(f"w{number}_{change}" in held for number in range(writers) for change in range(CHANGES))
    figures[f"{name}: updates"] = writers * CHANGES
    figures[f"{name}: kept"] = kept
    figures[f"{name}: failed"] = len(failed)
    figures[f"{name}: told to wait and done again"] = len(busy)
    figures[f"{name}: lost without a word"] = writers * CHANGES - kept - len(failed)
    figures[f"{name}: updates a second"] = writers * CHANGES / took
    if failed:
        figures[f"{name}: first failure"] = failed[0][:200]
    engine.dispose()
    return writers * CHANGES - kept


def _add_item(engine: sa.Engine, officer: Actor, entry_id: str, name: str) -> None:
    with open_desk(engine, officer, datetime.now(UTC), NOWHERE) as desk:
        entry = catalogue.visible_to(desk.db, entry_id, officer, hold=True)
        item = replace(entry.items[-1], name=name, title=name, key=False)
        catalogue.draft(desk, replace(entry, items=(*entry.items, item)))


# Pages -------------------------------------------------------------------------------------------------------------


def _pages(figures: dict[str, Any], folder: Path, rows: int) -> float:
    house = make_home(folder / "home", name="bench", body=AUTHORITY, division="500000", port=free_port())
    started = time.perf_counter()
    found = _filled(house, rows)
    _indexed(house, rows)
    figures["filling_seconds"] = time.perf_counter() - started
    figures["database_mib"] = sum(one.stat().st_size for one in (folder / "home").rglob("*.db*")) >> 20
    with house.reading() as db:
        search = Search(limit=1, descending=True)
        place = catalogue.summaries(db, None, replace(search, after=(found["middle"], "0")))[0].place(search.order)
    # Where a reader stands who paged to the middle of the list: places of all three orders, of which one is asked.
    cursor = base64.urlsafe_b64encode(json.dumps([*place, "", "", "", ""]).encode()).decode().rstrip("=")
    pages = {
        "own entries": ("/entries", "officer"),
        "all entries by change": ("/entries/all", "asker"),
        "all entries by title": ("/entries/all?sort=title", "asker"),
        "middle of all entries": (f"/entries/all?sort=-changed&after={cursor}", "asker"),
        "filtered by share type and stage": ("/entries/all?share=conditional&stage=published", "asker"),
        "filtered by a word of many": (f"/entries/all?title={quote('医疗机构')}", "asker"),
        "filtered by a word of one": (f"/entries/all?title={quote('独一无二')}", "asker"),
        "filtered by a word of none": (f"/entries/all?title={quote('甲乙丙丁')}", "asker"),
        "audits": ("/audits", "auditor"),
        "negative list": ("/negative-list", "asker"),
        "catalogue list of a body": (f"/catalogue-list/{PROVIDER}", "asker"),
        "versions side by side": (f"/entries/{found['entry']}/versions", "officer"),
        "search for one": (f"/catalogue?q={quote('独一无二的目录')}", "asker"),
        "search for a sixth of all": (f"/catalogue?q={quote('医疗机构')}", "asker"),
        "search for a third of all": (f"/catalogue?q={quote('医疗机构或道路运输')}", "asker"),
        "search for nothing": (f"/catalogue?q={quote('珊瑚礁')}", "asker"),
        "public catalogue": ("/catalogue", "asker"),
        "first page": ("/", "asker"),
    }
    slowest = 0.0
    with served(house.home.folder, workers=1, core=0):
        for name, (path, person) in pages.items():
            seat = f"{session_cookie(house.home.settings.name)}={found[person]}"
            took, _ = asked(house.home.settings.port, path, seat, warm=5, times=60)
            figures[f"{name}: p50 ms"] = quantile(took, 50)
            figures[f"{name}: p95 ms"] = quantile(took, 95)
            slowest = max(slowest, quantile(took, 95))
    return slowest


def _filled(house: House, rows: int) -> dict[str, str]:
    """Fill a node: a few hundred sheets are written out, and the database multiplies them."""
    now = house.clock()
    with house.desk(house.itself) as desk:
        for code, kind in (
            (AUTHORITY, BodyKind.AUTHORITY),
            (PROVIDER, BodyKind.DEPARTMENT),
            (CONSUMER, BodyKind.DEPARTMENT),
            *((code_of(place), BodyKind.DEPARTMENT) for place in range(BODIES)),
        ):
            registers.register_body(desk, Org(code=code, name=f"单位{code[-4:]}", division="500000", kind=kind))
    found = {account: signed_in(house, account, body, duties, now) for account, (body, duties) in PEOPLE.items()}
    sheet = catalogue.template("enterprise_register", PROVIDER)
    sheet = replace(
        sheet, items=sheet.items[:3], region_item="", secrecy_assessed=True, impact_assessed=True, abstract=""
    )
    models = [_model(sheet, place, now) for place in range(MODELS)]
    for index in entries.version.indexes:
        index.drop(house.engine)
    with transaction(house.engine) as db:
        db.execute(entries.version.insert(), [version_row(one) for one in models])
        db.execute(entries.head.insert(), [head_row(one) for one in models])
    with transaction(house.engine) as db:
        for start in range(1, -(-rows // MODELS)):
            db.exec_driver_sql(_copies(), {"start": start * MODELS, "models": f"01JZ{MODELS:022d}"})
            db.exec_driver_sql(_heads(), {"start": start * MODELS, "models": f"01JZ{MODELS:022d}"})
    for index in entries.version.indexes:
        index.create(house.engine)
    with transaction(house.engine) as db:
        db.exec_driver_sql("ANALYZE")
    found["entry"] = _in_two_versions(house, sheet)
    found["middle"] = (now - timedelta(seconds=rows // 2)).astimezone(UTC).isoformat(timespec="microseconds")
    return found


def _model(sheet: Entry, place: int, now: datetime) -> Entry:
    stage = STAGES[place // OF_PROVIDER % len(STAGES)]
    provider = PROVIDER if place % OF_PROVIDER == 0 else code_of(place % BODIES)
    one = an_entry(sheet, place, provider, stage, now)
    share = list(ShareType)[place % 3] if place % 50 == 1 else ShareType.CONDITIONAL
    return replace(
        one,
        id=f"01JZ{place:022d}",
        title=f"{TOPICS[place % len(TOPICS)]}{place:03d}号目录",
        terms=replace(one.terms, share_type=share),
    )


def _copies() -> str:
    """Return the statement that copies every model once, with a number, a place and an hour of its own."""
    kept = [one.name for one in entries.version.columns]
    own = {
        "id": "'01JZ' || printf('%022d', :start + cast(substr(id, 5) as integer))",
        "title": "title || :start",
        "title_order": "title_order || lower(hex(cast(:start as text)))",
        "changed": "strftime('%Y-%m-%dT%H:%M:%f000+00:00', substr(changed, 1, 23), '-' || :start || ' seconds')",
        "body": "replace(body, id, '01JZ' || printf('%022d', :start + cast(substr(id, 5) as integer)))",
    }
    return (
        f"INSERT INTO catalogue_version ({', '.join(kept)}) SELECT {', '.join(own.get(one, one) for one in kept)}"
        " FROM catalogue_version WHERE id < :models"
    )


def _heads() -> str:
    kept = [one.name for one in entries.head.columns]
    own = {
        "id": "'01JZ' || printf('%022d', :start + cast(substr(id, 5) as integer))",
        "service": "service || '-' || :start",
    }
    return (
        f"INSERT INTO catalogue_entry ({', '.join(kept)}) SELECT {', '.join(own.get(one, one) for one in kept)}"
        " FROM catalogue_entry WHERE id < :models"
    )


def _indexed(house: House, rows: int) -> None:
    """Index the models and one entry as the product does, and let the database multiply what stands in the index."""
    with house.reading() as db:
        place = ledger.newest_place(db)
        ids = [*db.execute(sa.select(entries.head.c.id).where(entries.head.c.id < f"01JZ{MODELS:022d}")).scalars()]
        ids += db.execute(sa.select(entries.head.c.id).where(entries.head.c.service == "only-one")).scalars()
        folder = house.home.folder / feed.FOLDER
        folder.mkdir()
        index = Index(folder / "bench.sqlite", writing=True)
        index.prepare()
        index.fill(feed.records(db, catalogue.showings(db, ids=ids), {}), place=place)
        models = index.size
        index.close()
    with closing(sqlite3.connect(folder / "bench.sqlite")) as made:
        told = [one for _, one, *_ in made.execute("PRAGMA table_info (doc)") if one != "number"]
        own = {"entry": "'01JZ' || printf('%022d', :start + cast(substr(entry, 5) as integer))"}
        copied, columns = ", ".join(own.get(one, one) for one in told), ", ".join(f"text.{one}" for one in COLUMNS)
        of_models = f"number <= {models} AND entry < :models"
        for start in range(1, -(-rows // MODELS)):
            given = {"start": start * MODELS, "models": f"01JZ{MODELS:022d}", "there": start * models}
            made.execute(
                f"INSERT INTO doc (number, {', '.join(told)}) SELECT number + :there, {copied} FROM doc"
                f" WHERE {of_models}",
                given,
            )
            made.execute(
                f"INSERT INTO text (rowid, {', '.join(COLUMNS)}) SELECT text.rowid + :there, {columns} FROM text"
                f" JOIN doc ON number = text.rowid WHERE {of_models}",
                {"there": given["there"], "models": given["models"]},
            )
        made.execute("UPDATE word SET records = records * ?", (-(-rows // MODELS),))
        made.execute("INSERT INTO text (text) VALUES ('optimize')")
        made.commit()
    (folder / feed.CURRENT).write_text("bench.sqlite", "utf-8")


def _in_two_versions(house: House, sheet: Entry) -> str:
    """Publish an entry of its own, whose title stands nowhere else, and begin its next version."""
    wanted = replace(sheet, title="独一无二的目录", service="only-one")
    officer = Actor(id="o", org=PROVIDER, duties=frozenset({Duty.CATALOGUE, Duty.DEPARTMENT_HEAD}))
    first = Actor(id="a", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT}))
    second = Actor(id="b", org=AUTHORITY, duties=frozenset({Duty.PUBLISH_AUDIT}))
    with house.desk(officer) as desk:
        entry = catalogue.draft(desk, wanted)
        catalogue.sign(desk, entry.id)
        catalogue.submit(desk, entry.id)
    with house.desk(first) as desk:
        catalogue.audit_registration(desk, entry.id)
    with house.desk(second) as desk:
        published = catalogue.audit_publication(desk, entry.id)
    with house.desk(officer) as desk:
        catalogue.draft(desk, replace(published, items=published.items[:2], abstract="改"))
    return entry.id
