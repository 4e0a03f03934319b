"""Rows of the harvest's tables as nouns."""

from __future__ import annotations

import sqlalchemy as sa

from ..terms_of_use import OpenType, UpdateCycle
from .gather import Counts, Gather, Source, Stage
from .kinship import Decision, Kin, Standing, Why
from .listed import Harvested
from .mapping import Guess, Idea
from .record import Identity, State
from .tables import record_table


def listed_by(source: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what narrows records to those that a source lists."""
    return record_table.c.source == source, record_table.c.state == State.LISTED.value


def formats_of(words: str) -> tuple[str, ...]:
    """Return formats as a record has them."""
    return tuple(words.split(",")) if words else ()


def source_of(row: sa.RowMapping) -> Source:
    """Return a source."""
    mapped = {name: Idea(idea) for name, idea in row["mapped"].items()}
    return Source(**{**row, "mapped": mapped, "identity": Identity(row["identity"])})


def gather_of(row: sa.RowMapping) -> Gather:
    """Return a gather."""
    guesses = tuple(
        Guess(**{**one, "idea": Idea(one["idea"]), "samples": tuple(one["samples"])}) for one in row["guesses"]
    )
    told = {"stage": Stage(row["stage"]), "identity": Identity(row["identity"]), "counts": Counts(**row["counts"])}
    return Gather(**{**row, **told, "guesses": guesses})


def decision_of(row: sa.RowMapping) -> Decision:
    """Return a decision."""
    same = {name: row[name] for name in ("source", "leader", "member")}
    return Decision(**same, kin=Kin(row["kin"]), why=Why(row["why"]), standing=Standing(row["standing"]))


def harvested_of(row: sa.RowMapping) -> Harvested:
    """Return a record."""
    left = ("key", "digest", "content", "gather")
    return Harvested(
        **{
            **{name: value for name, value in row.items() if name not in left},
            "open_type": row["open_type"] and OpenType(row["open_type"]),
            "update_cycle": row["update_cycle"] and UpdateCycle(row["update_cycle"]),
            "formats": formats_of(row["formats"]),
            "state": State(row["state"]),
            "kin": Kin(row["kin"]) if row["kin"] else None,
        }
    )
