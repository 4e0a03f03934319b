"""An event: a new version of a view is there; numbered for each agreement without a gap, and without a row in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from jutong.kernel.canon import Fact

from ..view import View

TYPE = "jutong.delivery.version.v1"
PAGE = 500  # events that are pulled at once
_DIGITS = 10  # of a sequence, so that its order as text is that of numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is told of one version: the digest of its manifest (SHA-256, hex) and counts.

    ``changed`` counts the inserted and deleted rows since the version before; None where there is no way from it.
    """

    agreement: str
    number: int  # from 1 on, without a gap
    at: datetime
    version: int
    manifest: str
    rows: int
    files: int
    size: int
    changed: int | None
    deleted: int | None = None  # of these, the rows that are no more
    disputed: int = 0  # rows of which an item is in dispute

    @property
    def id(self) -> str:
        """By which a receiver knows what it was told already: told again, it is the same."""
        return f"{self.agreement}-{self.number}"


def event_of(view: View, number: int, now: datetime) -> Event:
    """Return the event that tells of a version."""
    return Event(
        agreement=view.agreement,
        number=number,
        at=now,
        version=view.version,
        manifest=view.digest(),
        rows=view.rows,
        files=len(view.parts),
        size=view.size,
        changed=None if view.changes is None else sum(part.rows for part in view.changes),
        deleted=view.deleted,
        disputed=view.disputed,
    )


def cloud_event(one: Event, address: str) -> dict[str, Fact]:
    """Return the event in the form of CloudEvents 1.0 (JSON format), from the node at ``address``.

    ``sequence`` is the extension of that name: its order as text is the order of events.
    """
    return {
        "specversion": "1.0",
        "id": one.id,
        "source": f"{address}/sharing/shares/{one.agreement.lower()}",
        "type": TYPE,
        "subject": one.agreement,
        "time": one.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "sequence": f"{one.number:0{_DIGITS}}",
        "datacontenttype": "application/json",
        "data": {
            "agreement": one.agreement,
            "number": one.number,
            "version": one.version,
            "manifest": one.manifest,
            "rows": one.rows,
            "files": one.files,
            "bytes": one.size,
            "changed": one.changed,
            "deleted": one.deleted,
            "disputed": one.disputed,
        },
    }
