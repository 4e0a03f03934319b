"""The rules that Great Expectations has words for, over a data frame; runs in an environment of its own."""

from __future__ import annotations

import json
import sys
import time

import great_expectations as gx
import pandas as pd

PHONE = r"^(\+?86[ -]?)?(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$"
E = gx.expectations
RULES = [
    *(E.ExpectColumnValuesToNotBeNull(column=name) for name in ("uscc", "id", "name", "founded")),
    E.ExpectColumnValueLengthsToEqual(column="uscc", value=18),
    E.ExpectColumnValueLengthsToEqual(column="org", value=9),
    E.ExpectColumnValueLengthsToBeBetween(column="name", min_value=2, max_value=200),
    E.ExpectColumnValuesToBeUnique(column="uscc"),
    E.ExpectColumnValuesToBeInSet(column="status", value_set=["1", "2", "3", "9"]),
    E.ExpectColumnValuesToMatchRegex(column="id", regex="^[0-9]{17}[0-9X]$"),
    E.ExpectColumnValuesToMatchRegex(column="phone", regex=PHONE),
    E.ExpectColumnValuesToMatchRegex(column="division", regex="^[0-9]{6}$"),
    E.ExpectColumnValuesToMatchRegex(column="card", regex="^[0-9]{13,19}$"),
    E.ExpectColumnValuesToMatchRegex(column="email", regex=r"^[^@\s]{1,64}@[^@\s]{1,255}$"),
    E.ExpectColumnValuesToMatchRegex(column="postal", regex="^[0-9]{6}$"),
]


def main(file: str) -> None:
    """Print one JSON object: how long the rules took."""
    frame = pd.read_parquet(file).replace("N/A", None)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="rules", expectations=RULES)
    cpu, wall = time.process_time(), time.perf_counter()
    batch.validate(suite, result_format="SUMMARY")
    told = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
    print(json.dumps({**told, "rules": len(RULES), "rows": len(frame)}))


main(sys.argv[1])
