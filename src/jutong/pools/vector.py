"""Functions over whole columns that an engine inside this process lends to its SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class VectorFunction:
    """A function of one text column under its SQL name; it answers one small number (0 to 127) a row, never NULL."""

    name: str
    of: Callable[[pa.Array], pa.Array]
