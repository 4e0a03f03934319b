"""What is done with packages: kept as they come, landed in their order, stopped at a fault, left out by a person."""

from __future__ import annotations

from dataclasses import replace

from jutong import catalogue
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import Refused, TooMuch
from jutong.kernel.text import text

from .. import store as batches
from ..flow import Progress
from ..landing import landed
from ..source import Source
from . import store
from .package import WAITING_MOST, Head, Package, Stage


def take_medium(desk: Desk, files: int) -> None:
    """Let somebody carry a medium's packages into this node; what is in them is their senders' affair."""
    desk.allow("collection.take_packages", Label(owner=desk.actor.org))
    desk.record("collection.medium_taken", on=desk.actor.id, files=files)


def turn_away(desk: Desk, digest: str, error: Refused) -> None:
    """Leave on record that something on a medium was no package for this node."""
    desk.allow("collection.take_packages", Label(owner=desk.actor.org))
    desk.record("collection.package_turned_away", on=desk.actor.id, content=digest, code=error.code)


def receive(desk: Desk, head: Head, *, digest: str, size: int) -> Package:
    """Keep a package whose bytes lie in the home; the same one again is the same."""
    # To a system that may not see the entry, not even that it is there.
    entry = catalogue.visible_to(desk.db, head.entry, desk.actor)
    desk.allow("collection.push", entry.label)
    known = store.standing_package(desk.db, head.id)
    if known is not None:
        return known.being(digest)
    if store.waiting_count(desk.db, head.system, head.entry) >= WAITING_MOST:
        raise TooMuch(
            text("{limit} packages of {system} wait for an earlier one", limit=WAITING_MOST, system=head.system),
            remedy=text("bring the package that is missing first"),
        )
    package = Package(
        id=head.id,
        system=head.system,
        provider=catalogue.find(desk.db, head.entry).provider,
        entry=head.entry,
        number=head.number,
        previous=head.previous,
        digest=digest,
        size=size,
        came=desk.now,
    )
    store.save_package(desk.db, package)
    desk.record(
        "collection.package_came",
        on=package.id,
        content=digest,
        entry=package.entry,
        number=package.number,
        provider=package.provider,
        size=size,
    )
    return package


def land(desk: Desk, package_id: str, source: Source, name: str, *, progress: Progress | None = None) -> Package:
    """Land a package's rows: its batch and its end are kept at once, or neither is."""
    package = store.find_package(desk.db, package_id)
    desk.allow("collection.push", package.label)
    entry = catalogue.find(desk.db, package.entry)
    batch = replace(landed(desk, entry, source, progress=progress), source=name)
    new = batches.save(desk.db, batch)
    batch = batches.find_batch(desk.db, batch.id)
    if new:
        desk.record("collection.landed", on=batch.id, **batch.facts())
    standing = store.find_package(desk.db, package_id)
    line = desk.record(
        "collection.package_landed",
        on=package.id,
        batch=batch.id,
        content=package.digest,
        entry=package.entry,
        known=not new,
        number=package.number,
        provider=package.provider,
        rows=batch.rows_landed,
        rows_digest=batch.rows_digest,
        rows_quarantined=batch.rows_quarantined,
        rows_read=batch.rows_read,
    )
    ended = standing.landed(batch, line, desk.now)
    store.save_package(desk.db, ended)
    return ended


def stop(desk: Desk, package_id: str, error: Refused) -> Package:
    """Stop at a package whose rows were refused: what follows it waits until it lands or somebody leaves it out."""
    package = store.find_package(desk.db, package_id)
    desk.allow("collection.push", package.label)
    stopped = package.stopped(error)
    store.save_package(desk.db, stopped)
    if package.stage is not Stage.STOPPED:
        desk.record(
            "collection.package_stopped",
            on=package.id,
            entry=package.entry,
            number=package.number,
            provider=package.provider,
            code=error.code,
        )
    return stopped


def skip(desk: Desk, package_id: str) -> Package:
    """Let an officer of the providing body go on without the rows of a package that were refused."""
    package = store.find_package(desk.db, package_id)
    desk.allow("collection.skip_package", package.label)
    if package.stage is Stage.SKIPPED:
        return package
    package.may_be_skipped()
    line = desk.record(
        "collection.package_skipped",
        on=package.id,
        content=package.digest,
        entry=package.entry,
        number=package.number,
        provider=package.provider,
        code=package.code,
    )
    skipped = package.skipped(line, desk.now)
    store.save_package(desk.db, skipped)
    return skipped
