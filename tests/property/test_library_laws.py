"""Laws of merging: what was said decides, not how often or in which order it was merged."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fitness import Place, place_at, row

NAMES = st.sampled_from(["N/A", "甲公司", "乙公司"])
ROWS = st.lists(
    st.builds(
        lambda n, name, city: row(n, name=name, city=city),
        st.integers(1, 3),
        NAMES,
        st.sampled_from(["渝中", "江北", "N/A"]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None)
@given(deliveries=st.lists(ROWS, min_size=2, max_size=3, unique_by=repr), data=st.data())
def test_the_order_of_merging_does_not_matter(deliveries: list[list[dict[str, str]]], data: st.DataObject) -> None:
    """Deliveries that are merged late, twice or in another order make the same library."""
    order = data.draw(st.permutations(range(len(deliveries))))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        straight, shuffled = place_at(Path(one)), place_at(Path(two))
        kept = [(straight.deliver(rows), shuffled.deliver(rows)) for rows in deliveries]
        for mine, _ in kept:
            straight.merge(mine)
        for number in [*order, *order]:
            shuffled.merge(kept[number][1])
        assert _library(straight) == _library(shuffled)


def _library(place: Place) -> dict[str, list[dict[str, object]]]:
    # The first batch is told apart by time, and both places ran the same clock; the order of rows is no content.
    return {
        name: sorted(place.table(f"library/{name}", order="uscc"), key=repr)
        for name in ("legal_person", "conflict")
        if place.pools.lake.exists(f"library/{name}")
    }
