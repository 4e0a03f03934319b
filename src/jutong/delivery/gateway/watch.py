"""Keeps the gateway's board true to the control database, which no call ever asks."""

from __future__ import annotations

import logging
import time
from datetime import date, datetime

import sqlalchemy as sa

from jutong import catalogue, registers, sharing
from jutong.catalogue import Entry
from jutong.kernel.clock import Clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import Db, connection
from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.kernel.text import text
from jutong.registers import System
from jutong.sharing import Agreement

from .. import policies, store
from ..board import FOREVER, Board, Client, ClientKey, ClientSecret, board_of
from ..dialects import SharedSecret, live_secrets, sealing_of, secrets_epoch
from ..listing.clause import Prepared, prepared
from ..listing.listing import Listing
from ..listing.store import live_listings
from ..listing.store import openings as listing_openings
from ..plan import Plan, compile
from ..proxy import Offer, Proxy, live_proxies, offer_of, service_at
from ..proxy import openings as proxy_openings
from ..proxy.store import live_marks
from ..ruling import InForce
from ..secrecy import node_secret
from ..service import Service

log = logging.getLogger(__name__)
POLL_SECONDS = 0.2  # a right that was taken away is gone within a second
_WIDER_EVERY = 4  # polls; services are looked at this often
_ENTRIES_EVERY = 40  # wider looks; finds entries that changed without a change of rights


class Watch:
    """Reads what changed and makes the board anew; for one thread at a time."""

    def __init__(self, engine: sa.Engine, key: SigningKey, clock: Clock, *, sm2_from: str = "") -> None:
        self._engine, self._secret, self._clock = engine, node_secret(key), clock
        self._sealing, self._sm2_from = sealing_of(key), sm2_from
        self._round = self._wide_round = 0
        self._epoch = 0
        self._callers_epoch: object = None
        self._agreements: dict[str, Agreement] = {}
        self._clients: tuple[Client, ...] = ()
        self._services: tuple[Service, ...] = ()
        self._listings: tuple[Listing, ...] = ()
        self._openings: frozenset[tuple[str, str]] = frozenset()
        self._prepared: tuple[Prepared, ...] = ()
        self._proxies: tuple[Proxy, ...] = ()
        self._marks: frozenset[tuple[str, datetime | None]] = frozenset()
        self._offered: frozenset[tuple[str, str]] = frozenset()
        self._offers: tuple[Offer, ...] = ()
        self._entries: dict[str, Entry] = {}
        self._plans: dict[str, Plan] = {}
        self._policies: tuple[InForce, ...] = ()
        self._policies_of: tuple[int, date] | None = None  # epoch and legal day
        self.read_at = 0.0  # by the steady clock of the machine

    def look(self, today: date) -> Board | None:
        """Return a new board if anything changed by the legal day ``today``.

        A database that does not answer is ``Unavailable``.
        """
        wider, self._round = self._round % _WIDER_EVERY == 0, self._round + 1
        started = time.monotonic()
        with connection(self._engine) as db:
            try:
                # A service before the agreements: its opening and the note of its delivery are one transaction, so
                # whoever knows the service then reads that it was delivered.
                changed = wider and self._services_changed(db)
                changed = self._callers_changed(db) or changed
                changed = self._policies_changed(db, today) or changed
                changed = self._agreements_changed(db) or changed
                if changed:
                    self._compile(db)
            except sa.exc.DBAPIError as error:
                raise Unavailable(text("the control database does not answer")) from error
        self.read_at = started
        return self._board() if changed else None

    def _agreements_changed(self, db: Db) -> bool:
        epoch = sharing.agreements_epoch(db)
        if epoch == self._epoch:
            return False
        for agreement in sharing.agreements_changed(db, after=self._epoch):
            self._agreements[agreement.id] = agreement
            self._plans.pop(agreement.id, None)
            self._epoch = max(self._epoch, agreement.epoch)
        return True

    def _policies_changed(self, db: Db, today: date) -> bool:
        mark = policies.epoch(db), today
        if mark == self._policies_of:
            return False
        before, self._policies = self._policies, policies.in_force(db, today)
        self._policies_of = mark
        if before == self._policies:
            return False
        self._plans.clear()
        return True

    def _callers_changed(self, db: Db) -> bool:
        # A key that was stolen must not count for a second more, so this little question is asked at every poll.
        epoch = (registers.systems_epoch(db), secrets_epoch(db))
        if epoch == self._callers_epoch:
            return False
        now = self._clock()
        held: dict[str, list[SharedSecret]] = {}
        for one in live_secrets(db, now):
            held.setdefault(one.system, []).append(one)
        clients = [self._client(system, held.get(str(system.name), []), now) for system in registers.systems(db)]
        self._clients = tuple(one for one in clients if one.keys or one.secrets)
        self._callers_epoch = epoch
        return True

    def _client(self, system: System, secrets: list[SharedSecret], now: datetime) -> Client:
        keys = tuple(
            ClientKey(one.key, str(one.key), int(one.until.timestamp()) if one.until else FOREVER)
            for one in system.counting(now)
        )
        opened = []
        for one in secrets:
            try:
                letters = one.opened(self._sealing)
            except Unavailable as error:
                log.warning("calls by the shared secret %s are refused: %s", one.id, error)
                continue
            opened.append(ClientSecret(one.profile, letters, int(one.expires.timestamp())))
        return Client(str(system.name), system.body, keys, tuple(opened))

    def _services_changed(self, db: Db) -> bool:
        services, listings, openings = store.services(db), live_listings(db), listing_openings(db)
        marks, offered = live_marks(db), proxy_openings(db)
        if marks != self._marks:
            # A declaration never changes and can be large: they are read where one came, went or has a new secret.
            self._proxies = live_proxies(db)
        services += self._bare_services(db, services)
        self._wide_round += 1
        if services != self._services or self._wide_round % _ENTRIES_EVERY == 0:
            self._entries.clear()
            self._plans.clear()
        elif (listings, openings, marks, offered) == (self._listings, self._openings, self._marks, self._offered):
            return False
        self._marks, self._offered = marks, offered
        self._services, self._listings, self._openings = services, listings, openings
        return True

    def _bare_services(self, db: Db, services: tuple[Service, ...]) -> tuple[Service, ...]:
        """Return the services of entries that have no rows here: what is asked of them, their departments answer."""
        bare = {one.entry for one in self._proxies} - {one.entry for one in services}
        return tuple(service_at(db, catalogue.find(db, entry)) for entry in sorted(bare))

    def _compile(self, db: Db) -> None:
        for agreement in self._agreements.values():
            if agreement.id not in self._plans:
                try:
                    entry = self._entries.get(agreement.entry) or catalogue.find(db, agreement.entry)
                except NotFound:
                    continue
                self._entries[agreement.entry] = entry
                self._plans[agreement.id] = compile(
                    agreement, entry, secret=self._secret, policies=self._policies, sm2_from=self._sm2_from
                )
        self._prepared = tuple(one for listing in self._listings if (one := self._ready(listing)))
        self._offers = tuple(
            offer_of(one, self._entries[one.entry]) for one in self._proxies if one.entry in self._entries
        )

    def _ready(self, listing: Listing) -> Prepared | None:
        """Return a declared service as it is asked; one that fits its entry no longer is not answered."""
        entry = self._entries.get(listing.entry)
        try:
            return None if entry is None else prepared(listing, entry)
        except Invalid:
            return None

    def _board(self) -> Board:
        plans = self._plans.values()
        return board_of(
            self._epoch,
            self._clients,
            self._services,
            plans,
            self._prepared,
            self._openings,
            self._offers,
            self._offered,
        )
