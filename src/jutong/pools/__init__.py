"""Where rows live: department pools, district pools, base and theme libraries, and the serving copies of them.

Nouns: Snapshot, TableRef, FileRef, VectorFunction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.kernel.vault import Vault

from .engine import DuckEngine, Engine, FileRef, TableRef
from .lake import Lake
from .lookup import LmdbLookup, Lookup, LookupReader
from .lookup_postgres import PostgresLookup
from .ranges import RangeCopies, RangeReader
from .snapshot import Snapshot, digest_of
from .spark import SparkEngine
from .vector import VectorFunction


@dataclass(frozen=True, slots=True)
class Pools:
    """The lake, the engine over it, serving copies (by key; by what rows say), and the keys of sealed ones."""

    lake: Lake
    engine: Engine
    lookup: Lookup
    ranges: RangeCopies
    vault: Vault


def open_pools(
    lake_url: str,
    lake_options: Mapping[str, str],
    engine: str,
    lookup: str,
    serving_folder: Path,
    *,
    engine_megabytes: int = 0,
    vault: Vault | None = None,
) -> Pools:
    """Open the pools of one node by its settings.

    ``engine`` is ``duckdb`` or ``sc://host:port``; ``lookup`` is ``lmdb`` or ``postgresql://...``; the embedded engine
    spills to disk beyond ``engine_megabytes`` (0: half of the machine's memory).
    """
    scratch = serving_folder / ".scratch"
    lake = Lake(lake_url, lake_options, scratch)
    kept = vault or Vault(serving_folder.parent / "keys" / "serving")
    ranges = RangeCopies(serving_folder / "listings")
    duck = _engine(engine, lake, scratch, engine_megabytes)
    return Pools(lake, duck, _lookup(lookup, serving_folder), ranges, kept)


def _engine(setting: str, lake: Lake, scratch: Path, megabytes: int) -> Engine:
    if setting == "duckdb":
        return DuckEngine(lake, scratch, memory_bytes=megabytes * 1_000_000)
    if urlsplit(setting).scheme == "sc":
        return SparkEngine(lake, setting)
    raise Invalid(text("there is no engine {engine}", engine=setting), remedy=text("set duckdb or sc://host:port"))


def _lookup(setting: str, folder: Path) -> Lookup:
    if setting == "lmdb":
        return LmdbLookup(folder)
    if urlsplit(setting).scheme in {"postgresql", "postgres"}:
        return PostgresLookup(setting)
    raise Invalid(text("there is no such kind of serving copies"), remedy=text("set lmdb or postgresql://..."))


__all__ = [
    "DuckEngine",
    "Engine",
    "FileRef",
    "Lake",
    "Lookup",
    "LookupReader",
    "Pools",
    "RangeCopies",
    "RangeReader",
    "Snapshot",
    "SparkEngine",
    "TableRef",
    "VectorFunction",
    "digest_of",
    "open_pools",
]
