"""The page of an entry's profile: how full, varied and drifted its newest batch is, and how often batches come."""

from __future__ import annotations

from jutong import catalogue, collection, quality
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.text import text

from ..wiring import Ulid
from .delivering import crumbs_of
from .frame import Answer, TheVisit, page, shown

TREND = 12  # batches


@shown("/entries/{entry_id:str}/profile", guard="pages.quality")
def show_profile(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the profile of an entry's newest batch beside those before, and its freshness as observed."""
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
        found = quality.profiles(db, entry.id, limit=TREND)
        batches = collection.batches(db, entry.id)
    arrivals = sorted(one.collected_at.astimezone(LEGAL_TIME).date() for one in batches)
    newest = found[0] if found else None
    days = [one.newest for one in newest.items if one.newest] if newest else []
    titles = {item.name: item.title for item in entry.items}
    items = newest.items if newest else ()
    return page(
        visit,
        "quality/profile.html",
        title=text("Profile of {title}", title=entry.title),
        crumbs=crumbs_of(entry)[:2],
        entry=entry,
        newest=newest,
        titles=titles,
        filled=[(titles.get(one.item, one.item), one.filled / 10) for one in items],
        drifts=[(titles.get(one.item, one.item), one.drift / 1000) for one in items if one.drift is not None],
        trend=[
            (one.profiled_at.astimezone(LEGAL_TIME).date().isoformat(), (one.rows, f"/batches/{one.batch}"))
            for one in reversed(found)
        ],
        stable=quality.STABLE / 1000,
        moved=quality.DRIFTED / 1000,
        freshness=quality.freshness_of(entry.update_cycle, arrivals, max(days, default=None)) if arrivals else None,
        today=visit.today,
    )


PAGES = [show_profile]
