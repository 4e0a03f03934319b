"""Whether a call would be answered, judged without making it: nothing is looked up, counted or handed out."""

from __future__ import annotations

from collections.abc import Sequence

from jutong.catalogue.entry import Entry
from jutong.kernel.text import text
from jutong.sharing.agreement import Agreement

from .call import Call
from .plan import compile, judge, over_quota
from .refusal import Refusal
from .ruling import InForce
from .service import Service
from .wire import NOT_FOUND

_NO_SECRET = bytes(32)  # masks are compiled with the plan, but no value meets them here


def verdict_of(
    agreement: Agreement,
    entry: Entry,
    service: Service | None,
    call: Call,
    *,
    known: bool,
    used: int,
    policies: Sequence[InForce],
    sm2_from: str = "",
) -> Refusal | None:
    """Return why the gateway would refuse the call, or None; ``known`` says whether the system has a key.

    ``used`` is how many records of the day are given out already, ``sm2_from`` the grade from which
    calls are signed by SM2.
    """
    if not known:
        return Refusal(
            "not-known",
            text("the system has no key, so nobody can know it"),
            text("every call carries a session token or a signature (RFC 9421) of the system that it names"),
            text("ask the security administrator to register the system's public key"),
        )
    if service is None or call.client not in agreement.systems:
        return NOT_FOUND
    plan = compile(agreement, entry, secret=_NO_SECRET, policies=policies, sm2_from=sm2_from)
    return judge(plan, call) or (over_quota(plan) if used >= plan.quota_per_day else None)
