"""A gather from its file to its end: portion by portion, each in a transaction of its own, resumable anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from jutong import registers
from jutong.desk import Desk
from jutong.kernel.db import Db

from . import acts, store
from .feed import Feed, Survey
from .gather import Gather, Stage
from .organs import Resolver
from .portion import portions
from .record import Reader

AtDesk = Callable[[], AbstractContextManager[Desk]]
Progress = Callable[[int, int], object]
ENDINGS = re.compile(r"(\.(jsonl|ndjson|json|csv|txt|xlsx|gz))+$", re.IGNORECASE)
EDITION = re.compile(r"[_-]v\d+$", re.IGNORECASE)


def import_file(
    at_desk: AtDesk,
    feed: Feed,
    *,
    source: str = "",
    division: str = "",
    wishes: Mapping[str, str],
    accept: bool = False,
    complete: bool = False,
    many: bool = False,
    progress: Progress,
) -> Gather:
    """Import a file: read it whole first, then take it in; the same file again goes on, or changes nothing."""
    survey: Survey = feed.survey()
    with at_desk() as desk:
        name = source or source_named(feed.name)
        gather = acts.propose(desk, name, feed.name, survey, wishes, division=division, complete=complete, many=many)
    with at_desk() as desk:
        gather = acts.begin(desk, gather.id, {}, accept=accept)
    return run(at_desk, feed, gather, progress)


def run(at_desk: AtDesk, feed: Feed, gather: Gather, progress: Progress) -> Gather:
    """Take in what a gather has not yet dealt with, and end it."""
    if gather.stage is Stage.COMPLETED:
        return gather
    with at_desk() as desk:
        reader = reader_of(desk.db, gather)
    for portion in portions(feed.rows(), reader, start=gather.position):
        with at_desk() as desk:
            gather = acts.take(desk, gather.id, portion)
        progress(gather.position, gather.rows)
    with at_desk() as desk:
        return acts.complete(desk, gather.id)


def reader_of(db: Db, gather: Gather) -> Reader:
    """Return what turns the rows of a gather into records."""
    division = store.find_source(db, gather.source).division
    resolver = Resolver(registers.bodies(db), store.aliases(db), division)
    found: dict[str, str] = {}

    def body_of(name: str) -> str:
        if name not in found:
            found[name] = resolver(name)
        return found[name]

    return Reader(gather.mapped, gather.identity, body_of)


def source_named(file: str) -> str:
    """Return the name of the source that a file's name suggests: without its endings and its edition.

    >>> source_named("anhui_suzhou_v2.jsonl.gz")
    'anhui_suzhou'
    """
    return EDITION.sub("", ENDINGS.sub("", file)) or file
