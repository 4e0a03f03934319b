"""Listening to the neighbours: pull what is new, take it over line by line, remember how far."""

from __future__ import annotations

from collections.abc import Iterable

from jutong import registers
from jutong.desk import House
from jutong.kernel.outward import Outward

from . import store
from .acts import take
from .peer import Peer


def peers_of(house: House, outward: Outward) -> list[Peer]:
    """Return the enrolled neighbours of a house."""
    with house.reading() as db:
        nodes = registers.nodes(db)
    name = house.home.settings.name
    keyed = [(node, registers.key_of(node, by_sm2=house.sm2 is not None)) for node in nodes]
    return [
        Peer(node, own_name=name, key=house.signs_for(known), known=known, clock=house.clock, outward=outward)
        for node, known in keyed
    ]


def listen(house: House, peer: Peer) -> int:
    """Take over everything new that ``peer`` tells; return how many messages there were."""
    taken = 0
    while True:
        with house.reading() as db:
            after = store.position(db, peer.node.name)
        page = peer.feed(after)
        for message in page.messages:
            with house.desk(house.itself) as desk:
                take(desk, peer, message, house.home.folder / "spool")
            taken += 1
        if not page.messages:
            return taken


def listen_to_all(house: House, peers: Iterable[Peer]) -> int:
    """Listen to each neighbour once."""
    return sum(listen(house, peer) for peer in peers)
