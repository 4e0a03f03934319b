"""What is handed to an engine beside its SQL, where no value is ever spelled, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeAlias

Handed: TypeAlias = str | float | date | Sequence[str | float | date]
Row: TypeAlias = tuple[object, ...]
