"""Words of the values of collection: steps, plans and their runs, pushes, reasons of quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong import collection
from jutong.collection import packages, plans, pushes
from jutong.kernel.text import Text, text

COLLECTION: Mapping[type[Enum], Mapping[Any, Text]] = {
    collection.Step: {
        collection.Step.COUNTING: text("rows are counted"),
        collection.Step.LANDING: text("rows are landing"),
        collection.Step.LANDED: text("all rows have landed"),
        collection.Step.REFUSED: text("the delivery was refused"),
    },
    plans.State: {
        plans.State.ACTIVE: text("runs by itself"),
        plans.State.PAUSED: text("rests"),
        plans.State.STOPPED: text("stopped by a change in its source"),
        plans.State.ENDED: text("has ended"),
    },
    plans.Outcome: {
        plans.Outcome.RUNNING: text("under way"),
        plans.Outcome.LANDED: text("rows have landed"),
        plans.Outcome.KNOWN: text("the same rows had landed before"),
        plans.Outcome.NOTHING_NEW: text("nothing new"),
        plans.Outcome.REFUSED: text("refused"),
        plans.Outcome.UNAVAILABLE: text("the source did not answer"),
        plans.Outcome.ABANDONED: text("broken off, given up"),
    },
    packages.Stage: {
        packages.Stage.WAITING: text("waits for an earlier one"),
        packages.Stage.LANDED: text("landed"),
        packages.Stage.STOPPED: text("its rows were refused"),
        packages.Stage.SKIPPED: text("left out"),
    },
    pushes.Stage: {
        pushes.Stage.OPEN: text("on its way"),
        pushes.Stage.LANDED: text("landed"),
        pushes.Stage.REFUSED: text("refused"),
        pushes.Stage.GIVEN_UP: text("given up"),
        pushes.Stage.TAKEN: text("taken in as a package"),
    },
    plans.Change: {
        plans.Change.ADDED: text("a new column"),
        plans.Change.WIDENED: text("a wider column"),
        plans.Change.DROPPED: text("a column that is gone"),
        plans.Change.NARROWED: text("a narrower or another column"),
        plans.Change.WITHDRAWN: text("rows taken back"),
    },
    collection.ReachKind: {
        collection.ReachKind.POSTGRESQL: text("PostgreSQL"),
        collection.ReachKind.MYSQL: text("MySQL or MariaDB"),
        collection.ReachKind.API: text("HTTP API"),
        collection.ReachKind.SFTP: text("file on an SFTP server"),
    },
    collection.Mode: {
        collection.Mode.FULL: text("all rows each time"),
        collection.Mode.INCREMENTAL: text("what is new by a watermark"),
        collection.Mode.STREAM: text("what changed, by the database's log"),
    },
    collection.Paging: {
        collection.Paging.NONE: text("in one answer"),
        collection.Paging.PAGE: text("by number of the page"),
        collection.Paging.OFFSET: text("by number of the first row"),
        collection.Paging.CURSOR: text("by a cursor in the answer"),
    },
    collection.Reason: {
        collection.Reason.NOT_A_RECORD: text("no record can be read there"),
        collection.Reason.TOO_FEW_FIELDS: text("too few fields"),
        collection.Reason.TOO_MANY_FIELDS: text("too many fields"),
        collection.Reason.BAD_ENCODING: text("bytes that are no text"),
        collection.Reason.FIELD_TOO_LONG: text("a field is too long"),
        collection.Reason.COLUMN_ORDER_LOST: text("the order of columns is lost"),
        collection.Reason.REPLACEMENT_CHARACTER: text("a replacement character stands in it"),
    },
}
