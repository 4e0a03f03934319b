"""The table of layers: what each one is as it was loaded last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound

from .crs import Crs
from .layer import Form, Layer

layer = sa.Table(
    "library_layer",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("origin", sa.String(300), nullable=False),
    sa.Column("form", sa.String(16), nullable=False),
    sa.Column("crs", sa.Integer, nullable=False),
    sa.Column("kept", sa.Integer, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("features", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Integer, nullable=False),
    sa.Column("repaired", sa.Integer, nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("bounds", Json, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("findings", sa.BigInteger, nullable=False),
    sa.Column("loaded_by", sa.String(300), nullable=False),
    sa.Column("loaded_at", Instant, nullable=False),
)


def save_layer(db: Db, loaded: Layer) -> None:
    """Keep a layer in place of what stood under its name."""
    row = asdict(loaded) | {
        "crs": loaded.crs.epsg,
        "kept": loaded.kept.epsg,
        "kinds": list(loaded.kinds),
        "bounds": list(loaded.bounds),
    }
    upsert(db, layer, row, key=("name",))


def find_layer(db: Db, name: str) -> Layer:
    """Return a layer, or refuse."""
    found = known_layer(db, name)
    if found is None:
        raise NotFound("layer", name)
    return found


def known_layer(db: Db, name: str) -> Layer | None:
    """Return a layer, or None."""
    row = db.execute(sa.select(layer).where(layer.c.name == name)).mappings().first()
    return None if row is None else _layer(row)


def layers(db: Db, *, descending: bool = False, after: tuple[str, ...] = (), limit: int = 10_000) -> tuple[Layer, ...]:
    """Return the layers by name."""
    query = keyset(sa.select(layer), (layer.c.name,), after=after, descending=descending, limit=limit)
    return tuple(_layer(row) for row in db.execute(query).mappings())


def _layer(row: Mapping[Any, Any]) -> Layer:
    west, south, east, north = row["bounds"]
    made = {
        "form": Form(row["form"]),
        "crs": Crs(row["crs"]),
        "kept": Crs(row["kept"]),
        "kinds": tuple(row["kinds"]),
        "bounds": (west, south, east, north),
    }
    return Layer(**{**row, **made})
