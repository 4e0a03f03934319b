"""What answering a call needs, and the steps that all calls share: name the keys, judge, count, find the row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from hmac import trans_5C, trans_36

import msgspec

from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method
from jutong.kernel.text import text

from ..call import Call
from ..likeness import KEY_LIMIT, key_bytes
from ..plan import Plan, judge, over_quota, plan_for
from ..quota import Counters
from ..ruling import RowRule
from ..service import Service
from ..session import Sessions
from ..shape import words_of
from ..wire import NOT_FOUND, Asked, Turned, invalid
from .alike import Standing
from .case import Case
from .copies import Copy

_PURPOSES = frozenset(purpose.value for purpose in Purpose)
_rows = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Pseudonyms:
    """Makes what stands on record for a key, a person or a case; nobody without the secret can guess it.

    It is HMAC-SHA256 (RFC 2104), whose two halves know the secret already: a call pays for its own words only.
    """

    def __init__(self, secret: bytes) -> None:
        block = secret.ljust(64, b"\0")
        self._inner, self._outer = sha256(block.translate(trans_36)), sha256(block.translate(trans_5C))

    def of(self, words: bytes) -> str:
        """Return the pseudonym of ``words``; nothing has none.

        >>> import hmac
        >>> Pseudonyms(b"secret").of(b"key") == hmac.new(b"secret", b"key", "sha256").hexdigest()[:32]
        True
        """
        if not words:
            return ""
        inner = self._inner.copy()
        inner.update(words)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:32]


class Desks:
    """What answering needs from the gateway: what stands now, copies, counters, sessions and secret."""

    def __init__(self, copies: Mapping[str, Copy], counters: Counters, sessions: Sessions, secret: bytes) -> None:
        self.standing = Standing()
        self.copies, self.counters, self.sessions = copies, counters, sessions
        self.pseudonym = Pseudonyms(secret).of


def named(desks: Desks, case: Case, keys: Sequence[str]) -> list[bytes]:
    """Return keys in the one spelling by which rows are kept, and put their pseudonyms on record."""
    spelled = []
    for key in keys:
        if not 1 <= len(key) <= KEY_LIMIT:
            raise invalid(text("a key has 1 to {limit} characters", limit=KEY_LIMIT))
        spelled.append(key_bytes(key))
    case.subject = ",".join(map(desks.pseudonym, spelled))
    return spelled


def granted(
    desks: Desks,
    asked: Asked,
    case: Case,
    path: str,
    method: Method,
    items: tuple[str, ...],
    records: int,
    among: tuple[Plan, ...] | None = None,
) -> tuple[Plan, Service]:
    """Return the plan under which the call is allowed, and the service; or leave through ``Turned``.

    ``among`` are the plans that come into question; None means all of the caller's.
    """
    purpose = asked.field(b"jutong-purpose")
    # Free text of a stranger does not go on record: it could name a person.
    case.purpose = purpose if purpose in _PURPOSES else ""
    board = desks.standing.board
    found = board.plans_of(case.client.name, path, asked.field(b"jutong-agreement")) if among is None else among
    if not found:
        raise Turned(NOT_FOUND)
    case.service = service = board.services[path]
    if not purpose and case.by_secret:
        # The domestic profiles have no place for it; where one purpose was agreed, that is the one.
        agreed = {plan.only_purpose for plan in found}
        purpose = case.purpose = agreed.pop() if len(agreed) == 1 else ""
    if not purpose:
        raise invalid(text("the field {field} is missing", field="Jutong-Purpose"))
    call = Call(
        case.client.name,
        method,
        purpose,
        items,
        case.at.day,
        case.at.hour,
        records=records,
        address=asked.peer,
        by_secret=case.by_secret,
        alg=case.alg,
    )
    first = None
    for plan in found:
        refusal = judge(plan, call)
        if refusal is None:
            allowed = case.plan = plan_for(plan, call) if plan.cuts else plan
            case.kept = plan.rules.rows(call) if plan.rules else None
            return allowed, service
        if first is None:
            case.plan, first = plan, refusal
    assert first is not None
    raise Turned(first)


def count(desks: Desks, case: Case, plan: Plan, records: int) -> None:
    """Take records off the day's quota, or leave through ``Turned``."""
    if not desks.counters.take(plan.agreement, case.at.day, records, plan.quota_per_day):
        raise Turned(over_quota(plan))


def row_of(
    desks: Desks, plan: Plan, service: Service, key: bytes, items: Collection[str], kept: RowRule | None
) -> bytes | None:
    """Return the row of a key, if it is inside the agreed area and policies let it be seen.

    Of what lies sealed only ``items`` are opened, and what has to be known to decide that.
    """
    if not key:
        return None
    copy = desks.copies[service.copy]
    open_copy = copy.opening is None and copy.refusal is None
    return _inside(plan, copy.get(key) if open_copy else copy.row(key, _opened(plan, items, kept)), kept)


def rows_of(
    desks: Desks, plan: Plan, service: Service, keys: Sequence[bytes], items: Collection[str], kept: RowRule | None
) -> list[bytes | None]:
    """Return the row of each key, as ``row_of`` does, in order."""
    copy = desks.copies[service.copy]
    if copy.opening is None and copy.refusal is None:
        held = copy.get_many(keys)
    else:
        opened = _opened(plan, items, kept)
        held = [copy.row(key, opened) if key else None for key in keys]
    return [_inside(plan, row, kept) for row in held] if plan.regions or kept else held


def _opened(plan: Plan, items: Collection[str], kept: RowRule | None) -> Collection[str]:
    needed = {plan.region_item} if plan.regions else set()
    return {*items, *needed, *(kept.names if kept else ())}


def _inside(plan: Plan, held: bytes | None, kept: RowRule | None) -> bytes | None:
    if held is None or not (plan.regions or kept):
        return held
    values = _rows.decode(held)
    if plan.regions and not plan.within(words_of(values.get(plan.region_item))):
        return None
    if kept is None:
        return held
    told = {name: words for name in kept.names if (words := words_of(values.get(name))) is not None}
    return held if kept.keeps(told) else None
