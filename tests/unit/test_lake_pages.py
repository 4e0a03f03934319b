"""The lake on pages: how its tables stand for those who look after them, and a table that its keeper tends."""

from __future__ import annotations

from pathlib import Path

from jutong.kernel.lock import exclusive
from jutong.pools.upkeep import FEW
from tests.city import a_full_city
from tests.console import CSRF, a_console


def test_the_keeper_sees_what_is_due_and_tends_a_table(tmp_path: Path) -> None:
    """Small files become one; the page then says that nothing is due, and who is not concerned sees nothing."""
    city = a_full_city(tmp_path / "home")
    console, house = a_console(city), city.house
    table = f"raw/{city.found['entry']}"
    rows = house.pools.lake.read(table).read_all()
    for number in range(FEW):
        house.pools.lake.append(table, rows.slice(0, 1).to_reader(), mark=f"small{number}")
    before, keeper = house.pools.lake.read(table).read_all().num_rows, console.client("system")

    listed = keeper.get("/lake?layer=raw")
    assert listed.status_code == 200
    assert f"/lake/{table}" in listed.text
    assert "due</span>" in listed.text
    assert "library/" not in listed.text.partition("<table")[2].partition("</table>")[0]
    page = keeper.get(f"/lake/{table}").text
    assert f'action="/lake/{table}/upkeep"' in page
    assert "not yet" in page
    assert "/upkeep" not in console.client("overseer").get(f"/lake/{table}").text, "who oversees looks, and no more"

    form = {"_csrf": CSRF}
    with exclusive(house.engine, house.home.locks, "lake"):
        assert keeper.post(f"/lake/{table}/upkeep", data=form).status_code == 503
    assert console.client("overseer").post(f"/lake/{table}/upkeep", data=form).status_code == 403
    done = keeper.post(f"/lake/{table}/upkeep", data=form)
    assert done.status_code == 200
    assert "The table is tended" in done.text
    assert "Nothing is due" in done.text
    assert house.pools.lake.read(table).read_all().num_rows == before
    assert len(house.pools.lake.files(table)[0]) == 1
    assert len(city.lines("custody.tended")) == 1

    for wrong in ("/lake/raw/none", f"/lake/secret/{city.found['entry']}", "/lake/raw/..%2f..%2fx"):
        assert keeper.get(wrong).status_code in (400, 404, 422), wrong
    for account in ("officer", "head", "stranger", "security"):
        assert console.client(account).get("/lake").status_code == 403, account
    house.engine.dispose()
