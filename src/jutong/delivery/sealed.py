"""Sealed serving copies: items of grade L4 lie in them sealed, each for its own row, and keys as their keyed hash.

A sealed copy is a serving copy like any other. Beside its rows it holds a label, under a key that no row can have: by
which suite it is sealed, and its data key, wrapped under a key of the vault. A row is its running number, its other
items as JSON, and the sealed items. Nonces are counted, never drawn: a data key seals one copy and dies with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from jutong.catalogue.entry import Entry
from jutong.kernel.canon import Fact, canonical
from jutong.kernel.errors import Unavailable
from jutong.kernel.suite import KEY_BYTES, Cipher, Suite, VaultKey, cipher, keyed_hash, secret_of
from jutong.kernel.text import text
from jutong.terms.grade import Grade

from .likeness import KEY_BYTES as KEY_LONGEST
from .likeness import KEY_LIMIT, key_bytes

LABEL = b"\0"  # rows stand under 32 bytes, so none stands here
_SEALED = "sealed-"
_NONCE = 12  # bytes


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a copy says of its own sealing; none of it is secret, all of it is bound to the wrapped key."""

    form: int
    suite: Suite
    key: str  # the vault key's name
    copy: str
    table: str
    version: str
    items: tuple[str, ...]
    wrapped: bytes = b""  # a nonce, the data key, the tag

    def context(self) -> bytes:
        """Return what every seal of this copy is bound to: all that the label says."""
        told: list[Fact] = [
            self.form,
            self.suite.value,
            self.key,
            self.copy,
            self.table,
            self.version,
            list(self.items),
        ]
        return canonical(told) + b"\n"


class _Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    number: int
    clear: bytes  # JSON of the items that lie open
    sealed: list[bytes]  # in the label's order; each the JSON of one item


_labels, _rows = msgspec.json.Decoder(Label), msgspec.msgpack.Decoder(_Row)
_spell_row = msgspec.msgpack.Encoder().encode


def sealed_items(entry: Entry) -> tuple[str, ...]:
    """Return the items of an entry that lie sealed in its copy: those of grade L4."""
    return tuple(item.name for item in entry.items if item.grade >= Grade.L4)


def sealed_version(key: VaultKey, content: str) -> str:
    """Return what names a sealed copy: it tells by which key, so that a new key makes it anew."""
    return f"{_SEALED}{key.id}-{content}"


def key_of_version(version: str) -> str:
    """Return the name of the key under which a copy of this version is sealed; empty where it lies open.

    >>> key_of_version("sealed-0a1b2c3d-77"), key_of_version("77")
    ('0a1b2c3d', '')
    """
    return version.removeprefix(_SEALED).partition("-")[0] if version.startswith(_SEALED) else ""


class Sealing:
    """Seals the rows of one new copy."""

    def __init__(
        self, suite: Suite, key: VaultKey, *, copy: str, table: str, version: str, items: Sequence[str]
    ) -> None:
        data_key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_NONCE)
        bare = Label(1, suite, key.id, copy, table, version, tuple(items))
        context = bare.context()
        self._label = replace(bare, wrapped=nonce + key.wrapping(suite).seal(nonce, data_key, context))
        self._cipher, self._keyed = _ciphers(suite, data_key)
        self._marks = [_mark(context, item) for item in items]

    def rows(self, rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the label, then the rows of key, open JSON and the JSON of each item; an empty item is sealed too.

        A key that nobody could ask for is left out.
        """
        yield LABEL, msgspec.json.encode(self._label)
        seal, keyed, marks = self._cipher.seal, self._keyed, self._marks
        for number, (key, clear, *cells) in enumerate(rows):
            spelled = str(key)
            if len(spelled) > KEY_LIMIT or not 0 < len(held := key_bytes(spelled)) <= KEY_LONGEST:
                continue
            place, told = keyed(held), str(clear).encode()
            begins, ends = number.to_bytes(8), place + told
            sealed = [
                seal(begins + nth.to_bytes(4), str(cell).encode(), mark + ends)
                for nth, (mark, cell) in enumerate(zip(marks, cells, strict=True))
            ]
            yield place, _spell_row(_Row(number, told, sealed))


class Opening:
    """Opens rows of one sealed copy, item by item."""

    def __init__(self, find: Callable[[str], VaultKey], spelled: bytes, *, copy: str, version: str) -> None:
        try:
            label = _labels.decode(spelled)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise damaged() from error
        if label.form != 1 or (label.copy, label.version) != (copy, version):
            raise damaged()
        context, wrapping = label.context(), find(label.key).wrapping(label.suite)
        data_key = wrapping.open(label.wrapped[:_NONCE], label.wrapped[_NONCE:], context)
        if data_key is None:
            raise damaged()
        self._cipher, self.place_of = _ciphers(label.suite, data_key)
        self._marks = {item: (nth, nth.to_bytes(4), _mark(context, item)) for nth, item in enumerate(label.items)}

    def row(self, place: bytes, held: bytes, items: Collection[str]) -> bytes:
        """Return the row that stands under ``place`` as JSON, of its sealed items only those among ``items``.

        What was altered, cut or moved from another row, item, table or version is refused, and so is the open part
        of a row beside it.
        """
        try:
            row = _rows.decode(held)
            begins = row.number.to_bytes(8)
        except (msgspec.DecodeError, OverflowError) as error:
            raise damaged() from error
        if len(row.sealed) != len(self._marks):
            raise damaged()
        parts, ends = [row.clear[1:-1]], place + row.clear
        for item in items:
            known = self._marks.get(item)
            if known is not None:
                nth, nonce_end, mark = known
                opened = self._cipher.open(begins + nonce_end, row.sealed[nth], mark + ends)
                if opened is None:
                    raise damaged()
                parts.append(opened[1:-1])
        return b"{%b}" % b",".join([part for part in parts if part])


def damaged() -> Unavailable:
    """Return the refusal of a copy that does not open as what it says it is."""
    return Unavailable(
        text("a sealed serving copy was altered or damaged; nothing of it is answered"),
        basis=text("column encryption at rest, ADR 0050"),
        remedy=text("find out who can write to the serving copies, then run `jutong copies renew --new-key`"),
    )


def _ciphers(suite: Suite, data_key: bytes) -> tuple[Cipher, Callable[[bytes], bytes]]:
    items, keys = (secret_of(suite, data_key, f"{part} of a serving copy") for part in ("items", "keys"))
    return cipher(suite, items), keyed_hash(suite, keys)


def _mark(context: bytes, item: str) -> bytes:
    return context + item.encode() + b"\0"
