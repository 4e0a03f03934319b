"""Entries that the product ships as a start: a department fills in the rest and signs."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from jutong.kernel.errors import NotFound

from .document import PROFILE, entry_of_document
from .entry import Entry

_NAME = re.compile("[a-z][a-z_]{0,40}")


def template(name: str, provider: str) -> Entry:
    """Return the shipped entry ``name`` as a draft of ``provider``, still without an identifier.

    >>> template("enterprise_register", "11500000MB16000001").title
    '企业登记信息'
    """
    source = files("jutong.data").joinpath(f"{name}.toml")
    if not _NAME.fullmatch(name) or not source.is_file():
        raise NotFound("entry template", name)
    document = tomllib.loads(source.read_text("utf-8"))
    return entry_of_document({"profile": PROFILE, "id": "", "provider": provider, **document})
