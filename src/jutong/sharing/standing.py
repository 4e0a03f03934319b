"""How an agreement stands, and what somebody owes on it besides the delivery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jutong.terms.deadline import Deadline


class Standing(StrEnum):
    """Whether an agreement gives rights (Order 809, art. 27)."""

    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    ENDED = "ended"  # its term is over, or the consumer needs it no longer
    TERMINATED = "terminated"  # misuse was not put right


OVER = frozenset({Standing.ENDED, Standing.TERMINATED})


class Task(StrEnum):
    """What somebody owes on an agreement besides the delivery."""

    RECTIFY = "rectify"
    JUDGE_RECTIFICATION = "judge-rectification"
    ANSWER_CHANGE = "answer-change"
    DISPOSE = "dispose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Which body owes a task, and by which clock; without one it owes it all the same."""

    task: Task
    body: str
    clock: Deadline | None
