"""Information systems of bodies: their names in the network, and the keys by which they are known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jutong.kernel.errors import Invalid
from jutong.kernel.public_key import AnyPublicKey
from jutong.kernel.text import text
from jutong.terms.org import BodyKind

# What X-Road takes in an identifier (its REST protocol, 4.2): a name is part of a path and of a header.
_PART = re.compile(r"[A-Za-z0-9'()+,\-.=?]{1,64}")
_NEVER = datetime.max.replace(tzinfo=UTC)
OVERLAP_DAYS = 7  # at most so long the key before a new one goes on counting


@dataclass(frozen=True, slots=True, order=True)
class SystemName:
    """Instance (root division), class, member (credit code) and system code: ``CN-500000/GOV/<code>/<system>``."""

    instance: str
    member_class: str
    member: str
    system: str

    def __post_init__(self) -> None:
        for part in (self.instance, self.member_class, self.member, self.system):
            if _PART.fullmatch(part) is None or part in (".", ".."):
                raise Invalid(
                    text("a part of a system's name is 1 to 64 letters, digits or '()+,-.=?"),
                    basis=text("X-Road message protocol for REST, identifiers"),
                )

    @classmethod
    def parse(cls, spelled: str) -> SystemName:
        """Read a name, or refuse it.

        >>> SystemName.parse("CN-500000/GOV/11500000MB1670604A/archive").system
        'archive'
        >>> SystemName.parse("CN-500000/GOV/../archive")
        Traceback (most recent call last):
        jutong.kernel.errors.Invalid: a part of a system's name is 1 to 64 letters, digits or '()+,-.=?
        """
        parts = spelled.split("/")
        if len(parts) != 4:
            raise Invalid(text("a system's name has four parts: instance/class/member/system"))
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.instance}/{self.member_class}/{self.member}/{self.system}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemKey:
    """A key and the time in which signatures by it counted."""

    key: AnyPublicKey
    since: datetime
    until: datetime | None = None

    def ended(self, until: datetime, now: datetime) -> SystemKey:
        """Return the key as one that counts until then; one that ended before ``now`` stays as it is."""
        return self if self.until and self.until <= now else replace(self, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system of one body, with every key that it ever had, oldest first."""

    name: SystemName
    title: str
    keys: tuple[SystemKey, ...] = ()

    @property
    def body(self) -> str:
        """The credit code of the body that answers for the system."""
        return self.name.member

    @property
    def key(self) -> AnyPublicKey | None:
        """The newest key that counts; None for a system that may not sign."""
        return next((each.key for each in self.keys if each.until is None), None)

    def counting(self, instant: datetime) -> tuple[SystemKey, ...]:
        """Return the keys that count at ``instant``, the newest first: two in the overlap of a rotation.

        An old receipt is checked with the keys of its day.
        """
        return tuple(each for each in reversed(self.keys) if each.since <= instant < (each.until or _NEVER))

    def with_key(self, key: AnyPublicKey, now: datetime, *, overlap_days: int = 0) -> System:
        """Return the system with ``key`` in place of the present one, which may go on counting for some days.

        Never do more than two count, and a key that was given up does not come back.
        """
        if not 0 <= overlap_days <= OVERLAP_DAYS:
            raise Invalid(text("two keys count together for at most {most} days", most=OVERLAP_DAYS))
        if key == self.key:
            return self
        if any(key == each.key for each in self.keys):
            raise Invalid(
                text("this key was given up before; it may be in other hands"), remedy=text("make a new key pair")
            )
        until = now + timedelta(days=overlap_days)
        older = tuple(each.ended(now if each.until else until, now) for each in self.keys)
        return replace(self, keys=(*older, SystemKey(key=key, since=now)))

    def without_key(self, now: datetime) -> System:
        """Return the system with no key: nothing that it signs counts from now on."""
        return replace(self, keys=tuple(each.ended(now, now) for each in self.keys))

    def without_older(self, now: datetime) -> System:
        """Return the system with its newest key alone: an overlap ends before its time."""
        return replace(self, keys=tuple(each.ended(now, now) if each.until else each for each in self.keys))


def instance_of(division: str) -> str:
    """Return the network instance of a division: its province's.

    >>> instance_of("500112")
    'CN-500000'
    """
    return f"CN-{division[:2]}0000"


def class_of(kind: BodyKind, code: str) -> str:
    """Return the member class of a body: GOV for government, COM for firms, ORG for all else."""
    if kind in (BodyKind.AUTHORITY, BodyKind.DEPARTMENT):
        return "GOV"
    return "COM" if code.startswith("9") else "ORG"
