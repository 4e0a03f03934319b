"""An agreement compiled for the gateway: what may leave, through which mask, for what, how often, until when."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.guard.grades import GRADING, Durability, Method, handling, require
from jutong.guard.mask import Clear, Drop, Mask, Masked, parse_mask
from jutong.kernel.errors import NotAllowed
from jutong.kernel.httpsig import SM2
from jutong.kernel.text import text
from jutong.sharing.agreement import Agreement
from jutong.sharing.standing import Standing
from jutong.terms.grade import Grade

from .call import Call
from .cutting import Cut, Cuts, cuts_of
from .refusal import Refusal
from .ruling import InForce, Rules, rules_of
from .shape import Shape

ANSWERED = "ok"


@dataclass(frozen=True, slots=True)
class Column:
    """One item that may leave, and what of it may be seen; no mask means all of it."""

    name: str
    mask: Masked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one call under one agreement is decided by; made once per epoch and held in memory."""

    agreement: str
    epoch: int
    entry: str
    provider: str
    consumer: str
    systems: frozenset[str]
    columns: Mapping[str, Column]
    read: frozenset[str]  # the columns of which anything is seen: what is dropped need not be read
    shape: Shape
    purposes: frozenset[str]
    methods: frozenset[Method]
    quota_per_day: int
    region_item: str
    regions: tuple[str, ...]  # beginnings of division codes; empty: the whole area
    starts: date
    ends: date
    standing: Standing
    delivered: bool
    shared_secret: bool  # whether callers that cannot sign are answered
    durability: Durability
    barred: Mapping[Method, Refusal] = field(default_factory=dict)  # by the items' grades as they are now
    single: frozenset[str] = frozenset()  # items that leave one record at a time
    rules: Rules | None = None  # of the node's own policies; None: there are none for this agreement
    cuts: Cuts | None = None  # of those of them that are about single items
    withheld: str = ""  # policies that took items out of this plan, or masked them: ``id/version``, with commas
    masks: Mapping[str, Mask] = field(default_factory=dict)  # of each item that may leave
    token_key: bytes = field(default=b"", repr=False)
    narrowed: dict[Cut, Plan] = field(default_factory=dict, repr=False, compare=False)  # those that were asked for
    lists: bool = False  # the grade lets many records be found by what they say
    sm2: bool = False  # whether every call must be signed by SM2

    def within(self, region: str | None) -> bool:
        """Say whether a row of this division is inside the agreed area; a row of no known division is not."""
        return not self.regions or (region is not None and region.startswith(self.regions))

    def open(self, day: date) -> bool:
        """Say whether calls can be answered on ``day``."""
        return self.standing is Standing.IN_FORCE and self.delivered and self.starts <= day <= self.ends

    @property
    def only_purpose(self) -> str:
        """The one purpose that was agreed; empty where there are several."""
        return next(iter(self.purposes)) if len(self.purposes) == 1 else ""


def compile(
    agreement: Agreement, entry: Entry, *, secret: bytes, policies: Sequence[InForce], sm2_from: str = ""
) -> Plan:
    """Return the plan of ``agreement`` over ``entry`` as it is now; an item that is no longer shared is left out.

    ``policies`` are those in force at this node: they narrow what was agreed, and never widen it.

    Tokens that stand for values are made under a key of this consumer and this entry alone, so that two consumers
    cannot join what they were given. From the grade ``sm2_from`` on, if any, calls must be signed by SM2.
    """
    token_key = token_key_of(agreement, entry, secret)
    shared = {item.name for item in entry.items if item.share_type is not ShareType.NOT_SHARED}
    masks = {one.name: parse_mask(one.mask) for one in agreement.items if one.name in shared}
    columns = _columns(masks, token_key)
    return Plan(
        agreement=agreement.id,
        epoch=agreement.epoch,
        entry=agreement.entry,
        provider=agreement.provider,
        consumer=agreement.consumer,
        systems=frozenset(agreement.systems),
        columns=columns,
        read=_read(masks),
        shape=Shape(tuple(columns), [column.mask for column in columns.values()]),
        purposes=frozenset(purpose.value for purpose in agreement.purposes),
        methods=agreement.methods,
        quota_per_day=agreement.quota_per_day,
        region_item=entry.region_item,
        regions=tuple(sorted(beginning(division) for division in agreement.divisions)),
        starts=agreement.starts,
        ends=agreement.ends,
        standing=agreement.stage,
        delivered=agreement.delivered is not None,
        shared_secret=handling(entry.grade).shared_secret,
        durability=handling(entry.grade).durability,
        barred=_barred(entry, columns),
        single=frozenset(item.name for item in entry.items if item.name in columns and handling(item.grade).single),
        rules=rules_of(policies, agreement, entry),
        cuts=cuts_of(policies, agreement, entry),
        masks=masks,
        token_key=token_key,
        lists=handling(entry.grade).lists,
        sm2=bool(sm2_from) and entry.grade >= Grade[sm2_from],
    )


def plan_for(plan: Plan, call: Call) -> Plan:
    """Return a plan without what policies take out of a delivery that is allowed; of each there is one."""
    return _without(plan, plan.cuts.of(call)) if plan.cuts else plan


def plan_of_view(plan: Plan) -> Plan:
    """Return a plan without what policies take out of the view, whoever reads it."""
    return _without(plan, plan.cuts.of_view()) if plan.cuts else plan


def _without(plan: Plan, cut: Cut | None) -> Plan:
    if cut is None:
        return plan
    found = plan.narrowed.get(cut)
    if found is None:
        stricter = cut.masks
        masks = {name: stricter.get(name, mask) for name, mask in plan.masks.items() if name not in cut.dropped}
        columns = _columns(masks, plan.token_key)
        found = plan.narrowed[cut] = replace(
            plan,
            columns=columns,
            read=_read(masks),
            shape=Shape(tuple(columns), [column.mask for column in columns.values()]),
            masks=masks,
            withheld=cut.withheld,
            narrowed={},
        )
    return found


def _columns(masks: Mapping[str, Mask], token_key: bytes) -> dict[str, Column]:
    return {
        name: Column(name, None if isinstance(mask, Clear) else mask.compile(token_key)) for name, mask in masks.items()
    }


def _read(masks: Mapping[str, Mask]) -> frozenset[str]:
    return frozenset(name for name, mask in masks.items() if not isinstance(mask, Drop))


def _barred(entry: Entry, columns: Mapping[str, Column]) -> Mapping[Method, Refusal]:
    """Return the methods by which the items may not leave, whatever was agreed and whatever a policy permits."""
    barred: dict[Method, Refusal] = {}
    for item in entry.items:
        for method in Method if item.name in columns else ():
            try:
                require(item.grade, method, masked=columns[item.name].mask is not None, purpose=True)
            except NotAllowed as error:
                barred.setdefault(method, Refusal("grade", error.reason, error.basis, error.remedy))
    return barred


def token_key_of(agreement: Agreement, entry: Entry, secret: bytes) -> bytes:
    """Return the key under which tokens of this consumer and this entry are made, and no others."""
    return hmac.digest(secret, f"token\n{agreement.consumer}\n{entry.id}".encode(), "sha256")


def judge(plan: Plan, call: Call) -> Refusal | None:
    """Return why a delivery is refused, or None: by the agreement, by grades, by the node's policies, in this order.

    Every delivery is asked here: at the gateway, of shares, files, subscriptions and outflows. The day's quota is
    counted by the caller, who holds it.
    """
    return (
        _outside(plan, call)
        or _graded(plan, call)
        or (plan.rules.refusal(call) if plan.rules else None)
        or (plan.cuts.refusal(call) if plan.cuts else None)
    )


def _outside(plan: Plan, call: Call) -> Refusal | None:
    """Return why the call is outside the agreement, or None."""
    if plan.standing is not Standing.IN_FORCE:
        return Refusal(
            "suspended",
            text("the agreement is {standing}", standing=plan.standing.value),
            text("Order 809, art. 27"),
            text("ask the provider what is to be put right"),
        )
    if not plan.starts <= call.day <= plan.ends:
        return Refusal(
            "term",
            text("the agreement runs from {starts} to {ends}", starts=plan.starts, ends=plan.ends),
            text("sharing agreement, term"),
            text("ask the provider to renew it"),
        )
    if not plan.delivered:
        return Refusal(
            "term",
            text("the service has not been delivered yet"),
            text("sharing agreement, delivery"),
            text("wait for the provider's notice of delivery"),
        )
    if call.by_secret and not plan.shared_secret:
        return Refusal(
            "scope",
            text("data of this grade is handed over to signed calls only"),
            GRADING,
            text("sign calls with a key of your own (RFC 9421); a shared secret proves nothing to a third party"),
        )
    if plan.sm2 and call.alg != SM2:
        return Refusal(
            "suite",
            text("calls for data of this grade are signed one by one by SM2 with SM3, and this one was not"),
            text("GB/T 39786-2021; crypto.sm2_from in the settings of this node"),
            text("have an SM2 public key registered for the system, and sign every call with alg sm2-sm3"),
        )
    if call.purpose not in plan.purposes:
        return Refusal(
            "purpose",
            text("the purpose of the call is not one that was agreed"),
            text("sharing agreement, purposes: {purposes}", purposes=", ".join(sorted(plan.purposes))),
            text("name an agreed purpose, or ask for a further one"),
        )
    if call.method not in plan.methods:
        return Refusal(
            "scope",
            text("the method {method} was not agreed", method=call.method.value),
            text("sharing agreement, methods: {methods}", methods=", ".join(sorted(plan.methods))),
            text("use an agreed method, or ask for a further one"),
        )
    if not all(item in plan.columns for item in call.items):
        return Refusal(
            "scope",
            text("the call names items that were not agreed"),
            text("sharing agreement, items: {items}", items=", ".join(plan.columns)),
            text("leave them out, or ask for them"),
        )
    return None


def _graded(plan: Plan, call: Call) -> Refusal | None:
    """Return why the grades of what is asked for forbid it, or None."""
    if call.method in plan.barred:
        return plan.barred[call.method]
    if call.method is Method.QUERY and call.records > 1 and plan.single.intersection(call.items or plan.columns):
        return Refusal(
            "grade",
            text("data of this grade leaves one record at a time"),
            GRADING,
            text("ask for each record by itself, or for verification"),
        )
    return None


def over_quota(plan: Plan) -> Refusal:
    """Return the refusal of a call beyond what one day allows."""
    return Refusal(
        "quota",
        text("the {quota} records a day of the agreement are used up", quota=plan.quota_per_day),
        text("sharing agreement, quota per legal day (UTC+8)"),
        text("call again tomorrow, or ask the provider for a larger quota"),
    )


def beginning(division: str) -> str:
    """Return what the codes of all divisions inside ``division`` begin with.

    >>> beginning("500000"), beginning("500112"), beginning("500100")
    ('50', '500112', '5001')
    """
    while len(division) > 2 and division.endswith("00"):
        division = division[:-2]
    return division
