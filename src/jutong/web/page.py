"""The OpenAPI document as a page that a person can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from jutong.kernel.settings import Settings
from jutong.kernel.text import Text, text

_environment = Environment(loader=PackageLoader("jutong.web"), autoescape=select_autoescape(default=True))
STYLE = files("jutong.web").joinpath("templates", "api.css").read_text("utf-8")

ROOMS: Mapping[str, Text] = {
    "registers": text("Registers: bodies, people, posts, systems, clocks"),
    "catalogue": text("Catalogue: what exists, and on what terms"),
    "collection": text("Collection: bring rows in, once"),
    "quality": text("Quality: are they fit"),
    "library": text("Library: one thing, one source"),
    "lake": text("Lake: how its tables are kept"),
    "sharing": text("Sharing: ask, answer in time, agree"),
    "oversight": text("Oversight: scorecards from evidence"),
    "ledger": text("Ledger: what was done, provably"),
    "pushes": text("Pushes: what systems of departments send, signed"),
    "neighbours": text("Neighbours: what other tiers reach"),
}
SENTENCES: Mapping[str, Text] = {
    "what": text("The management API of this node"),
    "how": text("Every call carries the credential of a post: Authorization: Bearer jt_..."),
    "document": text("OpenAPI document"),
    "gateway": text("Data itself is delivered by the gateway under /r1, to systems that sign their calls."),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the page."""

    method: str
    path: str
    says: str
    parameters: tuple[str, ...]


def rendered(schema: Mapping[str, Any], settings: Settings, language: str) -> str:
    """Return the page for one node in one language."""
    rooms = [(said.said_in(language), list(_operations(schema, tag))) for tag, said in ROOMS.items()]
    sentences = {name: sentence.said_in(language) for name, sentence in SENTENCES.items()}
    return _environment.get_template("api.html").render(
        language=language, settings=settings, rooms=rooms, sentences=sentences, version=schema["info"]["version"]
    )


def _operations(schema: Mapping[str, Any], tag: str) -> Iterator[Operation]:
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            if tag in operation.get("tags", ()):
                names = tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
                yield Operation(method.upper(), path, operation.get("description", ""), names)
