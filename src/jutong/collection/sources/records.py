"""Where the records of a delimited text begin: whole blocks at a time, quotes and line ends as in RFC 4180."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

QUOTE, NEWLINE, RETURN = 0x22, 0x0A, 0x0D
MAX_STRAY = 10_000

Places = NDArray[np.int64]
_NONE: Places = np.zeros(0, np.int64)


class RecordScanner:
    """Reads UTF-8 text block by block; knows after each how many records began, and on which lines.

    It counts without the parser that cuts the fields, so that either can show the other's mistake. A quote opens a
    field only at the field's beginning; elsewhere it is a character like any other. Empty lines are no records.
    """

    def __init__(self, delimiter: str) -> None:
        self._begins = np.frombuffer(f"{delimiter}\n\r".encode(), np.uint8)
        self._inside = False  # a quoted field
        self._last = NEWLINE
        self._last_closes = False
        self._stray = 0
        self._line = 1
        self.records = 0
        self._even = True  # neither a quote nor a carriage return so far
        self.last_line = 1  # on which the newest record begins

    @property
    def open(self) -> bool:
        """Whether the text so far ends within quotes."""
        return self._inside

    @property
    def plain(self) -> bool:
        """Whether every line is one record, so that a record's number tells its line."""
        return self._even and self.records == self._line - (self._last == NEWLINE)

    def skip(self, block: bytes) -> None:
        """Pass over a block of a text that is known to be plain."""
        self.last_line += block.count(b"\n")

    def scan(self, block: bytes) -> tuple[Places, Places]:
        """Return the offsets in ``block`` at which records begin, and the line of each (from 1)."""
        data = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(data == NEWLINE)
        # Most texts hold neither quotes nor carriage returns; what is not there need not be looked for twice.
        quoted = self._inside or b'"' in block
        quotes = self._quotes(data) if quoted else _NONE
        self._even = self._even and not quoted and b"\r" not in block
        ends = np.flatnonzero((data == NEWLINE) | (data == RETURN)) if b"\r" in block else newlines
        if quoted:
            within = (np.searchsorted(quotes, ends) + self._inside) & 1
            ends = ends[within == 0]
        starts = ends + 1
        if self._last in (NEWLINE, RETURN) and not self._inside:
            starts = np.concatenate((np.zeros(1, np.int64), starts))
        starts = starts[starts < len(data)]
        starts = starts[(data[starts] != NEWLINE) & (data[starts] != RETURN)]
        lines = self._line + np.searchsorted(newlines, starts)
        self._line += len(newlines)
        self._inside ^= len(quotes) % 2 == 1
        self._last_closes = bool(len(quotes)) and bool(quotes[-1] == len(data) - 1) and not self._inside
        self._last = int(data[-1])
        self.records += len(starts)
        if len(lines):
            self.last_line = int(lines[-1])
        return starts, lines

    def _quotes(self, data: NDArray[np.uint8]) -> Places:
        """Return the quotes that open or close a field, or are half of a doubled one; drop all that are mere text."""
        quotes = np.flatnonzero(data == QUOTE)
        first = int(self._inside)  # the place among the quotes of the first that would open a field
        while len(quotes) > first:
            opening = quotes[first::2]
            before = np.where(opening > 0, data[opening - 1], self._last)
            right = np.isin(before, self._begins)
            closing = quotes[first - 1 :: 2] if first else np.concatenate(([-2], quotes[1::2]))
            after_close = closing[: len(opening)] == opening - 1
            if opening[0] == 0 and self._last_closes:
                after_close[0] = True
            wrong = np.flatnonzero(~(right | after_close))
            if not len(wrong):
                break
            self._stray += 1
            if self._stray > MAX_STRAY:
                raise Invalid(
                    text("the file holds more than {limit} quotes inside unquoted fields", limit=MAX_STRAY),
                    basis=text("RFC 4180"),
                    remedy=text("write fields that hold quotes within quotes, and double the quotes in them"),
                )
            quotes = np.delete(quotes, first + 2 * int(wrong[0]))
        return quotes
