"""An agreement compiled for the gateway: what may leave, through which mask, for what, how often, until when."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from jutong.catalogue.entry import Entry
from jutong.catalogue.terms_of_use import ShareType
from jutong.guard.grades import Durability, Method, handling
from jutong.guard.mask import Clear, Drop, Masked, parse_mask
from jutong.kernel.errors import NO_TEXT
from jutong.kernel.httpsig import SM2
from jutong.kernel.text import Text, text
from jutong.sharing.agreement import Agreement, Standing
from jutong.terms.grade import Grade

from .shape import Shape

ANSWERED = "ok"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer is no: by which term, why, and what the caller can do; ``code`` is stable and goes on record."""

    code: str
    reason: Text
    basis: Text = NO_TEXT
    remedy: Text = NO_TEXT


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
    durability: Durability
    sm2: bool = False  # whether every call must be signed by SM2

    def within(self, region: str | None) -> bool:
        """Say whether a row of this division is inside the agreed area; a row of no known division is not."""
        return not self.regions or (region is not None and region.startswith(self.regions))

    def open(self, day: date) -> bool:
        """Say whether calls can be answered on ``day``."""
        return self.standing is Standing.IN_FORCE and self.delivered and self.starts <= day <= self.ends


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a consumer's system asks for, on which day; one is made a call, so it is a cheap kind of value."""

    client: str
    method: Method
    purpose: str
    items: tuple[str, ...]
    day: date
    alg: str = ""  # by which the call itself is signed; empty for a token


def compile(agreement: Agreement, entry: Entry, *, secret: bytes, sm2_from: str = "") -> Plan:
    """Return the plan of ``agreement`` over ``entry`` as it is now; an item that is no longer shared is left out.

    Tokens that stand for values are made under a key of this consumer and this entry alone, so that two consumers
    cannot join what they were given. From the grade ``sm2_from`` on, if any, calls must be signed by SM2.
    """
    token_key = token_key_of(agreement, entry, secret)
    shared = {item.name for item in entry.items if item.share_type is not ShareType.NOT_SHARED}
    columns, read = {}, set()
    for granted in agreement.items:
        if granted.name in shared:
            mask = parse_mask(granted.mask)
            if not isinstance(mask, Drop):
                read.add(granted.name)
            columns[granted.name] = Column(granted.name, None if isinstance(mask, Clear) else mask.compile(token_key))
    return Plan(
        agreement=agreement.id,
        epoch=agreement.epoch,
        entry=agreement.entry,
        provider=agreement.provider,
        consumer=agreement.consumer,
        systems=frozenset(agreement.systems),
        columns=columns,
        read=frozenset(read),
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
        durability=handling(entry.grade).durability,
        sm2=bool(sm2_from) and entry.grade >= Grade[sm2_from],
    )


def token_key_of(agreement: Agreement, entry: Entry, secret: bytes) -> bytes:
    """Return the key under which tokens of this consumer and this entry are made, and no others."""
    return hmac.digest(secret, f"token\n{agreement.consumer}\n{entry.id}".encode(), "sha256")


def judge(plan: Plan, call: Call) -> Refusal | None:
    """Return why the call is outside the agreement, or None; the day's quota is counted by the caller, who holds it."""
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
