"""The JSON spelling of an entry, for the API and for neighbour tiers; whatever it does not know it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid, Overtaken
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from .entry import Entry

PROFILE = "jutong-entry-1"
VERSION_LIMIT = 1_000_000
MOVES_LIMIT = 10_000
# Where an entry stands on its way; what it says of the data is the rest.
WAY = frozenset({"stage", "moves", "audit_due"})
# What an entry, or an item, says only where there is something to say.
_UNSAID: Mapping[str, object] = {"theme": None}
_OPTIONAL: Mapping[str, object] = {
    "conditions": (),
    "other_conditions": (),
    **dict.fromkeys(("open_condition", "source"), ""),
    **dict.fromkeys(("open_type", "update_cycle"), None),
    "classified": False,
}


learn(Entry)


def entry_to_document(entry: Entry) -> dict[str, Fact]:
    """Return the entry as plain JSON values, without a theme that is not given and terms that items leave to the entry.

    So a sheet without them keeps the digest that it had before there could be any, at every node.
    """
    document = {name: part for name, part in _whole(entry).items() if _said(_UNSAID, name, part)}
    bare = [{name: part for name, part in item.items() if _said(_OPTIONAL, name, part)} for item in document["items"]]
    return {**document, "items": bare}


def _whole(entry: Entry) -> dict[str, Any]:
    return {"profile": PROFILE, **msgspec.to_builtins(entry)}


def _said(optional: Mapping[str, object], name: str, part: object) -> bool:
    return name not in optional or part != optional[name]


def entry_of_document(document: object) -> Entry:
    """Read an entry from plain JSON values, or refuse; what is left out takes its default.

    >>> entry_of_document({"profile": "jutong-entry-1", "colour": "red"})
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: the entry cannot be read: Object missing required field `id`
    """
    if not isinstance(document, Mapping) or document.get("profile") != PROFILE:
        raise Invalid(
            text("this is no catalogue entry of the profile {profile}", profile=PROFILE),
            remedy=text("write the member profile, with the value {profile}", profile=PROFILE),
        )
    try:
        entry = msgspec.convert({name: part for name, part in document.items() if name != "profile"}, Entry)
    except (msgspec.ValidationError, TypeError, OverflowError) as error:
        raise Invalid(text("the entry cannot be read: {why}", why=str(error))) from error
    unknown = _unknown(document, _whole(entry), "")
    if unknown:
        raise Invalid(
            text("the entry has members that the profile does not know: {names}", names=", ".join(unknown[:20])),
            remedy=text("leave them out"),
        )
    if not 1 <= entry.version <= VERSION_LIMIT or len(entry.moves) > MOVES_LIMIT:
        raise Invalid(text("the version or the number of moves is out of bounds"))
    if any(move.at.tzinfo is None for move in entry.moves):
        raise Invalid(text("an instant needs its offset from UTC"), remedy=text("write 2026-01-02T03:04:05Z"))
    return entry


def digest_of(entry: Entry) -> str:
    """Return the digest of what the entry says, in this version, wherever it stands on its way."""
    document = entry_to_document(entry)
    return digest(canonical({name: part for name, part in document.items() if name not in WAY}))


def check_seen(entry: Entry, seen: str) -> None:
    """Refuse to go on from another wording than stands now; whoever names no digest of what was seen is not asked."""
    if seen and seen != digest_of(entry):
        raise Overtaken


def _unknown(given: Any, known: Any, path: str) -> list[str]:
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        found = []
        for name, part in given.items():
            found += _unknown(part, known[name], f"{path}{name}.") if name in known else [f"{path}{name}"[:200]]
        return found
    if isinstance(given, list | tuple) and isinstance(known, list | tuple):
        return [name for a, b in zip(given, known, strict=False) for name in _unknown(a, b, path)]
    return []
