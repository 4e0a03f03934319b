"""Laws of merging: what was said decides, not how often or in which order it was merged."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.kernel.errors import Refused
from tests.fitness import OTHER_ENTRY, Place, place_at, register_entry, row

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


STEPS = st.lists(st.tuples(st.sampled_from(["join", "part"]), st.permutations([1, 2, 3])), min_size=1, max_size=5)


@settings(max_examples=6, deadline=None)
@given(mine=ROWS, its=ROWS, steps=STEPS, late=ROWS)
def test_what_was_merged_can_always_be_unmerged(
    mine: list[dict[str, str]],
    its: list[dict[str, str]],
    steps: list[tuple[str, list[int]]],
    late: list[dict[str, str]],
) -> None:
    """However records were merged, and whatever came meanwhile: parted again, they are as if never merged."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        plain, bonded = place_at(Path(one)), place_at(Path(two))
        for place in (plain, bonded):
            place.enter(register_entry(OTHER_ENTRY))
            place.merge(place.deliver(mine))
            place.merge(place.deliver(its, OTHER_ENTRY))
        for step, (kept, other, _) in steps:
            with contextlib.suppress(Refused):
                bonded.join(kept, other) if step == "join" else bonded.part(other)
        after = [place.merge(place.deliver(late)) for place in (plain, bonded)]
        assert after[0].rows == after[1].rows
        for other in (1, 2, 3):
            with contextlib.suppress(Refused):
                bonded.part(other)
        assert spelled(bonded) == spelled(plain)


def spelled(place: Place) -> list[bytes]:
    """Return the golden records that stand, byte by byte."""
    return [repr(sorted(one.items())).encode() for one in place.golden()]


def _library(place: Place) -> list[object]:
    return [spelled(place), place.conflicts()]
