"""A declaration as a person or a file hands it in: an OpenAPI document, and which of its operations are offered."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from .operation import Operation, document_of, keys_of, operations_of
from .proxy import Field


def offered_in(written: bytes, keys: Collection[str]) -> tuple[tuple[Operation, ...], str]:
    """Return the operations that are offered, all where none is named, and the digest of the document as it came."""
    document = document_of(written)
    return operations_of(document, keys or keys_of(document)), sha256(written).hexdigest()


def fields_in(lines: str) -> tuple[Field, ...]:
    """Read lines of the form ``/pointer = item``.

    >>> fields_in("/data/*/name = name")
    (Field(pointer='/data/*/name', item='name'),)
    """
    found = []
    for line in lines.splitlines():
        if line.strip():
            pointer, between, item = line.rpartition("=")
            if not between:
                raise Invalid(
                    text("a line is of the form {form}", form="/data/*/name = name"), remedy=text("correct the line")
                )
            found.append(Field(pointer=pointer.strip(), item=item.strip()))
    return tuple(found)
