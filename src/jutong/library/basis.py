"""The legal basis of a decision: words that somebody can look up."""

from __future__ import annotations

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

BASIS_LIMIT = 400


def check_basis(basis: str) -> None:
    """Refuse a basis that says nothing, is too long, or holds what no database keeps."""
    if not basis.strip():
        raise Invalid(
            text("a decision on whose word stands needs its legal basis"),
            basis=text("Order 809, art. 19"),
            remedy=text("name the law, rule or document"),
        )
    if len(basis) > BASIS_LIMIT or any(ord(character) < 32 or ord(character) == 127 for character in basis):
        raise Invalid(
            text("a basis has at most {most} characters and no control characters", most=BASIS_LIMIT),
            remedy=text("shorten it, and leave control characters out"),
        )
