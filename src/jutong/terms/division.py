"""Administrative divisions by six-digit code (GB/T 2260), each with the years in which it was in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FIRST_TABLE = 1980  # the code tables begin here; a question about an earlier year is answered by this one
WHOLE_COUNTRY = frozenset({"000000", "100000"})


def lies_in(division: str, area: str) -> bool:
    """Say whether a division is an area or lies in it, by the three pairs of its code (GB/T 2260).

    >>> lies_in("500112", "500000"), lies_in("510000", "500000"), lies_in("500112", "500112")
    (True, False, True)
    """
    if area in WHOLE_COUNTRY:
        return True
    pairs = [area[place : place + 2] for place in (0, 2, 4)]
    while pairs and pairs[-1] == "00":
        pairs.pop()
    return division.startswith("".join(pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A code under one name; ``since`` and ``until`` are years, and ``until`` is None while it stands.

    The yearly tables have gaps, so the years are outer bounds: in each of them the code may have been in force.
    A registry code is used by registering offices (development zones, mostly) and stands in no yearly table.
    """

    code: str
    name: str
    since: int
    until: int | None = None
    registry: bool = False


@dataclass(frozen=True, slots=True)
class Divisions:
    """All divisions that ever had a code, the latest name of each code last."""

    spans: tuple[Division, ...]
    _by_code: Mapping[str, tuple[Division, ...]]

    @classmethod
    def of_rows(cls, rows: Iterable[Division]) -> Divisions:
        """Return the index over ``rows``."""
        by_code: dict[str, tuple[Division, ...]] = {}
        spans = tuple(sorted(rows, key=lambda row: (row.code, row.since)))
        for span in spans:
            by_code[span.code] = (*by_code.get(span.code, ()), span)
        return cls(spans, by_code)

    def known(self, code: str) -> bool:
        """Say whether the code is, or ever was, a division's; registry codes are not."""
        return any(not span.registry for span in self._by_code.get(code, ()))

    def known_from(self, code: str, year: int) -> bool:
        """Say whether the code was in force at any time from ``year`` on.

        This is the question for what carries a code of its first registration: late registration gives a person
        born in 1960 a code that came into force in 1997.
        """
        return any(span.until is None or span.until >= year for span in self._divisions(code))

    def in_force(self, code: str, year: int) -> bool:
        """Say whether the code was in force in that very year."""
        asked = max(year, FIRST_TABLE)
        return any(
            span.since <= asked and (span.until is None or span.until >= asked) for span in self._divisions(code)
        )

    def is_registry_code(self, code: str) -> bool:
        """Say whether registering offices use the code though no table has it."""
        return any(span.registry for span in self._by_code.get(code, ()))

    def name_of(self, code: str, year: int | None = None) -> str:
        """Return the division's name in ``year``, or its latest; "" for a code that nobody knows."""
        spans = self._by_code.get(code, ())
        if year is not None:
            asked = max(year, FIRST_TABLE)
            spans = tuple(s for s in spans if s.since <= asked and (s.until is None or s.until >= asked)) or spans
        return spans[-1].name if spans else ""

    def parents(self, code: str) -> tuple[str, ...]:
        """Return the codes of the known divisions around this one, the nearest first."""
        around = dict.fromkeys((f"{code[:4]}00", f"{code[:2]}0000"))
        return tuple(parent for parent in around if parent != code and parent in self._by_code)

    def full_name_of(self, code: str, year: int | None = None) -> str:
        """Return the name from the province down, without the tables' fillers (市辖区, 县)."""
        names = [self.name_of(each, year) for each in (*reversed(self.parents(code)), code)]
        return "".join(name for name in names if name not in _FILLERS)

    def _divisions(self, code: str) -> tuple[Division, ...]:
        return tuple(span for span in self._by_code.get(code, ()) if not span.registry)


# What the tables put where a level is missing: the county level of a city itself, the prefecture level of a county.
_FILLERS = frozenset(
    (
        "市辖区",
        "县",
        "市",
        "省直辖县级行政区划",
        "自治区直辖县级行政区划",
        "省直辖行政单位",
        "省直辖县级行政单位",
        "自治区直辖县级行政单位",
    )
)
