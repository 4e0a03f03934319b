"""The serving copy of one entry as calls read it: open, or sealed and opened for what leaves."""

from __future__ import annotations

from collections.abc import Collection

from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.vault import Vault
from jutong.pools import Lookup

from ..sealed import LABEL, Opening, damaged, key_of_version


class Copy:
    """One copy, followed from swap to swap.

    Where it lies open, ``opening`` and ``refusal`` are None, and ``get`` is all that a look-up takes.
    """

    __slots__ = ("_asked_sealed", "_name", "_reader", "_vault", "_version", "get", "get_many", "opening", "refusal")

    def __init__(self, lookup: Lookup, vault: Vault, name: str) -> None:
        self._reader, self._vault, self._name = lookup.open(name), vault, name
        self.get, self.get_many = self._reader.get, self._reader.get_many
        self._version: str | None = None
        self._asked_sealed = False
        self.opening: Opening | None = None
        self.refusal: Unavailable | None = None
        self._read_label()

    def follow(self, *, sealed: bool) -> None:
        """Follow a swap, and try again to open what did not; ``sealed`` says what the copy must be by the register.

        A copy that lies open where it should not was put there by somebody else, and answers nothing.
        """
        swapped = self._reader.refresh()
        if swapped or self.refusal is not None or sealed != self._asked_sealed:
            self._asked_sealed = sealed
            self._read_label()

    def row(self, key: bytes, items: Collection[str]) -> bytes | None:
        """Return the row of a sealed copy, of its sealed items those among ``items``; or ``Unavailable``."""
        while True:
            if self.refusal is not None:
                raise self.refusal
            if self.opening is None:
                return self.get(key)
            place = self.opening.place_of(key)
            held = self.get(place)
            if self._reader.version == self._version:
                return None if held is None else self.opening.row(place, held, items)
            self._read_label()  # the reader itself has followed a swap

    def close(self) -> None:
        """Let go of the copy."""
        self._reader.close()

    def _read_label(self) -> None:
        self._version = version = self._reader.version
        self.opening = self.refusal = None
        if version is None or not (self._asked_sealed or key_of_version(version)):
            return
        try:
            label = self.get(LABEL) if key_of_version(version) else None
            if label is None:
                raise damaged()
            self.opening = Opening(self._vault.find, label, copy=self._name, version=version)
        except (Invalid, Unavailable) as error:
            self.refusal = Unavailable(error.reason, basis=error.basis, remedy=error.remedy)
