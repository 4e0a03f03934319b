"""How harmful a leak would be: L1 (may be published) to L4 (extremely serious)."""

from __future__ import annotations

from enum import IntEnum


class Grade(IntEnum):
    """Local grades of general data under GB/T 43697-2024; they compare: ``Grade.L2 < Grade.L3``."""

    L1 = 1
    L2 = 2
    L3 = 3
    L4 = 4
