"""What a grade asks of whoever hands data over."""

from __future__ import annotations

import itertools

import pytest

from jutong.guard import Durability, Method, allows, handling, parse_mask, require
from jutong.kernel.errors import NotAllowed
from jutong.terms import Grade

CASES = list(itertools.product(Method, (True, False), (True, False)))


def test_the_gravest_data_leaves_only_record_by_record_and_for_a_purpose() -> None:
    """Grade L4: yes or no, one record, or an answer from the enclave; never without a purpose."""
    assert handling(Grade.L4).methods == {Method.QUERY, Method.VERIFY, Method.ENCLAVE}
    assert allows(Grade.L4, Method.QUERY, masked=True, purpose=True)
    assert not allows(Grade.L4, Method.QUERY, masked=True, purpose=False)
    assert not allows(Grade.L4, Method.TABLE, masked=True, purpose=True)


def test_serious_data_goes_out_in_batches_only_masked() -> None:
    """Grade L3: interface with a purpose, or a masked batch."""
    assert allows(Grade.L3, Method.TABLE, masked=True, purpose=True)
    assert not allows(Grade.L3, Method.FILE, masked=False, purpose=True)
    with pytest.raises(NotAllowed, match="only masked"):
        require(Grade.L3, Method.TABLE, masked=False, purpose=True)


@pytest.mark.parametrize("grade", [Grade.L1, Grade.L2])
def test_light_data_goes_out_any_way(grade: Grade) -> None:
    """Grades L1 and L2 bar no method."""
    assert all(allows(grade, method, masked=masked, purpose=purpose) for method, masked, purpose in CASES)


@pytest.mark.parametrize(("method", "masked", "purpose"), CASES)
def test_a_graver_grade_never_allows_more(method: Method, masked: bool, purpose: bool) -> None:
    """What is allowed for grave data is allowed for lighter data too."""
    allowed = [allows(grade, method, masked=masked, purpose=purpose) for grade in Grade]
    assert allowed == sorted(allowed, reverse=True)


def test_from_internal_data_on_no_answer_leaves_before_its_line_is_safe() -> None:
    """Only what may be published can lose a line of the journal in a power cut."""
    assert [grade for grade in Grade if handling(grade).durability is Durability.WITHIN_WINDOW] == [Grade.L1]


def test_every_default_mask_is_a_mask() -> None:
    """Masking is on by default from L3, and its default hides something."""
    for grade in Grade:
        assert (str(parse_mask(handling(grade).default_mask)) != "none") == handling(grade).masked == (grade >= 3)
