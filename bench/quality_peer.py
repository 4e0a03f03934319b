"""The same rules told to Great Expectations, over a data frame; runs in an environment of its own.

Where it has words for a rule, they are used; for check digits it asks its users to write an expectation of their own,
which is done as its gallery does: a function asked of each value. Numbers, days and empty values are read once for all
rules.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


def _identifiers() -> ModuleType:
    """Load the module of check digits by its place: the product itself is not installed here."""
    place = Path(__file__).parents[1] / "src" / "jutong" / "terms" / "identifier.py"
    spec = importlib.util.spec_from_file_location("identifier", place)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


terms = _identifiers()
PHONE = r"^(\+?86[ -]?)?(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$"
CREDIT_FAULTS = (terms.Fault.CHECK_DIGIT, terms.Fault.ALPHABET)
CHECKS: dict[str, Callable[[str], bool]] = {
    "credit-code": lambda code: len(code) != 18 or terms.credit_code_fault(code) not in CREDIT_FAULTS,
    "embedded": lambda code: len(code) != 18 or terms.is_organisation_code(code[8:17]),
    "resident-id": lambda number: len(number) != 18 or terms.is_resident_id(number),
    "organisation-code": lambda code: len(code) != 9 or terms.is_organisation_code(code),
    "bank-card": lambda number: not 13 <= len(number) <= 19 or terms.is_bank_card(number),
}


class Sound(ColumnMapMetricProvider):  # type: ignore[misc]
    """Whether each value is sound by its check digit."""

    condition_metric_name = "column_values.sound"
    condition_value_keys = ("scheme",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, scheme: str, **_: Any) -> Any:  # noqa: N805 (its own way)
        return column.apply(CHECKS[scheme])


class PlaceKnown(ColumnMapMetricProvider):  # type: ignore[misc]
    """Whether the division in a resident number was one in the year of birth; by the columns' own vectorised way."""

    condition_metric_name = "column_values.place_known"
    condition_value_keys = ("until",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, until: dict[str, int], **_: Any) -> Any:  # noqa: N805 (as above)
        year = pd.to_numeric(column.str[6:10], errors="coerce")
        return (column.str[:6].map(until).fillna(-1) >= year) | (column.str.len() != 18)


class Dated(ColumnMapMetricProvider):  # type: ignore[misc]
    """Whether each value is a day of the calendar, written in full."""

    condition_metric_name = "column_values.dated"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805 (as above)
        return (column.str.len() == 10) & pd.to_datetime(column, format="%Y-%m-%d", errors="coerce").notna()


class ExpectColumnValuesToBeSound(ColumnMapExpectation):  # type: ignore[misc]
    """Expect sound check digits."""

    scheme: str
    map_metric = "column_values.sound"
    success_keys = ("scheme", "mostly")


class ExpectColumnValuesToBeDays(ColumnMapExpectation):  # type: ignore[misc]
    """Expect days of the calendar."""

    map_metric = "column_values.dated"


class ExpectColumnValuesToNameAKnownPlace(ColumnMapExpectation):  # type: ignore[misc]
    """Expect divisions of their year."""

    until: dict[str, int]
    map_metric = "column_values.place_known"
    success_keys = ("until", "mostly")


def rules_of(until: dict[str, int], today: str) -> dict[str, Any]:
    """Return the rulebook's rules under its own names."""
    e = gx.expectations
    return {
        "uscc.there": e.ExpectColumnValuesToNotBeNull(column="uscc"),
        "uscc.width": e.ExpectColumnValueLengthsToEqual(column="uscc", value=18),
        "uscc.letters": e.ExpectColumnValuesToMatchRegex(column="uscc", regex=f"^[{terms.CREDIT_ALPHABET}]*$"),
        "uscc.sound": ExpectColumnValuesToBeSound(column="uscc", scheme="credit-code"),
        "uscc.inner": ExpectColumnValuesToBeSound(column="uscc", scheme="embedded"),
        "id.there": e.ExpectColumnValuesToNotBeNull(column="id"),
        "id.form": e.ExpectColumnValuesToMatchRegex(column="id", regex="^[0-9]{17}[0-9X]$"),
        "id.sound": ExpectColumnValuesToBeSound(column="id", scheme="resident-id"),
        "id.place": ExpectColumnValuesToNameAKnownPlace(column="id", until=until),
        "org.width": e.ExpectColumnValueLengthsToEqual(column="org", value=9),
        "org.sound": ExpectColumnValuesToBeSound(column="org", scheme="organisation-code"),
        "name.there": e.ExpectColumnValuesToNotBeNull(column="name"),
        "name.width": e.ExpectColumnValueLengthsToBeBetween(column="name", min_value=2, max_value=200),
        "phone.form": e.ExpectColumnValuesToMatchRegex(column="phone", regex=PHONE),
        "founded.there": e.ExpectColumnValuesToNotBeNull(column="founded"),
        "founded.day": ExpectColumnValuesToBeDays(column="founded"),
        "founded.past": e.ExpectColumnValuesToBeBetween(column="founded_day", max_value=pd.Timestamp(today)),
        "closed.day": ExpectColumnValuesToBeDays(column="closed"),
        "division.form": e.ExpectColumnValuesToMatchRegex(column="division", regex="^[0-9]{6}$"),
        "division.place": e.ExpectColumnValuesToBeInSet(
            column="division", value_set=list(until), row_condition="division.str.len() == 6", condition_parser="pandas"
        ),
        "card.form": e.ExpectColumnValuesToMatchRegex(column="card", regex="^[0-9]{13,19}$"),
        "card.sound": ExpectColumnValuesToBeSound(column="card", scheme="bank-card"),
        "status.known": e.ExpectColumnValuesToBeInSet(column="status", value_set=["1", "2", "3", "9"]),
        "email.form": e.ExpectColumnValuesToMatchRegex(column="email", regex=r"^[^@\s]{1,64}@[^@\s]{1,255}$"),
        "postal.form": e.ExpectColumnValuesToMatchRegex(column="postal", regex="^[0-9]{6}$"),
        "closed.closed-after-founded": e.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="closed_day", column_B="founded_day", or_equal=True, ignore_row_if="either_value_is_missing"
        ),
        "paid.paid-in-capital": e.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="capital_n", column_B="paid_n", or_equal=True, ignore_row_if="either_value_is_missing"
        ),
        "capital.sums": e.ExpectMulticolumnSumToEqual(
            column_list=["paid_n", "owed_n", "less_capital"], sum_total=0, ignore_row_if="any_value_is_missing"
        ),
        "name.name-or-status": e.ExpectColumnValuesToMatchRegex(
            column="name", regex="公司", row_condition='status.notna() and status != "9"', condition_parser="pandas"
        ),
        "uscc.same-code": e.ExpectColumnValuesToBeUnique(column="uscc"),
    }


def main(file: str, told: str) -> None:
    """Print one JSON object: how long the rules took, and how many rows each found."""
    given = json.loads(Path(told).read_text("utf-8"))
    cpu, wall = time.process_time(), time.perf_counter()  # from the file on, as the product reads it in its own time
    frame = pd.read_parquet(file).replace(["N/A", ""], None)
    for name in ("capital", "paid", "owed"):
        frame[f"{name}_n"] = pd.to_numeric(frame[name], errors="coerce")
    for name in ("founded", "closed"):
        days = frame[name].where(frame[name].str.len() == 10)
        frame[f"{name}_day"] = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    frame["less_capital"] = -frame["capital_n"]
    rules = rules_of(given["until"], given["today"])
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="rules", expectations=list(rules.values()))
    found = batch.validate(suite, result_format="SUMMARY")
    spent = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
    counts = {}
    for one in found.results:
        name = next(name for name, rule in rules.items() if _same(one.expectation_config, rule))
        counts[name] = one.result.get("unexpected_count") if not one.exception_info.get("raised_exception") else None
    print(json.dumps({**spent, "rules": len(rules), "rows": len(frame), "failed": counts}))


def _same(config: Any, rule: Any) -> bool:
    return bool(config.type == rule.expectation_type and _told(config) == _told(rule.configuration))


def _told(config: Any) -> dict[str, Any]:
    return {name: value for name, value in config.kwargs.items() if name not in ("batch_id", "until")}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
