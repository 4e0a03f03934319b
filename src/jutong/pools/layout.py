"""Where each kind of table stands in the lake, and which names a table may have."""

from __future__ import annotations

import re

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

LAYERS = (
    "raw",
    "withdrawn",
    "quarantine",
    "finding",
    "standard",
    "library",
    "theme",
)  # in the order in which a record travels
_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def table_name(name: str) -> str:
    """Return ``name`` if it is the name of a table; anything that could leave the lake's folder is refused.

    >>> table_name("library/legal_person")
    'library/legal_person'
    >>> table_name("../control.db")
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: ../control.db cannot be the name of a table
    """
    if len(name) > 200 or not _NAME.fullmatch(name):
        raise Invalid(
            text("{name} cannot be the name of a table", name=name[:200]),
            remedy=text("use letters, digits, _ and -, in parts joined by /"),
        )
    return name


def layer_of(table: str) -> str:
    """Return the layer in which a table stands.

    >>> layer_of("raw/01JZ")
    'raw'
    """
    return table_name(table).partition("/")[0]


def raw_table(entry: str) -> str:
    """Return the table of an entry's rows as the source gave them.

    >>> raw_table("01JZ")
    'raw/01JZ'
    """
    return table_name(f"raw/{entry}")


def withdrawn_table(entry: str) -> str:
    """Return the table of the keys whose rows a source took back."""
    return table_name(f"withdrawn/{entry}")


def quarantine_table(entry: str) -> str:
    """Return the table of an entry's rows that could not be read as its items."""
    return table_name(f"quarantine/{entry}")


def finding_table(entry: str) -> str:
    """Return the table of what the rules found in an entry's rows."""
    return table_name(f"finding/{entry}")


def standard_table(entry: str) -> str:
    """Return the table of an entry's rows in standard form."""
    return table_name(f"standard/{entry}")


def addresses_table(entry: str) -> str:
    """Return the table of the parts of an entry's addresses, row by row of the standard one."""
    return table_name(f"standard/{entry}_address")


def library_table(name: str) -> str:
    """Return a table of the base library, such as its golden records."""
    return table_name(f"library/{name}")


def theme_table(name: str) -> str:
    """Return a table of a theme library."""
    return table_name(f"theme/{name}")
