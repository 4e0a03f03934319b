"""Pages of policies on deliveries: the list, an editor with an instant check and what would change, the moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated

import msgspec

from jutong.catalogue import Purpose
from jutong.delivery import policies
from jutong.delivery.policies import Answer as Told
from jutong.delivery.policies import Consequence, DeliveryPolicy, Sample, Seen, Sight, Stage
from jutong.delivery.subjects import ACTIONS
from jutong.guard import Label
from jutong.kernel.text import Text, plain, text
from jutong.terms import Grade

from ..wiring import NO_NUL, Ulid
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import names_of_bodies
from .table import Asked, Column, Table, table_page
from .visit import Visit

POLICIES = ("/policies", text("Policies"))
Source = Annotated[str, msgspec.Meta(max_length=20_000, pattern=NO_NUL)]
Line = Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)]
Short = Annotated[str, msgspec.Meta(max_length=63, pattern=NO_NUL)]
FIRST_SOURCE = """forbid (
  principal,
  action in Action::"record",
  resource
) unless {
  8 <= context.hour && context.hour < 20
};
"""


class Draft(msgspec.Struct, kw_only=True):
    """A policy as it is typed."""

    policy_title: Line
    basis: Line
    source: Source
    whole: bool = False
    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class Trial(msgspec.Struct, kw_only=True):
    """A text, and a delivery to try it on, if one is named."""

    source: Source
    whole: bool = False
    policy: Annotated[str, msgspec.Meta(max_length=26, pattern=NO_NUL)] = ""
    agreement: Annotated[str, msgspec.Meta(pattern="^([0-7][0-9A-HJKMNP-TV-Z]{25})?$")] = ""
    action: Short = "query"
    system: Line = ""
    purpose: Short = ""
    hour: Annotated[str, msgspec.Meta(pattern="^([01]?[0-9]|2[0-3])?$")] = ""
    rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    address: Annotated[str, msgspec.Meta(max_length=43, pattern=NO_NUL)] = ""

    def sample(self) -> Sample:
        """Return the delivery as a noun."""
        return Sample(
            agreement=self.agreement,
            action=self.action,
            system=self.system.strip(),
            purpose=self.purpose.strip(),
            hour=int(self.hour) if self.hour else None,
            rows=self.rows,
            address=self.address.strip(),
        )


class Enforcement(msgspec.Struct, kw_only=True):
    """Which version, and from which day on."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    starts: date | None = None


@shown("/policies", guard="pages.policies")
def list_policies(visit: TheVisit) -> Answer:
    """List the policies that one's body may see."""

    def fetch(asked: Asked) -> Iterable[DeliveryPolicy]:
        with visit.house.reading() as db:
            return policies.policies_shown(
                db,
                body=visit.acting.org,
                every=_of_tier(visit),
                after=asked.after,
                descending=asked.descending,
                limit=asked.limit,
            )

    table = Table(
        name="policies",
        title=text("Policies"),
        columns=_POLICIES,
        key=lambda row: (row.id,),
        sort="-id",
        empty=text("There is no policy; what an agreement holds is delivered."),
        path="/policies",
    )
    return table_page(
        visit, table, fetch, "delivery/policies.html", title=text("Policies on deliveries"), may_draft=_may_draft(visit)
    )


@shown("/policies/items", guard="pages.policies")
def list_items(visit: TheVisit) -> Answer:
    """List what consumers see of each item, and by which policies it is hidden."""

    def fetch(asked: Asked) -> Iterable[Seen]:
        with visit.house.reading() as db:
            found = policies.items_seen(
                db,
                body=visit.acting.org,
                every=_of_tier(visit),
                now=visit.house.clock(),
                agreement_id=asked.filter("agreement").strip().upper(),
                hidden=asked.filter("policies") == "hidden",
                after=asked.after,
                descending=asked.descending,
                limit=asked.limit,
            )
            names = names_of_bodies(db, {one.consumer for one in found})
        return [replace(one, consumer=names[one.consumer]) for one in found]

    table = Table(
        name="items",
        title=text("Items"),
        columns=_items(linked=visit.may("pages.agreements")),
        key=lambda row: row.key,
        sort="agreement",
        empty=text("No item of an agreement in force is hidden here."),
        path="/policies/items",
    )
    return table_page(
        visit, table, fetch, "delivery/policy_items.html", title=text("Who sees what"), crumbs=(POLICIES,)
    )


@shown("/policies/new", guard="pages.policies")
def new_policy(visit: TheVisit) -> Answer:
    """Show the editor for a new policy."""
    return _editor(visit)


@acted("/policies/new", guard="pages.policies", again=new_policy)
def draft_policy(visit: TheVisit) -> Answer:
    """Draft a policy."""
    given = visit.form.read(Draft)
    with visit.desk() as desk:
        kept = policies.draft_policy(
            *(desk, given.policy_title, given.basis, given.source), tier=_tier(visit), whole=given.whole
        )
    return done(desk, f"/policies/{kept.id}")


@acted("/policies/check", guard="pages.policies", again=new_policy)
def check_policy(visit: TheVisit) -> Answer:
    """Check what is typed, say what it would change, and try it on a delivery, if one is named; nothing is kept."""
    trial = visit.form.read(Trial)
    with visit.desk() as desk:
        desk.allow("delivery.try_policy", Label(owner=_tier(visit) if trial.whole else visit.acting.org))
    found = policies.faults(trial.source, whole=trial.whole)
    told, consequences = None, tuple[Consequence, ...]()
    if not found:
        with visit.house.reading() as db:
            consequences = policies.consequences(
                db,
                trial.source,
                body=visit.acting.org,
                whole=trial.whole,
                policy_id=trial.policy,
                now=visit.house.clock(),
            )
        if trial.agreement:
            with visit.desk() as desk:
                told = policies.try_policy(
                    desk, trial.source, trial.sample(), tier=_tier(visit), whole=trial.whole, policy_id=trial.policy
                )
    return _editor(visit, policy_id=trial.policy, checked=True, faults=found, consequences=consequences, told=told)


@shown("/policies/{policy_id:str}", guard="pages.policies")
def show_policy(visit: TheVisit, policy_id: Ulid) -> Answer:
    """Show a policy with all its versions, and the editor for the next one."""
    return _editor(visit, policy_id=policy_id)


@acted("/policies/{policy_id:str}", guard="pages.policies", again=show_policy)
def draft_version(visit: TheVisit, policy_id: Ulid) -> Answer:
    """Draft the next version."""
    given = visit.form.read(Draft)
    with visit.desk() as desk:
        policies.draft_policy(
            *(desk, given.policy_title, given.basis, given.source),
            tier=_tier(visit),
            whole=given.whole,
            policy_id=policy_id,
            seen=given.seen,
        )
    return done(desk, f"/policies/{policy_id}")


@acted("/policies/{policy_id:str}/enforcement", guard="pages.policies", again=show_policy)
def enforce_policy(visit: TheVisit, policy_id: Ulid) -> Answer:
    """Put a version in force, as a second person."""
    given = visit.form.read(Enforcement)
    with visit.desk() as desk:
        policies.enforce_policy(desk, policy_id, given.version, given.starts)
    return done(desk, f"/policies/{policy_id}")


@acted("/policies/{policy_id:str}/withdrawal", guard="pages.policies", again=show_policy)
def withdraw_policy(visit: TheVisit, policy_id: Ulid) -> Answer:
    """Withdraw a policy."""
    with visit.desk() as desk:
        policies.withdraw_policy(desk, policy_id)
    return done(desk, f"/policies/{policy_id}")


def _editor(
    visit: Visit,
    *,
    policy_id: str = "",
    checked: bool = False,
    faults: tuple[Text, ...] = (),
    consequences: tuple[Consequence, ...] = (),
    told: Told | None = None,
) -> Answer:
    """Show the editor, with what a check has found."""
    versions: tuple[DeliveryPolicy, ...] = ()
    if policy_id:
        with visit.house.reading() as db:
            policies.latest_policy(db, policy_id, body=visit.acting.org, every=_of_tier(visit))
            versions = policies.versions_of(db, policy_id)
    newest = versions[0] if versions else None
    whole = newest.whole if newest else _of_tier(visit)
    return page(
        visit,
        "delivery/policy.html",
        title=newest.title if newest else text("New policy"),
        crumbs=(POLICIES,),
        policy=newest,
        versions=versions,
        first_source=FIRST_SOURCE,
        whole=whole,
        of_tier=_of_tier(visit),
        checked=checked,
        faults=faults,
        consequences=consequences,
        told=told,
        actions=[(name, name) for name in ACTIONS],
        may_draft=_may(visit, "draft", newest) if newest else _may_draft(visit),
        may_enforce=newest is not None and newest.stage is Stage.DRAFT and _may(visit, "enforce", newest),
        may_withdraw=any(one.stage is not Stage.WITHDRAWN for one in versions) and _may(visit, "withdraw", newest),
        own=newest is not None and newest.by == visit.acting.id,
    )


def _may(visit: Visit, what: str, kept: DeliveryPolicy | None) -> bool:
    if kept is None:
        return False
    act = f"delivery.{what}_tier_policy" if kept.whole else f"delivery.{what}_policy"
    return visit.may(act, Label(owner=kept.body))


def _may_draft(visit: Visit) -> bool:
    return visit.may("delivery.draft_policy") or visit.may("delivery.draft_tier_policy", Label(owner=_tier(visit)))


def _tier(visit: Visit) -> str:
    return visit.house.home.settings.body


def _of_tier(visit: Visit) -> bool:
    return visit.acting.org == _tier(visit)


def _tone(kept: DeliveryPolicy) -> str:
    return {Stage.IN_FORCE: "green", Stage.DRAFT: "blue"}.get(kept.stage, "plain")


_WHOLE, _OWN = text("all deliveries of this node"), text("deliveries of the body's own entries")
_POLICIES: tuple[Column[DeliveryPolicy], ...] = (
    Column(key="id", title=text("Since"), value=lambda row: row.at, kind="instant", sort=True),
    Column(key="title", title=text("Title"), value=lambda row: row.title, href=lambda row: f"/policies/{row.id}"),
    Column(key="effect", title=text("Effect"), value=lambda row: row.effect),
    Column(key="whole", title=text("Reach"), value=lambda row: _WHOLE if row.whole else _OWN),
    Column(key="body", title=text("Body"), value=lambda row: row.body, kind="code"),
    Column(key="stage", title=text("State"), value=lambda row: row.stage, tone=_tone),
    Column(key="version", title=text("Version"), value=lambda row: row.version, kind="number"),
    Column(key="starts", title=text("In force from"), value=lambda row: row.starts or "", kind="day"),
    Column(key="basis", title=text("Basis"), value=lambda row: row.basis),
)
_TONES = {Sight.OPEN: "green", Sight.MASKED: "blue", Sight.DROPPED: "amber", Sight.REFUSED: "red"}
_ITEMS: tuple[Column[Seen], ...] = (
    Column(
        key="agreement",
        title=text("Agreement"),
        value=lambda row: row.agreement,
        kind="code",
        sort=True,
        options="text",
    ),
    Column(key="consumer", title=text("Using body"), value=lambda row: plain(row.consumer)),
    Column(key="item", title=text("Item"), value=lambda row: row.item, kind="code"),
    Column(key="title", title=text("Title"), value=lambda row: plain(row.title)),
    Column(key="grade", title=text("Grade"), value=lambda row: Grade[row.grade]),
    Column(key="purpose", title=text("Purpose"), value=lambda row: Purpose(row.purpose)),
    Column(
        key="single",
        title=text("Record by record"),
        value=lambda row: row.single or "",
        tone=lambda row: _TONES[row.single] if row.single else "",
    ),
    Column(
        key="whole",
        title=text("As a whole"),
        value=lambda row: row.whole or "",
        tone=lambda row: _TONES[row.whole] if row.whole else "",
    ),
    Column(
        key="policies",
        title=text("Hidden by"),
        value=lambda row: plain("; ".join(title for _, title in row.policies)),
        href=lambda row: f"/policies/{row.policies[0][0]}" if row.policies else "",
        options=(("hidden", text("only what a policy hides")),),
    ),
)


def _items(*, linked: bool) -> tuple[Column[Seen], ...]:
    """Return the columns, with a way to each agreement for whoever may look at it."""
    first, *others = _ITEMS
    return (replace(first, href=lambda row: f"/agreements/{row.agreement}"), *others) if linked else _ITEMS


PAGES = [
    list_policies,
    list_items,
    new_policy,
    draft_policy,
    check_policy,
    show_policy,
    draft_version,
    enforce_policy,
    withdraw_policy,
]
