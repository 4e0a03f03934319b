"""Cells of tables that people open in spreadsheets: none is ever a formula."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(words: str) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula.

    >>> harmless("=HYPERLINK(1)"), harmless("重庆")
    ("'=HYPERLINK(1)", '重庆')
    """
    return f"'{words}" if words.startswith(FORMULA_STARTS) else words
