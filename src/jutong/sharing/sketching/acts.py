"""What an official does about a form that is not filled in yet: keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jutong import catalogue
from jutong.desk import Desk
from jutong.guard import Label

from . import store
from .sketch import Sketch


def sketch_request(desk: Desk, entry_id: str, fields: Mapping[str, Sequence[str]], *, seen: str = "") -> Sketch:
    """Keep what was typed of a request so far, whole or not, for the officers of the actor's body to go on with."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("sharing.draft_request", Label(owner=entry.provider))
    typed = {name: tuple(values) for name, values in fields.items()}
    sketch = Sketch(consumer=desk.actor.org, entry=entry.id, changed=desk.now, fields=typed)
    sketch.check()
    sketch.check_seen(store.sketch_for(desk.db, desk.actor, entry.id), seen)
    store.save_sketch(desk.db, sketch)
    desk.record("sharing.sketched", on=entry.id, consumer=sketch.consumer, typed=sketch.digest())
    return sketch
