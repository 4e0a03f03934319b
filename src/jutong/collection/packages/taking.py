"""The node's side of packages: proven, kept in the home, landed one after the other, and answered."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jutong import registers
from jutong.desk import House
from jutong.kernel.crypto import EitherKey
from jutong.kernel.errors import NO_TEXT, Invalid, NotFound, NotKnown, Refused, Unavailable, WrongMoment
from jutong.kernel.files import refusing_full_disk, sync_folder
from jutong.kernel.text import Text, text
from jutong.registers import SystemName
from jutong.terms import Actor

from .. import pushes
from ..contract import Limits
from ..pushes import Tray
from ..sources import source_at
from ..underway import under_way
from . import acts, store
from .package import SUFFIX, Destination, Head, Package, follows_on, package_id
from .sealing import BLOCK, digest_of_signed, read_head, unseal

FOLDER = "packages"
FEEDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one file of a medium: a package, or why it is none for this node."""

    file: Path
    package: Package | None = None
    reason: Text = NO_TEXT
    remedy: Text = NO_TEXT


def destination_of(house: House) -> Destination:
    """Return this node as one to which packages are sealed."""
    return Destination(node=house.home.settings.name, key=house.key.opening_key().public)


def take_folder(house: House, actor: Actor, folder: Path) -> tuple[Taken, ...]:
    """Take in every package in a folder, in whatever order they lie; what is none is named, and stays."""
    if not folder.is_dir():
        raise NotFound("folder", folder.name)
    files = sorted(folder.glob(f"*{SUFFIX}"))
    with house.desk(actor) as desk:
        acts.take_medium(desk, len(files))
    return tuple(_taken(house, actor, path) for path in files)


def take_file(house: House, actor: Actor, path: Path) -> Package:
    """Take in one file of a medium, or refuse it; that it was turned away is on record all the same."""
    with house.desk(actor) as desk:
        acts.take_medium(desk, 1)
    taken = _taken(house, actor, path)
    if taken.package is None:
        raise Invalid(taken.reason, remedy=taken.remedy)
    return taken.package


def _taken(house: House, actor: Actor, path: Path) -> Taken:
    try:
        package = take_in(house, path)
    except Refused as error:
        with house.desk(actor) as desk:
            acts.turn_away(desk, _digest(path), error)
        return Taken(file=path, reason=error.reason, remedy=error.remedy)
    return Taken(file=path, package=package)


def take_in(house: House, path: Path) -> Package:
    """Keep a package and land what may land; the same one again is answered as it stands."""
    head, _ = read_head(path)
    own = destination_of(house)
    if (head.node, head.key) != (own.node, own.key.id):
        raise Invalid(
            text("this package is for {node}, under its key {key}", node=head.node[:63], key=head.key[:16]),
            basis=text("RFC 9180, sealed to the key of one node"),
            remedy=text("carry it there; if this node has a new key, have it packed anew"),
        )
    sender, digest = _proven(house, head, path)
    with _turn(house.home.folder, head.system, head.entry):
        with house.reading() as db:
            known = store.standing_package(db, head.id)
        if known is None:
            _receive(house, sender, head, path, digest)
        else:
            known.being(digest)
        _advance(house, sender, head.system, head.entry)
    with house.reading() as db:
        return store.find_package(db, head.id)


def hand_over(house: House, actor: Actor, push_id: str, wanted: str) -> Package:
    """Take in a package that was pushed; it must be the one that its sender says."""
    push = pushes.sent_by(house, actor, push_id)
    if push.stage is pushes.Stage.OPEN:
        tray = Tray.of(house.home.folder, push)
        with tray.held():
            tray.check_whole()
            try:
                head, _ = read_head(tray.path)
                if (head.id, head.system, head.entry) != (wanted, actor.id, push.entry):
                    raise _another()
                take_in(house, tray.path)
            except (Invalid, NotKnown) as error:
                # The file itself is at fault: it is not asked for again, and takes up none of its system's pushes.
                with house.desk(actor) as desk:
                    pushes.fail(desk, push_id, error)
                tray.clear()
                raise
            with house.desk(actor) as desk:
                pushes.take_over(desk, push_id)
            tray.clear()
    elif push.stage is not pushes.Stage.TAKEN:
        raise WrongMoment(text("this push has ended"), remedy=text("open it again to send the file anew"))
    return sent_package(house, actor, wanted)


def _another() -> Invalid:
    return Invalid(text("this is another package than the one that was announced"))


def sent_package(house: House, actor: Actor, wanted: str) -> Package:
    """Return a package of this very system; of another's not even that it is there."""
    with house.reading() as db:
        package = store.find_package(db, wanted)
    if package.system != actor.id:
        raise NotFound("package", wanted[:26])
    return package


def waits_for(house: House, package: Package) -> int:
    """Return the number that must land before a package may; 0 where it waits for none."""
    if package.over:
        return 0
    feed = (package.system, package.entry)
    with house.reading() as db:
        following = store.next_numbers(db, [feed])[feed]
    return following if following < package.number else 0


def skip(house: House, actor: Actor, wanted: str) -> Package:
    """Leave a refused package out, and land what waited for it."""
    with house.reading() as db:
        package = store.find_package(db, wanted)
    with _turn(house.home.folder, package.system, package.entry):
        with house.desk(actor) as desk:
            skipped = acts.skip(desk, wanted)
        _place(house, wanted).unlink(missing_ok=True)
        _advance(house, _sender(house, package.system), package.system, package.entry)
    return skipped


def go_on(house: House) -> int:
    """Land what waits and may land: what a killed process had kept, or a full disk had stopped; return how many did."""
    with house.reading() as db:
        feeds = store.waiting_feeds(db, limit=FEEDS_AT_ONCE)
    done = 0
    for system, entry in feeds:
        try:
            with _turn(house.home.folder, system, entry):
                done += _advance(house, _sender(house, system), system, entry)
        except (Refused, Unavailable):
            continue  # somebody else is at it, or the next turn
    _clear(house)
    return done


def _receive(house: House, sender: Actor, head: Head, path: Path, digest: str) -> None:
    kept = _place(house, head.id)
    size = _kept(path, kept, digest)
    try:
        with house.desk(sender) as desk:
            acts.receive(desk, head, digest=digest, size=size)
    except Refused:
        kept.unlink(missing_ok=True)
        raise


def _proven(house: House, head: Head, path: Path) -> tuple[Actor, str]:
    unknown = NotKnown(
        text("the signer is not a registered system with a key"),
        basis=text("RFC 8032, signature over the whole package"),
        remedy=text("have the system registered and its key set by the administrators"),
    )
    try:
        with house.reading() as db:
            system = registers.find_system(db, SystemName.parse(head.system))
    except Refused as error:
        raise unknown from error
    counting = [one.key for one in system.counting(house.clock())]
    if not counting:
        raise unknown
    return pushes.actor_of(str(system.name), system.body), digest_of_signed(path, EitherKey(counting), Limits())


def _sender(house: House, system: str) -> Actor:
    with house.reading() as db:
        found = registers.find_system(db, SystemName.parse(system))
    return pushes.actor_of(str(found.name), found.body)


def _advance(house: House, sender: Actor, system: str, entry: str) -> int:
    """Land the packages that follow each other from the next number on, and return how many did."""
    done = 0
    while True:
        with house.reading() as db:
            number = store.next_numbers(db, [(system, entry)])[system, entry]
            package = store.standing_package(db, package_id(system, entry, number))
            before = store.standing_package(db, package_id(system, entry, number - 1))
        if package is None:
            return done
        try:
            follows_on(package, before)
            _land(house, sender, package)
        except Refused as error:
            with house.desk(sender) as desk:
                acts.stop(desk, package.id, error)
            return done
        done += 1


def _land(house: House, sender: Actor, package: Package) -> None:
    kept = _place(house, package.id)
    # What a killed process leaves there is swept after a day.
    rows = house.home.folder / "spool" / f"{package.id}.rows"
    rows.parent.mkdir(parents=True, exist_ok=True)
    try:
        bill = unseal(kept, house.key.opening_key(), at=rows)
        source = source_at(rows, bill.layout, Limits())
        with (
            under_way(house.home.folder, package.entry, house.clock) as told,
            house.desk(sender) as desk,
        ):
            acts.land(desk, package.id, source, bill.name, progress=told.progress)
    finally:
        rows.unlink(missing_ok=True)
    kept.unlink(missing_ok=True)


def _clear(house: House) -> None:
    """Remove the bytes of packages that have ended, left by a process that was killed right after."""
    for kept in (house.home.folder / FOLDER).glob(f"*{SUFFIX}"):
        with house.reading() as db:
            package = store.standing_package(db, kept.stem)
        if package is not None and package.over:
            kept.unlink(missing_ok=True)


def _place(house: House, wanted: str) -> Path:
    return house.home.folder / FOLDER / f"{wanted}{SUFFIX}"


def _kept(path: Path, at: Path, digest: str) -> int:
    """Copy a package into the home, durably, and return its size; a medium that changed meanwhile is refused."""
    at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = at.with_suffix(".part")
    with refusing_full_disk(), path.open("rb") as stream, beside.open("wb") as out:
        shutil.copyfileobj(stream, out, BLOCK)
        out.flush()
        os.fsync(out.fileno())
    if _digest(beside) != digest:
        beside.unlink()
        raise Invalid(text("{name} changed while it was read", name=path.name), remedy=text("take the medium in again"))
    beside.replace(at)
    sync_folder(at.parent)
    return at.stat().st_size


def _digest(path: Path) -> str:
    hashed = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                hashed.update(block)
    except OSError as error:
        raise NotFound("file", path.name) from error
    return hashed.hexdigest()


@contextmanager
def _turn(home: Path, system: str, entry: str) -> Iterator[None]:
    """Let one at a time work on a sender's packages for an entry; the machine lets go when its holder dies."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / f"{package_id(system, entry, 0)}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                text("packages of this sender are being taken in already"), remedy=text("ask again in a moment")
            ) from error
        yield
    finally:
        os.close(handle)
