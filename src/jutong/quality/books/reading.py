"""Documents of rulebooks as people write them: JSON, or YAML without its traps."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from jutong.kernel.errors import Invalid, TooMuch
from jutong.kernel.text import text

MOST_BYTES = 1_000_000


class _Plain(yaml.SafeLoader):  # type: ignore[misc]  # its package says nothing of types
    """YAML whose plain words mean what JSON means: 007 is a text, and so are no, off and days."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse references, by which a short document can grow without end."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("null", "null|~|", [*"n~", ""]),
    ("bool", "true|false", list("tf")),
    ("int", "-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", "-?(0|[1-9][0-9]*)[.][0-9]+", list("-0123456789")),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_form})$"), _first)


def document_of_text(written: bytes) -> object:
    """Read a document from JSON or YAML, or refuse it.

    >>> document_of_text(b"values: [007, no, 7]")
    {'values': ['007', 'no', 7]}
    """
    if len(written) > MOST_BYTES:
        raise TooMuch(text("a rulebook has at most {most} bytes", most=MOST_BYTES))
    try:
        return msgspec.json.decode(written)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return yaml.load(written.decode("utf-8"), Loader=_Plain)  # noqa: S506 (a loader that is safer than the safe one)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        raise Invalid(
            text("the document is neither JSON nor YAML that can be read"),
            remedy=text("leave out references (& and *), and write plain values"),
        ) from None
