"""An invitation: a code, given once by hand, with which a person sets its first password."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.errors import NotKnown
from jutong.kernel.text import text

from .second_factor import digest_of, new_code

LIFE = timedelta(days=7)
GROUPS = 6  # of four letters: 120 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """For whom, until when, and the digest of its code."""

    id: str
    person: str
    digest: str = field(repr=False)
    issued: datetime
    expires: datetime
    by: str
    used: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Say whether it can still be used."""
        return self.used is None and self.issued <= now < self.expires

    def spent(self, now: datetime) -> Invitation:
        """Return the invitation as used, or refuse."""
        if not self.open(now):
            raise no_invitation()
        return replace(self, used=now)


def new_invitation(invitation_id: str, person: str, *, by: str, now: datetime) -> tuple[Invitation, str]:
    """Return an invitation and its code; the code is nowhere else."""
    code = new_code(groups=GROUPS)
    kept = Invitation(id=invitation_id, person=person, digest=digest_of(code), issued=now, expires=now + LIFE, by=by)
    return kept, code


def no_invitation() -> NotKnown:
    """Return the one refusal for every bad code."""
    return NotKnown(
        text("this invitation is unknown, has expired or was used"),
        basis=text("an invitation counts once, and for {days} days", days=LIFE.days),
        remedy=text("ask the security administrator for a new one"),
    )
