"""What of the ways in waits for a security administrator: counts, for a key cannot be read back to a name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from jutong.kernel.db import Db

from .store import attempts, invitation


def count_locked(db: Db, now: datetime) -> int:
    """Return how many accounts and addresses must wait after failed attempts."""
    return int(db.execute(sa.select(sa.func.count()).where(attempts.c.until > now)).scalar_one())


def count_invited(db: Db, now: datetime) -> int:
    """Return how many people are invited and have not come yet."""
    still = sa.and_(invitation.c.used.is_(None), invitation.c.expires > now)
    return int(db.execute(sa.select(sa.func.count(invitation.c.person.distinct())).where(still)).scalar_one())
