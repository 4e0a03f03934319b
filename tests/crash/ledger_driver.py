"""Runs ledger work in children that kill themselves at their n-th step, then looks at what is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jutong import ledger
from jutong.kernel import db as kernel_db
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connect, connection, metadata, transaction
from jutong.ledger import calls, journal, store
from jutong.ledger.evidence import Evidence
from jutong.ledger.merkle import root_of

KEY = SigningKey.of_seed(b"k" * 32)
UNLINK = Path.unlink
NOW = datetime(2026, 1, 2, tzinfo=UTC)
STEPS = [
    (os, "fsync"),
    (os, "fdatasync"),
    (os, "replace"),
    (os, "write"),
    (shutil, "rmtree"),
    (Path, "unlink"),
    (kernel_db.Transaction, "commit"),
]


def die_at(step: int) -> None:
    """Kill this process before the n-th call of anything that changes the disk."""
    counter, lock = [0], threading.Lock()

    def tick() -> None:
        with lock:
            counter[0] += 1
            if counter[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if function is not UNLINK or args[0].exists():
                tick()
            return function(*args, **more)

        return call

    for owner, name in STEPS:
        setattr(owner, name, wrapped(getattr(owner, name)))


def child(work: Callable[[], None]) -> bool:
    """Run ``work`` in a child and say whether it came to its end."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed"
    return True


def engine_of(home: Path) -> sa.Engine:
    """Open the control database of a home."""
    return connect(f"sqlite:///{home / 'control.db'}")


def a_line(number: int) -> Evidence:
    """One line of evidence."""
    return Evidence(id=f"{number:026}", act="room.done", actor="a", org="o", on=f"thing {number}", at=NOW)


def a_call(number: int) -> bytes:
    """One call's record."""
    code = "ok" if number % 3 else "TERM"
    return json.dumps({"id": f"01JX{number:022}", "agreement": f"A{number % 4}", "code": code}).encode()


def the_log(home: Path) -> ledger.Log:
    """Open the log of a home."""
    return ledger.Log(home / "ledger", "example/log", KEY)


def put_lines(home: Path, first: int, end: int) -> None:
    """Let lines wait."""
    with transaction(engine_of(home)) as db:
        for number in range(first, end):
            ledger.append(db, a_line(number))


def sequence_all(home: Path) -> None:
    """Sequence until nothing waits."""
    engine, log = engine_of(home), the_log(home)
    while ledger.sequence(engine, log, limit=13):
        pass


def seal_all(home: Path) -> None:
    """Seal what waits, then sequence."""
    ledger.seal(engine_of(home), home / "ledger", home / "journal", org="o", now=NOW)
    sequence_all(home)


def write_calls(home: Path, first: int, end: int, acknowledged: Path) -> None:
    """Write calls, and note each one that was made durable."""
    handle = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    book = journal.Journal(home / "journal", "w1")
    for number in range(first, end):
        book.append(a_call(number)).result()
        os.pwrite(handle, f"{number}\n".encode(), 0)  # O_APPEND: goes to the end
    book.close()


def check_lines(home: Path, lines: int) -> None:
    """Every line stands in the log once, in order, and the whole log holds."""
    log = the_log(home)
    verdict = ledger.verify_folder(home / "ledger", [log.verifier])
    assert verdict.holds, verdict
    leaves = list(log.tiles.entries(0, log.size, log.size))
    ids = [Evidence.of_leaf(leaf).id for leaf in leaves]
    assert len(set(ids)) == len(ids), "doubled"
    with connection(engine_of(home)) as db:
        placed = [(place, line.id) for place, line in ledger.read(db, limit=100_000)]
        assert not store.waiting(db, limit=1)
    assert placed == list(enumerate(ids)), "the database and the log differ"
    wanted = [a_line(number).id for number in range(lines)]
    assert [one for one in ids if one in set(wanted)] == wanted, "lost or out of order"
    assert ledger.Checkpoint.of_body(log.checkpoint().body).root == root_of(leaves)


def check_calls(home: Path, promised: set[int]) -> None:
    """Every promised call is in exactly one batch, and every batch has exactly one leaf."""
    log = the_log(home)
    seen: list[str] = []
    batches = 0
    for leaf in log.tiles.entries(0, log.size, log.size) if log.size else ():
        line = Evidence.of_leaf(leaf)
        if line.act == "delivery.called":
            batches += 1
            path = home / "ledger" / calls.batch_path(line.on)
            records = [record for record, _ in calls.frames(path.read_bytes())]
            assert len(records) == line.facts["count"]
            assert root_of(records).hex() == line.facts["root"]
            seen += [calls.head_of(record).id for record in records]
    assert len(set(seen)) == len(seen), "a call is doubled"
    missing = {json.loads(a_call(number))["id"] for number in promised} - set(seen)
    assert not missing, f"lost {missing}"


def doomed(step: int, work: Callable[[Path], None], home: Path) -> None:
    """Do ``work`` up to a step."""
    die_at(step)
    work(home)


def systematically(
    base: Path, prepare: Callable[[Path], None], work: Callable[[Path], None], check: Callable[[Path], None]
) -> int:
    """Kill ``work`` at every one of its steps in turn, do it again to its end, and check; return how many steps."""
    template = base / "template"
    template.mkdir()
    assert child(lambda: (metadata.create_all(engine_of(template)), prepare(template))[0])
    for step in range(1, 10_000):
        home = base / f"step{step}"
        shutil.copytree(template, home)
        whole = child(partial(doomed, step, work, home))
        assert child(partial(work, home))
        assert child(partial(check, home))
        shutil.rmtree(home)
        if whole:
            return step
    raise AssertionError("no end")


def acknowledged(home: Path) -> set[int]:
    """The calls that were promised."""
    path = home / "acknowledged"
    return {int(line) for line in path.read_text().split()} if path.exists() else set()


def main(kind: str, base: Path) -> None:
    """Run one kind of test."""
    if kind == "sequence":

        def prepare(home: Path) -> None:
            put_lines(home, 0, 250)
            sequence_all(home)
            put_lines(home, 250, 270)

        steps = systematically(base, prepare, sequence_all, lambda home: check_lines(home, 270))
    elif kind == "seal":

        def prepare(home: Path) -> None:
            put_lines(home, 0, 5)
            write_calls(home, 0, 10, home / "acknowledged")
            seal_all(home)
            write_calls(home, 10, 40, home / "acknowledged")

        def check(home: Path) -> None:
            assert acknowledged(home) == set(range(40))
            check_lines(home, 5)
            check_calls(home, acknowledged(home))

        steps = systematically(base, prepare, seal_all, check)
    else:

        def run_again(home: Path) -> None:
            first = 1000 * len(list(home.glob("run*")))
            (home / f"run{first}").touch()
            write_calls(home, first, first + 12, home / "acknowledged")

        def check(home: Path) -> None:
            seal_all(home)
            check_lines(home, 0)
            promised = acknowledged(home)
            assert len(promised) >= 12
            check_calls(home, promised)
            assert not list((home / "journal").glob("*.journal"))

        steps = systematically(base, lambda home: None, run_again, check)
    print(steps)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
