"""Taking over what a neighbour tells, and handing rows to the tier that aggregates them."""

from __future__ import annotations

from pathlib import Path

from jutong import catalogue, collection, quality, registers
from jutong.collection import Handed, PeerSource
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound, Refused
from jutong.kernel.files import own_folder
from jutong.kernel.text import text
from jutong.registers import Node, Relation

from . import store
from .message import TOLD, Message
from .peer import Peer


def take(desk: Desk, peer: Peer, message: Message, spool: Path) -> None:
    """Take one message over; a message that cannot be taken is declined, and the next is heard."""
    desk.allow("cascade.take", Label(owner=desk.actor.org))
    node = peer.node
    try:
        _check_right_to_tell(node, message)
        _adopt(desk, peer, message, spool)
    except Refused as refusal:
        if store.advance(desk.db, node.name, message.place):
            desk.record("cascade.declined", on=message.on, node=node.name, place=message.place, code=refusal.code)
        return
    if store.advance(desk.db, node.name, message.place):
        desk.record("cascade.taken", on=message.on, node=node.name, place=message.place, word=message.word)


def hand_over(desk: Desk, node: Node, batch_id: str) -> Handed:
    """Hand a batch's rows to the parent tier, which aggregates them; that they left is evidence."""
    batch = collection.find_batch(desk.db, batch_id)
    desk.allow("cascade.hand_over", Label(owner=desk.actor.org))
    if node.relation is not Relation.PARENT:
        raise NotFound("batch", batch_id)
    entry = catalogue.find(desk.db, batch.entry)
    handed = collection.export_batch(desk.pools, batch, tuple(item.name for item in entry.items))
    told = handed.manifest
    desk.record(
        "cascade.handed_over",
        on=batch.id,
        node=node.name,
        rows=told.rows,
        digest=told.rows_digest,
        taken_back=told.taken_back,
    )
    return handed


def _check_right_to_tell(node: Node, message: Message) -> None:
    """A neighbour may tell only what its place in the tree gives it: seen from here, the mirror of ``TOLD``."""
    mirror = {Relation.PARENT: Relation.CHILD, Relation.CHILD: Relation.PARENT, Relation.PEER: Relation.PEER}
    if mirror[node.relation] not in TOLD.get(message.word, frozenset()):
        raise Refused(
            text("{node} may not tell {word} to this node", node=node.name, word=message.word),
            basis=text("the tree of tiers"),
        )


def _adopt(desk: Desk, peer: Peer, message: Message, spool: Path) -> None:
    word = message.word
    if word == "collection.landed":
        entry = catalogue.find(desk.db, str(message.document.get("entry", "")))
        _check_speaks_for(desk, peer.node, entry.provider)
        # Several processes of this node may listen at once: each has a folder of its own.
        with own_folder(spool) as own:
            rows = own / "rows.arrows"
            with desk.released():
                manifest = peer.fetch(message.on, rows)
            with collection.under_way(spool.parent, entry.id, peer.clock) as told:
                source = PeerSource(rows, manifest)
                collection.aggregate(desk, entry.id, source, tier=peer.node.name, progress=told.progress)
    elif word == "quality.objection_opened":
        quality.adopt_objection(desk, quality.objection_of_document(message.document), peer.node.name)
    else:
        entry = catalogue.entry_of_document(message.document)
        _check_speaks_for(desk, peer.node, entry.provider)
        catalogue.adopt(desk, entry, peer.node.name)


def _check_speaks_for(desk: Desk, node: Node, provider: str) -> None:
    """A neighbour may not put an entry, or rows, into another body's mouth."""
    known = {body.code: body for body in registers.bodies(desk.db)}
    if not registers.speaks_for(node, known.get(provider), known.get(node.body)):
        raise Refused(
            text("{node} does not speak for this provider", node=node.name),
            basis=text("the tree of tiers"),
            remedy=text("have the body that runs the node, and the provider, registered in this tier"),
        )
