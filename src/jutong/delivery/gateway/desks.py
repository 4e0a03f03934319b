"""What answering a call needs, and the steps that all calls share: name the keys, judge, count, find the row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from hmac import trans_5C, trans_36

import msgspec

from jutong.catalogue.terms_of_use import Purpose
from jutong.guard.grades import Method
from jutong.kernel.text import text

from ..likeness import KEY_LIMIT, key_bytes
from ..plan import Call, Plan, judge, over_quota
from ..quota import Counters
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
    desks: Desks, asked: Asked, case: Case, path: str, method: Method, items: tuple[str, ...]
) -> tuple[Plan, Service]:
    """Return the plan under which the call is allowed, and the service; or leave through ``Turned``."""
    purpose = asked.field(b"jutong-purpose")
    # Free text of a stranger does not go on record: it could name a person.
    case.purpose = purpose if purpose in _PURPOSES else ""
    board = desks.standing.board
    found = board.plans_of(case.client.name, path, asked.field(b"jutong-agreement"))
    if not found:
        raise Turned(NOT_FOUND)
    case.service = service = board.services[path]
    if not purpose:
        raise invalid(text("the field {field} is missing", field="Jutong-Purpose"))
    call = Call(case.client.name, method, purpose, items, case.at.day, case.alg)
    first = None
    for plan in found:
        refusal = judge(plan, call)
        if refusal is None:
            case.plan = plan
            return plan, service
        if first is None:
            case.plan, first = plan, refusal
    assert first is not None
    raise Turned(first)


def count(desks: Desks, case: Case, plan: Plan, records: int) -> None:
    """Take records off the day's quota, or leave through ``Turned``."""
    if not desks.counters.take(plan.agreement, case.at.day, records, plan.quota_per_day):
        raise Turned(over_quota(plan))


def row_of(desks: Desks, plan: Plan, service: Service, key: bytes, items: Collection[str]) -> bytes | None:
    """Return the row of a key, if it is inside the agreed area; of sealed items those among ``items``."""
    if not key:
        return None
    copy = desks.copies[service.copy]
    if copy.opening is None and copy.refusal is None:
        held = copy.get(key)
    else:
        held = copy.row(key, [*items, plan.region_item] if plan.regions else items)
    if held is None or not plan.regions:
        return held
    return held if plan.within(words_of(_rows.decode(held).get(plan.region_item))) else None
