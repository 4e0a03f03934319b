"""Who may read which share now, and which versions of its view stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from jutong import catalogue, sharing
from jutong.catalogue import Entry
from jutong.guard.grades import Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.ids import is_ulid
from jutong.kernel.text import text
from jutong.sharing import Agreement

from .. import policies
from ..call import bulk_call
from ..plan import Plan, compile, judge, plan_of_view
from ..refusal import Refusal
from ..wire import NOT_FOUND
from . import store
from .asking import instant_of
from .profile import Profile
from .reply import AGAIN_SECONDS, Stopped
from .view import Share, View, share_of, terms_of

TABLE_ALONE = frozenset({Method.TABLE})
UNKNOWN = Refusal(
    "not-known",
    text("the caller is not known"),
    text("a share is read with the token of a profile that still serves"),
    text("have a new profile issued on the page of the agreement"),
)
STALE = Refusal(
    "unavailable",
    text("the view of this agreement is being made"),
    remedy=text("ask again in a moment"),
)
GONE = Refusal(
    "scope",
    text("this address of a file serves no longer"),
    text("it lives an hour, and no longer than its profile, the agreement as it stands and the version of the view"),
    text("ask for the table again"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An agreement as one table of one share."""

    agreement: Agreement
    entry: Entry
    plan: Plan
    names: Share

    @property
    def path(self) -> str:
        """How it stands on record."""
        return f"sharing/{self.names.share}/{self.names.schema}/{self.names.table}"


class Barred(Stopped):
    """A refusal under an agreement that is known."""

    def __init__(self, plan: Plan, refusal: Refusal, *, again: int = 0) -> None:
        super().__init__(refusal, again=again)
        self.plan = plan


class Rights:
    """Reads the control database at each question: a right that was taken away is gone at once."""

    def __init__(self, secret: bytes, *, sm2_from: str = "") -> None:
        self._secret, self._sm2_from = secret, sm2_from
        self._policies = policies.Standing()

    def shown(
        self,
        db: Db,
        share: str,
        profile: Profile,
        now: datetime,
        methods: frozenset[Method] = TABLE_ALONE,
        *,
        address: str = "",
    ) -> Shown:
        """Return the agreement behind a share, if this profile may read it now; else it is as if it were not there."""
        agreement_id = share.upper()
        try:
            agreement = sharing.find_agreement(db, agreement_id) if is_ulid(agreement_id) else None
        except NotFound:
            agreement = None
        named = agreement is not None and profile.system in agreement.systems and agreement.consumer == profile.body
        if agreement is None or not named or share != agreement.id.lower() or not agreement.methods & methods:
            raise Stopped(NOT_FOUND)
        shown = self.compiled(db, agreement, now)
        refusal = refusal_of(shown.plan, agreement.methods & methods, profile, now, address=address)
        if refusal is not None:
            raise Barred(shown.plan, refusal)
        return shown

    def compiled(self, db: Db, agreement: Agreement, now: datetime) -> Shown:
        """Return an agreement as a table of a share, by the entry and the policies as they are now."""
        entry = catalogue.find(db, agreement.entry)
        in_force = self._policies.read(db, day_of(now))
        plan = compile(agreement, entry, secret=self._secret, policies=in_force, sm2_from=self._sm2_from)
        return Shown(agreement=agreement, entry=entry, plan=plan_of_view(plan), names=share_of(agreement, entry))

    def terms(self, db: Db, shown: Shown, table: str) -> str:
        """Return the digest of the terms by which a view over ``table`` would be made now."""
        marked = store.marks_of(db, shown.entry.id)
        return terms_of(shown.agreement, shown.entry, shown.plan, table, marked=marked)

    def standing(self, db: Db, shown: Shown) -> View:
        """Return the newest version, if it was made by the terms that stand."""
        newest = store.newest_view(db, shown.agreement.id)
        if newest is None or newest.terms != self.terms(db, shown, newest.table):
            raise Stopped(STALE, again=AGAIN_SECONDS)
        return newest

    def view(self, db: Db, newest: View, version: int | None, timestamp: str) -> View:
        """Return the version that is asked for by number or instant; the newest, if by neither."""
        if version is not None and timestamp:
            raise Invalid(text("name a version or an instant, not both"))
        if timestamp:
            instant = instant_of(timestamp)
            found = [one for one in self.kept(db, newest) if one.made <= instant]
            if not found:
                raise self.not_kept(db, newest)
            return found[-1]
        if version is None or version == newest.version:
            return newest
        found = [one for one in self.kept(db, newest) if one.version == version]
        if not found:
            raise self.not_kept(db, newest)
        return found[0]

    def kept(self, db: Db, newest: View) -> tuple[View, ...]:
        """Return the versions that can be read, oldest first."""
        return tuple(one for one in store.views_of(db, newest.agreement) if one.terms == newest.terms)

    def not_kept(self, db: Db, newest: View) -> Invalid:
        """Return the refusal of a version that cannot be read."""
        oldest = self.kept(db, newest)[0].version
        return Invalid(
            text("versions {oldest} to {newest} of this table can be read", oldest=oldest, newest=newest.version),
            remedy=text("read the newest version as a whole, then go on with its changes"),
        )

    def version_since(self, db: Db, newest: View, timestamp: str) -> View:
        """Return the first version from an instant on; the newest, if none is named."""
        if not timestamp:
            return newest
        instant = instant_of(timestamp)
        later = [one for one in self.kept(db, newest) if one.made >= instant]
        if not later:
            raise self.not_kept(db, newest)
        return later[0]


def refusal_of(
    plan: Plan, methods: frozenset[Method], profile: Profile, now: datetime, *, address: str
) -> Refusal | None:
    """Return why a profile reads nothing by any of these methods, or None."""
    calls = [bulk_call(one, profile.purpose, now, client=profile.system, address=address) for one in sorted(methods)]
    refusals = [judge(plan, call) for call in calls]
    return refusals[0] if refusals and all(refusals) else None


def day_of(now: datetime) -> date:
    """Return the legal day (UTC+8)."""
    return now.astimezone(UTC).astimezone(LEGAL_TIME).date()
