"""Keeps the gateway's board true to the control database, which no call ever asks."""

from __future__ import annotations

import hashlib
import time

import sqlalchemy as sa

from jutong import catalogue, registers, sharing
from jutong.catalogue import Entry
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import Db, connection
from jutong.kernel.errors import NotFound, Unavailable
from jutong.kernel.text import text
from jutong.registers import System
from jutong.sharing import Agreement

from .. import store
from ..board import Board, Client, board_of
from ..plan import Plan, compile
from ..service import Service

POLL_SECONDS = 0.2  # a right that was taken away is gone within a second
_WIDER_EVERY = 4  # polls; systems, their keys and services are looked at this often
_ENTRIES_EVERY = 40  # wider looks; finds entries that changed without a change of rights


def node_secret(key: SigningKey) -> bytes:
    """Return the secret under which this node makes pseudonyms: derived from its key, used for nothing else."""
    return hashlib.sha256(key.sign(b"jutong delivery: secret for pseudonyms, version 1")).digest()


class Watch:
    """Reads what changed and makes the board anew; for one thread at a time."""

    def __init__(self, engine: sa.Engine, secret: bytes, *, sm2_from: str = "") -> None:
        self._engine, self._secret, self._sm2_from = engine, secret, sm2_from
        self._round = self._wide_round = 0
        self._epoch = 0
        self._agreements: dict[str, Agreement] = {}
        self._systems: tuple[System, ...] = ()
        self._services: tuple[Service, ...] = ()
        self._entries: dict[str, Entry] = {}
        self._plans: dict[str, Plan] = {}
        self.read_at = 0.0  # by the steady clock of the machine

    def look(self) -> Board | None:
        """Return a new board if anything changed; a database that does not answer is ``Unavailable``."""
        wider, self._round = self._round % _WIDER_EVERY == 0, self._round + 1
        started = time.monotonic()
        with connection(self._engine) as db:
            try:
                # A service before the agreements: its opening and the note of its delivery are one transaction, so
                # whoever knows the service then reads that it was delivered.
                changed = wider and self._others_changed(db)
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

    def _others_changed(self, db: Db) -> bool:
        systems, services = registers.systems(db), store.services(db)
        self._wide_round += 1
        if services != self._services or self._wide_round % _ENTRIES_EVERY == 0:
            self._entries.clear()
            self._plans.clear()
        elif systems == self._systems:
            return False
        self._systems, self._services = systems, services
        return True

    def _compile(self, db: Db) -> None:
        for agreement in self._agreements.values():
            if agreement.id not in self._plans:
                try:
                    entry = self._entries.get(agreement.entry) or catalogue.find(db, agreement.entry)
                except NotFound:
                    continue
                self._entries[agreement.entry] = entry
                self._plans[agreement.id] = compile(agreement, entry, secret=self._secret, sm2_from=self._sm2_from)

    def _board(self) -> Board:
        clients = [
            Client(str(system.name), system.body, system.key, str(system.key))
            for system in self._systems
            if system.key is not None
        ]
        return board_of(self._epoch, clients, self._services, self._plans.values())
