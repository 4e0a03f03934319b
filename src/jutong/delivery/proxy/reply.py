"""What a department's service answered: checked against what was declared, and cut down to what was agreed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from jutong.guard.mask import Masked

from .operation import JSON, Operation, is_json
from .proxy import Field
from .schema import Json, fault_of

EVERY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it came: its status, media type without parameters, body."""

    status: int
    media: str
    body: bytes = field(repr=False)


class Unlike(Exception):
    """The answer is not what was declared; ``fault`` says where, in words of the declaration."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Cut:
    """What of an answer leaves: a tree along the pointers, each leaf an item that was granted, behind its mask."""

    branches: Mapping[str, Cut] = field(default_factory=dict)
    leaf: bool = False
    mask: Masked | None = None

    def of(self, value: Json) -> Json:
        """Return what of a value leaves.

        >>> cut_of([Field(pointer="/firms/*/name", item="name")], {"name": lambda words: words and words[:1]}).of(
        ...     {"firms": [{"name": "abc", "owner": "x"}], "total": 1}
        ... )
        {'firms': [{'name': 'a'}]}
        """
        if self.leaf:
            return self._masked(value)
        if isinstance(value, list):
            branch = self.branches.get(EVERY)
            return [branch.of(one) for one in value] if branch else []
        if isinstance(value, Mapping):
            # A list's branch is no name, though an object may hold one that is spelled like it.
            return {
                name: branch.of(value[name])
                for name, branch in self.branches.items()
                if name in value and name != EVERY
            }
        return None

    def _masked(self, value: Json) -> Json:
        if isinstance(value, list | Mapping):
            return None  # an item is one value; what hides inside one was not granted
        if self.mask is None or value is None:
            return value
        return self.mask(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def pieces_of(pointer: str) -> tuple[str, ...]:
    """Return the parts of a JSON pointer.

    >>> pieces_of("/a~1b/*/c")
    ('a/b', '*', 'c')
    """
    return tuple(one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:])


def cut_of(fields: Iterable[Field], masks: Mapping[str, Masked | None]) -> Cut:
    """Return the cut for the items in ``masks``: what is not among them is not there."""
    return _tree([(pieces_of(one.pointer), masks[one.item]) for one in fields if one.item in masks])


def given(operation: Operation, reply: Reply, cut: Cut | None) -> tuple[str, bytes]:
    """Return media type and body as they leave; what was not declared leaves through ``Unlike``."""
    outcome = operation.outcome(reply.status)
    if outcome is None:
        raise Unlike(f"status {reply.status}")
    if not reply.body and (not reply.media or not outcome.media):
        return "", b""
    if reply.media not in outcome.media:
        raise Unlike("content-type")
    if not is_json(reply.media):
        if cut is not None:
            raise Unlike("content-type")
        return reply.media, reply.body
    try:
        value = msgspec.json.decode(reply.body)
        if cut is None:
            return reply.media, reply.body
        fault = fault_of(True if outcome.schema is None else outcome.schema, value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unlike("JSON") from error
    if fault:
        raise Unlike(fault)
    return JSON, msgspec.json.encode(cut.of(value))


def _tree(paths: list[tuple[tuple[str, ...], Masked | None]]) -> Cut:
    beneath: dict[str, list[tuple[tuple[str, ...], Masked | None]]] = {}
    for pieces, mask in paths:
        if not pieces:
            return Cut(leaf=True, mask=mask)
        beneath.setdefault(pieces[0], []).append((pieces[1:], mask))
    return Cut({name: _tree(parts) for name, parts in beneath.items()})
