"""A desk: one actor, one instant, one transaction; every act asks the guard and leaves one line of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from jutong import guard, ledger
from jutong.kernel.canon import Fact
from jutong.kernel.clock import LEGAL_TIME, Clock, system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import Db, Transaction, connect, connection
from jutong.kernel.errors import NotAllowed, Unavailable
from jutong.kernel.httpsig import SM2, Signs
from jutong.kernel.ids import ulid
from jutong.kernel.keys import load_key, load_sm2_key
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.settings import Home
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.suite import Suite
from jutong.kernel.text import text
from jutong.kernel.vault import Vault
from jutong.pools import Pools, open_pools
from jutong.terms import Actor, house_of

Reading = Db  # a connection that is lent for looking things up: faces name it so, and know nothing else of it

# How far a clock may be behind the newest evidence before acts are refused; less is smoothed over.
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(slots=True)
class Desk:
    """What an act is given; it needs nothing else from the world."""

    db: Db
    actor: Actor
    now: datetime
    pools: Pools
    _work: Transaction
    left: list[tuple[str, str]] = field(default_factory=list)  # word and identifier of each line of evidence
    _permits: list[guard.Permit] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day by legal time (UTC+8): statutory days begin and end by it."""
        return self.now.astimezone(LEGAL_TIME).date()

    def new_id(self) -> str:
        """Return a new identifier."""
        return ulid(self.now)

    def allow(self, act: str, label: guard.Label) -> guard.Permit:
        """Ask the guard; refusal leaves through ``NotAllowed``."""
        permit = guard.decide(self.actor, act, label)
        self._permits.append(permit)
        return permit

    def record(self, act: str, *, on: str, **facts: Fact) -> str:
        """Leave the act's line in this very transaction and return the line's identifier."""
        if not self._permits:
            raise AssertionError(f"{act} is recorded, but nobody asked the guard")
        if self.actor.lent_by:
            facts["lent_by"] = self.actor.lent_by  # who signs for whom: both answer for it
        line = ledger.Evidence(
            id=ulid(self.now), act=act, actor=self.actor.id, org=self.actor.org, on=on, at=self.now, facts=facts
        )
        self.left.append((act, line.id))
        return ledger.append(self.db, line)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let go of the database while long work is done; only before anything was recorded.

        What the act read before may have changed when the block ends: read again what the decision rests on.
        """
        if self.left:
            raise AssertionError("the transaction already holds evidence; do the long work first")
        self._work.rollback()
        try:
            yield
        finally:
            self._work.begin()


@contextmanager
def open_desk(engine: sa.Engine, actor: Actor, now: datetime, pools: Pools) -> Iterator[Desk]:
    """Sit down, act, get up: all is kept, or nothing is; a denial by the guard leaves a line of its own."""
    with connection(engine) as db:
        work = Transaction(db)
        work.begin()
        desk = Desk(db, actor, now, pools, work)
        try:
            yield desk
        except BaseException as error:
            work.rollback()
            if isinstance(error, NotAllowed):
                work.begin()
                _leave_denial(desk, error)
                work.commit()
            raise
        work.commit()


def _leave_denial(desk: Desk, error: NotAllowed) -> None:
    line = ledger.Evidence(
        id=desk.new_id(),
        act="guard.denied",
        actor=desk.actor.id,
        org=desk.actor.org,
        on=desk.actor.id,
        at=desk.now,
        facts={"code": error.code, "reason": error.reason.template},
    )
    ledger.append(desk.db, line)


@dataclass(frozen=True, slots=True)
class House:
    """One node at work: its home, control database, pools, log, keys and clock.

    ``sm2`` signs beside ``key`` what others keep, where the node's suite is ``sm``; else there is none.
    """

    home: Home
    engine: sa.Engine
    pools: Pools
    log: ledger.Log
    key: SigningKey
    clock: Clock
    sm2: Sm2SigningKey | None = None

    @property
    def itself(self) -> Actor:
        """The node as an actor: what follows from an act is done in its name."""
        return house_of(self.home.settings.body)

    def now(self) -> datetime:
        """Return the present instant; never before the newest evidence, because a ledger does not run backwards."""
        now = self.clock()
        with connection(self.engine) as db:
            newest = ledger.newest_instant(db)
        if newest is None or newest <= now:
            return now
        if newest - now > CLOCK_TOLERANCE:
            raise Unavailable(
                text(
                    "this node's clock is {seconds} seconds behind its own ledger",
                    seconds=int((newest - now).total_seconds()),
                ),
                basis=text("evidence is kept in the order of time"),
                remedy=text("set the node's clock (NTP), then repeat the act"),
            )
        return newest

    def signs_for(self, known: AnyPublicKey | None) -> Signs:
        """Return the key by which this node signs for the holder of a key: of its family, where the suite is ``sm``."""
        return self.sm2 if self.sm2 is not None and known is not None and known.alg == SM2 else self.key

    def reading(self) -> AbstractContextManager[Db]:
        """Lend a connection for looking things up; nothing can be acted on with it."""
        return connection(self.engine)

    @contextmanager
    def desk(self, actor: Actor) -> Iterator[Desk]:
        """Open a desk for one act of ``actor``."""
        with open_desk(self.engine, actor, self.now(), self.pools) as desk:
            yield desk


def open_house(folder: Path, *, clock: Clock = system_clock) -> House:
    """Open the home in ``folder``; its database must stand at the newest revision (``jutong migrate``)."""
    home = Home.open(folder)
    settings = home.settings
    key = load_key(home.key)
    sm2 = load_sm2_key(home.sm2_key) if settings.crypto.suite is Suite.SM else None
    return House(
        home=home,
        engine=connect(home.database),
        pools=open_pools(
            home.lake,
            settings.lake_options,
            settings.engine,
            settings.lookup,
            home.serving,
            engine_megabytes=settings.engine_megabytes,
            vault=Vault(home.vault, settings.crypto.suite),
        ),
        log=ledger.Log(home.ledger, origin=settings.name, key=key, sm2=sm2),
        key=key,
        clock=clock,
        sm2=sm2,
    )
