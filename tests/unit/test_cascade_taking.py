"""Taking over what a neighbour tells, by several processes of one node at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jutong import cascade, collection, ledger, registers
from jutong.cascade import Message
from jutong.collection import LAYOUTS, CsvSource, Manifest, export_batch, write_export
from jutong.kernel.clock import system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connection
from jutong.registers import Relation, store
from jutong.terms import Org
from tests.collecting import HOUSE, REGULATOR, Node, node_at, register_entry

KEY = SigningKey.of_seed(b"d" * 32)
CSV = LAYOUTS["enterprise-register"]
ROW = "甲公司,91500227MA5U579E19,2003-01-06,N/A,N/A,普通货运,重庆,璧山,广普镇西大街"


class Department:
    """The department's node as its neighbour reaches it; it waits until ``listeners`` have fetched."""

    def __init__(self, node: Node, listeners: int) -> None:
        self.node = registers.Node(
            name="department", url="http://127.0.0.1:1", key=KEY.public, relation=Relation.CHILD, body=REGULATOR
        )
        self.clock = system_clock
        self._node, self._all_here = node, threading.Barrier(listeners)
        self.files: set[Path] = set()

    def fetch(self, batch: str, to: Path) -> Manifest:
        """Hand the batch over."""
        with connection(self._node.engine) as db:
            found = collection.find_batch(db, batch)
        handed = export_batch(self._node.pools, found, tuple(item.name for item in register_entry().items))
        write_export(to, handed)
        self.files.add(to)
        self._all_here.wait(30)
        return handed.manifest


def test_two_listeners_do_not_spoil_each_others_rows(tmp_path: Path) -> None:
    """Both fetch the same batch at the same moment: it is taken once, and nobody declines it."""
    department, city = node_at(tmp_path / "department"), node_at(tmp_path / "city")
    source = tmp_path / "rows.csv"
    source.write_text(f"{','.join(CSV.headers)}\n{ROW}\n", "utf-8")
    batch = department.collect(CsvSource(source, CSV))
    peer = Department(department, listeners=2)
    with city.desk(HOUSE) as desk:
        store.save_body(desk.db, Org(code=REGULATOR, name="市场监管局", division="500000"))
        registers.enrol_node(desk, peer.node)
    message = Message(place=7, word="collection.landed", on=batch.id, document={"entry": batch.entry})

    def listen(_: int) -> None:
        with city.desk(HOUSE) as desk:
            cascade.take(desk, peer, message, tmp_path / "spool")

    with ThreadPoolExecutor(2) as listeners:
        list(listeners.map(listen, range(2)))
    with connection(city.engine) as db:
        acts = [one.line.act for one in ledger.read_about(db, on=batch.id)]
    assert acts == ["cascade.taken"]
    assert city.evidence() == ["collection.landed"]
    assert len(peer.files) == 2
    assert not list((tmp_path / "spool").iterdir())
