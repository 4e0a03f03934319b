"""What is drawn on the data map when something happens below, and what other programs tell of their runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jutong import catalogue, census, delivery, library, registers, sharing
from jutong.catalogue import Stage
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.clock import LEGAL_TIME

from . import store
from .edge import (
    Drawing,
    drawing_of_agreement,
    drawing_of_entry,
    drawing_of_service_item,
    drawing_of_table,
)
from .openlineage import OWN, RunEvent, event_of, run_of
from .transform import drawing_of_merge, drawing_of_theme

MERGE = "library.merge"


def draw_entry(desk: Desk, entry_id: str) -> None:
    """Draw an entry in force with its items; one that was withdrawn leaves the map."""
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("atlas.draw", Label(owner=entry.provider))
    in_force = entry.stage is Stage.PUBLISHED
    drawing = drawing_of_entry(entry) if in_force else Drawing(origin=f"entry:{entry_id}")
    if store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=entry_id, kind="entry", body=entry.provider, edges=len(drawing.edges))


def draw_table(desk: Desk, table_id: str) -> None:
    """Draw a table that hangs on an entry."""
    table = census.table_visible_to(desk.db, table_id, desk.actor)
    desk.allow("atlas.draw", table.label)
    drawing = drawing_of_table(table)
    if table.entry and store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=table_id, kind="table", body=table.body, edges=len(drawing.edges))


def draw_service_item(desk: Desk, body: str, code: str) -> None:
    """Draw a service item with its power and requirements."""
    item = registers.find_service_item(desk.db, body, code)
    desk.allow("atlas.draw", Label(owner=body))
    power = registers.find_power(desk.db, body, item.power) if item.power else None
    drawing = drawing_of_service_item(item, power)
    if store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=code, kind="service-item", body=body, edges=len(drawing.edges))


def draw_agreement(desk: Desk, agreement_id: str) -> None:
    """Draw the service of an agreement and who calls it; one that has ended leaves the map."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    desk.allow("atlas.draw", Label(owner=agreement.provider))
    drawing = Drawing(origin=f"service:{agreement_id}")
    if not agreement.over:
        # What is agreed on as a whole alone has no service to be called at.
        served = delivery.service_for(desk.db, agreement.entry)
        drawing = drawing_of_agreement(agreement, served.path if served else f"sharing/{agreement.id.lower()}")
    if store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=agreement_id, kind="service", body=agreement.provider, edges=len(drawing.edges))


def draw_merge(desk: Desk, batch_id: str, entry_id: str) -> None:
    """Draw the columns through which a batch went into the base library, and note its run for other programs."""
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("atlas.draw", Label(owner=entry.provider))
    elements = {one.id: one for one in registers.elements(desk.db)}
    golden = (library.kind_of(entry) or library.LEGAL_PERSON).name
    drawing = drawing_of_merge(entry, elements, library.authorities(desk.db))
    event = RunEvent(
        run=run_of(batch_id),
        type="COMPLETE",
        time=desk.now.astimezone(LEGAL_TIME),
        job=(OWN, MERGE),
        inputs=((OWN, entry_id),),
        outputs=((OWN, golden),),
        org=entry.provider,
        id=desk.new_id(),
        fields=tuple(
            ((OWN, entry_id), came.rpartition("/")[2], (OWN, golden), made.rpartition("/")[2])
            for came, made in _through(drawing, entry_id, golden)
        ),
    )
    if not store.run_known(desk.db, event.org, event.run):
        store.keep_event(desk.db, event)
    if store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=batch_id, kind="merge", entry=entry_id, edges=len(drawing.edges))


def draw_theme(desk: Desk, name: str) -> None:
    """Draw from which fields of the base library the columns of a theme come."""
    desk.allow("atlas.draw", Label(owner=desk.actor.org))
    drawing = drawing_of_theme(library.find_theme(desk.db, name), desk.actor.org)
    if store.draw(desk.db, drawing):
        desk.record("atlas.drawn", on=name, kind="theme", body=desk.actor.org, edges=len(drawing.edges))


def take_event(desk: Desk, document: Mapping[str, Any]) -> bool:
    """Take an OpenLineage run event of one's own body's program; say whether it is new. Order does not matter."""
    desk.allow("atlas.take_event", Label(owner=desk.actor.org))
    event = replace(event_of(document, desk.actor.org), id=desk.new_id())
    new = store.keep_event(desk.db, event)
    if new:
        drawing = event.drawing()
        store.draw(desk.db, drawing, add=True)
        desk.record(
            "atlas.event_taken",
            on=event.run,
            type=event.type,
            edges=len(drawing.edges),
            left_out=event.left_out,
        )
    return new


def _through(drawing: Drawing, entry_id: str, golden: str) -> set[tuple[str, str]]:
    """Return from which item which golden field comes, over the steps between."""
    steps: dict[str, set[str]] = {}
    for one in drawing.edges:
        steps.setdefault(one.source, set()).add(one.target)
    found = set()
    for item in (one for one in steps if one.startswith(f"item:{entry_id}/")):
        reached, waiting = set[str](), {item}
        while waiting:
            reached |= waiting
            waiting = {target for one in waiting for target in steps.get(one, ())} - reached
        found |= {(item, one) for one in reached if one.startswith(f"field:{golden}/")}
    return found
