"""What this node tells a neighbour: lines of its own ledger that concern it, each with the document it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jutong import catalogue, collection, ledger, quality
from jutong.catalogue import Entry, Stage
from jutong.kernel.db import Db
from jutong.ledger import Evidence
from jutong.registers import Node, Relation

from .message import TOLD, Message, Page

Document = Mapping[str, Any] | None


def page_for(db: Db, node: Node, *, after: int, limit: int) -> Page:
    """Return the next messages for ``node``, and how far the ledger was looked through for them."""
    words = tuple(word for word, relations in TOLD.items() if node.relation in relations)
    upto = ledger.newest_place(db)
    messages = []
    for place, line in ledger.read(db, after=after, limit=limit, acts=words):
        document = DOCUMENTS[line.act](db, node, line)
        if document is not None:
            messages.append(Message(place=place, word=line.act, on=line.on, document=document))
        if len(messages) == limit:
            upto = place
    return Page(messages=tuple(messages), upto=max(upto, after))


def _entry(db: Db, node: Node, line: Evidence) -> Document:
    """The version of the entry that the line speaks of, as it stands now; what is in audit goes to the parent alone."""
    entry: Entry = catalogue.at_version(db, line.on, int(str(line.facts["version"])))
    if not (entry.shown_to_authority or entry.shown_to_all):
        return None  # taken back to the desk meanwhile: there is nothing to tell
    in_audit = entry.stage in (Stage.SUBMITTED, Stage.REGISTERED, Stage.RETURNED)
    if in_audit and node.relation is not Relation.PARENT and not _came_from(db, node, entry):
        return None
    return catalogue.entry_to_document(entry)


def _came_from(db: Db, node: Node, entry: Entry) -> bool:
    adopted = ledger.read_about(db, on=entry.id, act="catalogue.adopted")
    return any(kept.line.facts["node"] == node.name for kept in adopted)


def _batch(db: Db, node: Node, line: Evidence) -> Document:
    """That rows wait to be aggregated; only this node's own collection, not what another tier handed over."""
    del node
    batch = collection.find_batch(db, line.on)
    return None if batch.origin else {"entry": batch.entry, "rows": batch.rows_landed}


def _objection(db: Db, node: Node, line: Evidence) -> Document:
    """An objection goes to the tier that handed the rows up, and to nobody else."""
    objection = quality.find_objection(db, line.on)
    came_from = collection.find_batch(db, objection.batch).tier
    return quality.objection_to_document(objection) if came_from == node.name else None


DOCUMENTS: Mapping[str, Callable[[Db, Node, Evidence], Document]] = {
    "catalogue.submitted": _entry,
    "catalogue.published": _entry,
    "catalogue.withdrawn": _entry,
    "catalogue.returned": _entry,
    "collection.landed": _batch,
    "quality.objection_opened": _objection,
}
assert DOCUMENTS.keys() == TOLD.keys()
