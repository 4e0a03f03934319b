"""Requests for erasure shown to those who may see them; they name nobody, so that reading them leaves no line."""

from __future__ import annotations

from jutong import guard, registers
from jutong.kernel.db import Db
from jutong.terms import Actor

from . import store
from .erasure import Erasure


def list_erasures(
    db: Db, actor: Actor, *, phase: str = "", after: str = "", descending: bool = True, limit: int = 200
) -> tuple[Erasure, ...]:
    """List the requests for erasure, of one phase or of any, newest first; page on from the last one's identifier."""
    _check(db, actor)
    return store.erasures(db, phase=phase, after=after, descending=descending, limit=limit)


def find_erasure(db: Db, actor: Actor, erasure_id: str) -> Erasure:
    """Return one request for erasure and what came of it."""
    _check(db, actor)
    return store.find_erasure(db, erasure_id)


def _check(db: Db, actor: Actor) -> None:
    guard.decide(actor, "pages.erasures", guard.Label(owner="", parties=registers.authorities(db)))
