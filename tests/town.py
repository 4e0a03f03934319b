"""A small town for tests: an authority, two departments, one published entry, and a clock that can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa

from jutong import catalogue, ledger, registers, sharing
from jutong.catalogue import Entry, Purpose
from jutong.desk import Desk, open_desk
from jutong.guard.grades import Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import connect, metadata, transaction
from jutong.ledger import Evidence
from jutong.ledger import store as ledger_store
from jutong.pools import Pools, open_pools
from jutong.sharing import Wish
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of

AUTHORITY = "11500000MB1000010R"  # made for tests: sound check digits, no body of this country
MARKET = "11500000MB20000201"
SOCIAL = "11500000MB30000308"
STRANGER = "11500000MB4000040F"


Changed = Callable[[Entry], Entry]
Poured = Callable[[Pools], Pools]


@dataclass
class Town:
    """Everything on one node, in one SQLite file."""

    engine: sa.Engine
    pools: Pools
    now: datetime
    entry: str = ""
    systems: tuple[str, ...] = ()

    def on(self, day: date) -> Town:
        """Set the clock to ten in the morning of a day."""
        self.now = datetime.combine(day, time(10), LEGAL_TIME).astimezone(UTC)
        return self

    @contextmanager
    def desk(self, actor: Actor) -> Iterator[Desk]:
        """Open a desk; each is a second later than the one before."""
        self.now += timedelta(seconds=1)
        with open_desk(self.engine, actor, self.now, self.pools) as desk:
            yield desk

    def lines(self, act: str = "") -> list[Evidence]:
        """Return the evidence of the room or act, oldest first."""
        with transaction(self.engine) as db:
            leaves = db.execute(sa.select(ledger_store.evidence.c.leaf).order_by(ledger_store.evidence.c.seq)).scalars()
            return [line for line in map(Evidence.of_leaf, leaves) if line.act.startswith(act)]

    def sequence(self) -> None:
        """Give every waiting line its place, in order."""
        with transaction(self.engine) as db:
            db.execute(sa.update(ledger_store.evidence).values(place=ledger_store.evidence.c.seq - 1))

    def placed(self) -> list[tuple[int, Evidence]]:
        """Return the log."""
        self.sequence()
        with transaction(self.engine) as db:
            return list(ledger.read(db, limit=100_000))


def officer(body: str, *duties: Duty, cleared: Grade = Grade.L4) -> Actor:
    """Return somebody in a post of a body."""
    return Actor(id=f"{body[-4:]}-{'-'.join(sorted(duties))}", org=body, duties=frozenset(duties), cleared=cleared)


HOUSE = house_of(AUTHORITY)
OVERSEER = officer(AUTHORITY, Duty.OVERSIGHT)
ASKING = officer(SOCIAL, Duty.REQUESTS)
ASKING_HEAD = officer(SOCIAL, Duty.OFFICE_HEAD)
ANSWERING = officer(MARKET, Duty.ANSWERS)
ANSWERING_HEAD = officer(MARKET, Duty.OFFICE_HEAD)


def a_town(
    folder: Path, *, url: str = "", changed: Changed = lambda entry: entry, pools: Poured = lambda pools: pools
) -> Town:
    """Build the town with its entry, as ``changed``, published on 2025-08-04."""
    engine = connect(url or f"sqlite:///{folder}/control.db")
    with engine.begin() as db:
        metadata.create_all(db)
    opened = open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")
    town = Town(engine, pools(opened), datetime.now(UTC))
    town.on(date(2025, 8, 4))
    with town.desk(HOUSE) as desk:
        registers.seed_standards(desk)
        for code, name, kind in (
            (AUTHORITY, "重庆市大数据应用发展管理局", BodyKind.AUTHORITY),
            (MARKET, "重庆市市场监督管理局", BodyKind.DEPARTMENT),
            (SOCIAL, "重庆市人力资源和社会保障局", BodyKind.DEPARTMENT),
        ):
            registers.register_body(desk, Org(code=code, name=name, division="500000", kind=kind))
        town.systems = (str(registers.register_system(desk, SOCIAL, "benefits", "失业保险").name),)
    _publish(town, changed)
    return town


def _publish(town: Town, changed: Changed) -> None:
    wanted = changed(catalogue.template("enterprise_register", MARKET))
    with town.desk(officer(MARKET, Duty.CATALOGUE)) as desk:
        entry = catalogue.draft(desk, replace(wanted, secrecy_assessed=True, impact_assessed=True))
    with town.desk(officer(MARKET, Duty.DEPARTMENT_HEAD)) as desk:
        catalogue.sign(desk, entry.id)
        catalogue.submit(desk, entry.id)
    with town.desk(officer(AUTHORITY, Duty.REGISTER_AUDIT)) as desk:
        catalogue.audit_registration(desk, entry.id)
    with town.desk(officer(AUTHORITY, Duty.PUBLISH_AUDIT)) as desk:
        catalogue.audit_publication(desk, entry.id)
    town.entry = entry.id


def a_wish(town: Town, **changes: object) -> Wish:
    """Return a wish that the entry can answer; its items make it a conditional one."""
    wish = Wish(
        entry=town.entry,
        items=("name", "uscc", "capital", "address"),
        purposes=(Purpose.SOCIAL_SECURITY,),
        legal_basis="失业保险条例第十七条",
        scenario="核验申领失业保险金人员的原单位",
        scope="本市登记的企业",
        methods=frozenset({Method.QUERY, Method.VERIFY}),
        systems=town.systems,
        starts=date(2025, 9, 1),
        ends=date(2027, 8, 31),
        quota_per_day=10_000,
    )
    return replace(wish, **changes)  # type: ignore[arg-type]


def submitted(town: Town, day: date, **changes: object) -> str:
    """Let the consumer ask on a day, and return the request's identifier."""
    town.on(day)
    with town.desk(ASKING) as desk:
        request = sharing.draft_request(desk, a_wish(town, **changes))
    with town.desk(ASKING_HEAD) as desk:
        sharing.sign_request(desk, request.id)
        sharing.submit_request(desk, request.id)
    return request.id
