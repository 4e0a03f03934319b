"""What Cedar's expressions are about: booleans, numbers of 64 bits, strings, entities, sets, records, and two more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LEAST, MOST = -(2**63), 2**63 - 1
_DECIMAL = re.compile(r"(-?)([0-9]+)\.([0-9]{1,4})")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_ADDRESS_LIMIT = 43  # characters


class Wrong(Exception):
    """An expression has no value: an attribute that is not there, another type, a number beyond 64 bits."""


@dataclass(frozen=True, slots=True)
class Uid:
    r"""The name of an entity: its type and its identifier.

    >>> str(Uid("System", 'a"b'))
    'System::"a\\"b"'
    """

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}::{quoted(self.id)}"


@dataclass(frozen=True, slots=True)
class Set:
    """A set; its members stand as ``key_of`` spells them, because Python takes True for 1 and Cedar does not."""

    keys: frozenset[object]


class Record(Mapping[str, "Value"]):
    """Attributes by name."""

    __slots__ = ("_held", "_key")

    def __init__(self, held: Mapping[str, Value]) -> None:
        self._held = dict(held)
        self._key: frozenset[tuple[str, object]] | None = None

    def __getitem__(self, name: str) -> Value:
        return self._held[name]

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name: object) -> bool:
        return name in self._held

    @property
    def key(self) -> frozenset[tuple[str, object]]:
        """What two equal records have in common."""
        if self._key is None:
            self._key = frozenset((name, key_of(value)) for name, value in self._held.items())
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True, order=True)
class Decimal:
    """A number with four places, kept as ten thousandths."""

    parts: int


@dataclass(frozen=True, slots=True)
class Address:
    """An address or a range of addresses; bits beyond the prefix stay as they were written."""

    version: int
    bits: int
    prefix: int

    @property
    def width(self) -> int:
        """How many bits an address of this version has."""
        return 32 if self.version == 4 else 128

    def within(self, other: Address) -> bool:
        """Say whether the whole of this range is inside another."""
        if self.version != other.version or self.prefix < other.prefix:
            return False
        beyond = self.width - other.prefix
        return self.bits >> beyond == other.bits >> beyond


Value = bool | int | str | Uid | Set | Record | Decimal | Address


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity: its attributes, and all that it is in, however far above."""

    uid: Uid
    attrs: Record = field(default_factory=lambda: Record({}))
    ancestors: frozenset[Uid] = frozenset()


def key_of(value: Value) -> object:
    """Return what stands for a value where values are compared.

    >>> key_of(True) == key_of(1), key_of("a") == key_of("a")
    (False, True)
    """
    return (value,) if value is True or value is False else value


def set_of(values: Iterable[Value]) -> Set:
    """Return the set of some values."""
    return Set(frozenset(map(key_of, values)))


def members(held: Set) -> list[Value]:
    """Return the members of a set, in no order."""
    return [key[0] if isinstance(key, tuple) else key for key in held.keys]  # type: ignore[misc]


def decimal_of(words: str) -> Decimal:
    """Read a decimal number, or have no value.

    >>> decimal_of("-1.5").parts
    -15000
    """
    found = _DECIMAL.fullmatch(words)
    if found is None:
        raise Wrong("not a decimal")
    parts = int(found[2]) * 10_000 + int(found[3].ljust(4, "0"))
    parts = -parts if found[1] else parts
    if not LEAST <= parts <= MOST:
        raise Wrong("decimal out of range")
    return Decimal(parts)


def address_of(words: str) -> Address:
    """Read an address or a range, or have no value.

    >>> address_of("10.1.2.3").within(address_of("10.0.0.0/8"))
    True
    """
    six = ":" in words
    if len(words) > _ADDRESS_LIMIT or (six and ("." in words or "%" in words)) or not words.isascii():
        raise Wrong("not an address")
    head, cut, prefix = words.partition("/")
    width = 128 if six else 32
    try:
        bits = int(IPv6Address(head) if six else IPv4Address(head))
    except (AddressValueError, ValueError) as error:
        raise Wrong("not an address") from error
    if cut and (_PREFIX.fullmatch(prefix) is None or int(prefix) > width):
        raise Wrong("not a prefix")
    return Address(6 if six else 4, bits, int(prefix) if cut else width)


def quoted(words: str) -> str:
    """Return a string as Cedar spells it."""
    plain = words.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\0")
    return '"' + plain.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def kind_of(value: Value) -> str:
    """Return the name of a value's type."""
    return {bool: "Bool", int: "Long", str: "String", Decimal: "decimal", Address: "ipaddr"}.get(
        type(value), type(value).__name__
    )
