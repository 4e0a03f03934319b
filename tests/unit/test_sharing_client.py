"""The official client of Delta Sharing reads a share: in an environment of its own, for its pins are not ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jutong.delivery.bulk import profile_file
from tests.shares import Sharing, a_sharing, firms

# `tools/sharing-client` makes it.
PYTHON = Path(os.environ.get("JUTONG_SHARING_CLIENT", "var/sharing-client/bin/python"))
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="the official client is not installed")
SCRIPT = """
import json, sys
import delta_sharing
from delta_sharing import SharingClient
profile = sys.argv[1]
client = SharingClient(profile)
tables = client.list_all_tables()
(table,) = tables
url = f"{profile}#{table.share}.{table.schema}.{table.name}"
whole = delta_sharing.load_as_pandas(url)
few = delta_sharing.load_as_pandas(url, limit=2)
old = delta_sharing.load_as_pandas(url, version=0)
hinted = delta_sharing.load_as_pandas(
    url, jsonPredicateHints=json.dumps({"op": "equal", "children": [
        {"op": "column", "name": "uscc", "valueType": "string"},
        {"op": "literal", "value": "0", "valueType": "string"}]}))
changes = delta_sharing.load_table_changes_as_pandas(url, starting_version=0)
print(json.dumps({
    "schemas": [one.name for one in client.list_schemas(client.list_shares()[0])],
    "version": delta_sharing.get_table_version(url),
    "columns": list(whole.columns), "codes": sorted(whole["uscc"]), "few": len(few), "old": sorted(old["uscc"]),
    "hinted": len(hinted),
    "changes": sorted(zip(changes["uscc"], changes["_change_type"], map(int, changes["_commit_version"]))),
}))
"""


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """A share with two versions."""
    made = a_sharing(tmp_path / "home", firms(5))
    made.keep()
    made.lay(firms(5, start=1), "second")
    made.keep()
    yield made
    made.house.engine.dispose()


def test_the_official_client_is_satisfied(shared: Sharing, tmp_path: Path) -> None:
    """It lists, reads the whole, a few rows, an older version and what changed, and skips files by hints."""
    kept, token = shared.profile()
    profile = tmp_path / "claims.share"
    profile.write_bytes(profile_file(f"http://127.0.0.1:{shared.port}/sharing", token, kept.expires))
    with shared.running():
        told = run(profile)
    codes = [row["uscc"] for row in firms(6)]
    assert told["schemas"] == [shared.standing().provider.lower()]
    assert told["version"] == 1
    assert told["columns"] == ["name", "uscc", "reg_date", "capital", "city"]
    assert told["codes"] == codes[1:]
    assert (told["few"], told["old"], told["hinted"]) == (2, codes[:5], 0)
    assert told["changes"] == sorted(
        [[code, "insert", 0] for code in codes[:5]] + [[codes[0], "delete", 1], [codes[5], "insert", 1]]
    )


def run(profile: Path) -> Any:
    """Run the client."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(PYTHON), "-c", SCRIPT, str(profile)]
    ended = subprocess.run(command, capture_output=True, text=True, env=clean, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])
