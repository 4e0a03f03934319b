"""Words for outflows and policies: how they stand, what came of runs, what takes the rows, what a policy does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.delivery import policies
from jutong.delivery.bulk import outflow
from jutong.guard.cedar import Effect
from jutong.kernel.text import Text, text

OUTFLOWS: Mapping[type[Enum], Mapping[Any, Text]] = {
    policies.Sight: {
        policies.Sight.OPEN: text("in the clear"),
        policies.Sight.MASKED: text("masked"),
        policies.Sight.DROPPED: text("does not leave"),
        policies.Sight.REFUSED: text("delivery refused"),
    },
    policies.Stage: {
        policies.Stage.DRAFT: text("draft, waits for a second person"),
        policies.Stage.IN_FORCE: text("in force"),
        policies.Stage.WITHDRAWN: text("withdrawn"),
    },
    Effect: {
        Effect.PERMIT: text("permits"),
        Effect.FORBID: text("forbids"),
    },
    outflow.State: {
        outflow.State.DECLARED: text("waits for the provider's test"),
        outflow.State.ACTIVE: text("runs by itself"),
        outflow.State.PAUSED: text("turned off"),
        outflow.State.STOPPED: text("waits for a decision"),
        outflow.State.ENDED: text("outflow ended"),
    },
    outflow.Outcome: {
        outflow.Outcome.RUNNING: text("outflow under way"),
        outflow.Outcome.DELIVERED: text("rows delivered"),
        outflow.Outcome.KNOWN: text("it stood there already"),
        outflow.Outcome.REFUSED: text("nothing was delivered"),
        outflow.Outcome.UNAVAILABLE: text("the target did not answer"),
        outflow.Outcome.ABANDONED: text("its process ended; the next run took its place"),
    },
    outflow.TargetKind: {
        outflow.TargetKind.POSTGRESQL: text("table of PostgreSQL"),
        outflow.TargetKind.MYSQL: text("table of MySQL or MariaDB"),
        outflow.TargetKind.FOLDER: text("folder of this node"),
        outflow.TargetKind.SFTP: text("folder on an SFTP server"),
        outflow.TargetKind.HTTP: text("receiver over HTTP"),
    },
}
