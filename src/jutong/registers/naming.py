"""Names that people type: short, on one line, and showing what they hold."""

from __future__ import annotations

import unicodedata

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

# Controls, invisible marks (bidi overrides turn a name around), halves of characters, private ones, line breaks.
_REFUSED = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def checked_name(value: str, *, field: Text, most: int = 200) -> str:
    """Return the name without blanks around it and in normal form, or refuse it; the refusal does not repeat it.

    >>> checked_name(" 重庆市市场监督管理局 ", field=text("name"))
    '重庆市市场监督管理局'
    """
    name = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(name) <= most:
        raise Invalid(
            text("{field} has {count} characters; 1 to {most} are taken", field=field, count=len(name), most=most)
        )
    if "\N{REPLACEMENT CHARACTER}" in name or any(unicodedata.category(letter) in _REFUSED for letter in name):
        raise Invalid(
            text("{field} holds a character that cannot be shown", field=field),
            remedy=text("type the name again, without control or formatting characters"),
        )
    return name
