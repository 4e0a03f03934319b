"""Standard elements and their checks."""

from __future__ import annotations

from datetime import date

import pytest

from jutong.registers import divisions, shipped
from jutong.terms.codeset import CodeSet
from jutong.terms.element import CHECKS, SCHEMES, Check, Length, Member, Scheme, StandardElement, holds
from jutong.terms.identifier import credit_code_of

ELEMENTS = {element.id: element for element in shipped.elements()}
SETS = {codes.id: codes for codes in shipped.code_sets()}


def failed(element_id: str, value: str, *, year: int = 2004) -> list[str]:
    """Return the codes of the checks that the value fails."""
    return [
        check.code
        for check in ELEMENTS[element_id].checks
        if not holds(check, value, today=date(2026, 1, 5), divisions=divisions(), year=year, code_sets=SETS)
    ]


def test_an_enterprise_register_has_all_its_elements() -> None:
    """What the demo's register needs is shipped, and every element survives being kept as JSON."""
    wanted = {"enterprise-name", "credit-code", "registration-date", "enterprise-type", "registered-capital"}
    assert wanted | {"business-scope", "province", "place", "address"} <= ELEMENTS.keys()
    for element in ELEMENTS.values():
        assert StandardElement.of_facts(element.facts()) == element


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("91330100799655058B", []),
        ("91330100799655058b", ["alphabet", "check-digit"]),
        ("91330000799655058B", ["check-digit"]),
        ("110108000000016", ["old-registration-number", "length", "check-digit", "check-digit", "division-known"]),
    ],
)
def test_a_credit_code_is_checked_in_order(value: str, codes: list[str]) -> None:
    """The first failure is what counts; an old number is counted by its own name before anything else is asked."""
    assert failed("credit-code", value) == codes


def test_the_inner_organisation_code_is_a_check_of_its_own() -> None:
    """A code may be sound outside and wrong inside."""
    whole = credit_code_of("91500000MA5U1234X")
    assert SCHEMES[Scheme.CREDIT_CODE](whole)
    assert not SCHEMES[Scheme.EMBEDDED_ORGANISATION_CODE](whole)
    assert failed("credit-code", whole) == ["check-digit"]


def test_an_unknown_division_only_warns() -> None:
    """Registering offices make codes of their own, so no row fails for one."""
    check = next(check for check in ELEMENTS["credit-code"].checks if check.code == "division-known")
    assert check.severity == "warning"
    assert failed("division", "320594") == []
    assert failed("division", "500190") == ["division-known"]


@pytest.mark.parametrize(
    "value", ["2004-02-30", "2004/02/01", "20040201", "2004-2-1", "２００４-02-01", "2004-02-01\n"]
)
def test_a_date_is_a_day_that_exists(value: str) -> None:
    """One spelling, and a day of the calendar."""
    assert "date-valid" in failed("registration-date", value)


def test_a_firm_is_not_founded_tomorrow() -> None:
    """The day of examination itself is allowed."""
    assert failed("registration-date", "2026-01-05") == []
    assert failed("registration-date", "2026-01-06") == ["not-in-future"]


def test_absence_has_many_spellings() -> None:
    """Blanks and the source's own words for nothing count as absent."""
    capital = ELEMENTS["registered-capital"]
    assert all(map(capital.is_absent, (None, "", "  ", "N/A", " N/A ")))
    assert not capital.is_absent("0(万)")


def test_a_check_that_nobody_knows_is_not_read() -> None:
    """A data file with an unknown check or a missing field is our mistake and stops at once."""
    with pytest.raises(KeyError):
        StandardElement.of_facts(
            {"id": "x", "title": "x", "title_en": "x", "data_type": "C", "checks": [{"check": "magic"}]}
        )
    assert set(CHECKS) == {kind.code for kind in CHECKS.values()}


def test_code_sets_say_what_their_codes_mean() -> None:
    """The first two characters of a credit code name the authority and the kind."""
    assert SETS["credit-kind"].title_of("11") == "机关"
    assert SETS["credit-authority"].title_of("9") == "工商"
    assert SETS["share-type"].title_of("4") == ""
    check: Check = Member(code_set="sex")
    told = {"today": date(2026, 1, 5), "divisions": divisions(), "code_sets": SETS}
    assert holds(check, "1", **told)  # type: ignore[arg-type]
    assert not holds(check, "3", **told)  # type: ignore[arg-type]
    assert holds(Length(least=1, most=2), "重庆", **told)  # type: ignore[arg-type]
    assert isinstance(SETS["sex"], CodeSet)
