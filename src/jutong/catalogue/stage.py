"""Where a version of an entry stands on its way, and the moves that brought it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """Where one version of an entry stands."""

    DRAFT = "draft"
    SIGNED = "signed"  # by the head of the department (art. 13)
    SUBMITTED = "submitted"  # the authority's two working days run (art. 17)
    REGISTERED = "registered"  # first audit passed
    PUBLISHED = "published"  # second audit passed, by another person
    RETURNED = "returned"  # the authority says what is wrong; the department goes on from a draft
    WITHDRAWN = "withdrawn"  # the end


RANK: Mapping[Stage, int] = {stage: rank for rank, stage in enumerate(Stage)}
NEXT: Mapping[Stage, frozenset[Stage]] = {
    Stage.DRAFT: frozenset({Stage.SIGNED, Stage.WITHDRAWN}),
    Stage.SIGNED: frozenset({Stage.SUBMITTED, Stage.WITHDRAWN}),
    Stage.SUBMITTED: frozenset({Stage.REGISTERED, Stage.RETURNED, Stage.WITHDRAWN}),
    Stage.REGISTERED: frozenset({Stage.PUBLISHED, Stage.RETURNED, Stage.WITHDRAWN}),
    Stage.PUBLISHED: frozenset({Stage.WITHDRAWN}),
    Stage.RETURNED: frozenset({Stage.DRAFT, Stage.WITHDRAWN}),
    Stage.WITHDRAWN: frozenset(),
}
REDRAFTED_FROM = frozenset({Stage.DRAFT, Stage.RETURNED, Stage.PUBLISHED})
PREPARED = frozenset({Stage.DRAFT, Stage.SIGNED, Stage.SUBMITTED})
AUDITED = frozenset({Stage.REGISTERED, Stage.PUBLISHED})
WITH_AUTHORITY = frozenset({Stage.SUBMITTED, Stage.REGISTERED})
TRAVELLING = frozenset({Stage.SUBMITTED, Stage.REGISTERED, Stage.PUBLISHED, Stage.RETURNED, Stage.WITHDRAWN})
SHOWN = frozenset({Stage.PUBLISHED, Stage.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of an entry's way: which stage, when, by which post of which body."""

    stage: Stage
    at: datetime
    by: str
    org: str
    reasons: tuple[str, ...] = ()
