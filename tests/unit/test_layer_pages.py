"""The pages and the endpoints of layers of space: load a file, look at the map, ask where a point is, take it along."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.cli.demo.made_map import ORIGIN, YEAR, made_districts
from tests.city import City, a_full_city, done
from tests.console import CSRF, Console, a_console

PAGE, API = "/library/layers", "/api/library/layers"
UNSOUND = {"id": "x1", "properties": {"name": "乱"}, "geometry": {"type": "Point", "coordinates": [29.56, 106.55]}}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return a_full_city(tmp_path_factory.mktemp("layers") / "home")


@pytest.fixture(scope="module")
def console(city: City) -> Console:
    return a_console(city)


def test_an_officer_of_the_authority_loads_a_file_and_finds_a_point(console: Console, city: City) -> None:
    """Every district is drawn without a script; the swapped one is listed; a point stands in no address and no line."""
    collection = json.loads(made_districts())
    collection["features"].append(UNSOUND)
    files = {"file": ("districts.geojson", json.dumps(collection).encode())}
    browser = console.client("overseer", "zh-CN")
    browser.follow_redirects = False
    fields = {"_csrf": CSRF, "name": "districts", "origin": ORIGIN, "year": str(YEAR)}
    undeclared = {**fields, "crs": "EPSG:4326"}
    refused = browser.post(PAGE, data=undeclared, files=files)
    assert (refused.status_code, "文件写明 EPSG:4490，装载者声明 EPSG:4326" in refused.text) == (422, True)
    assert (
        browser.post(PAGE, data={**fields, "title": "name"}, files=files)
        .headers["location"]
        .startswith(f"{PAGE}/districts")
    )
    shown = browser.get(f"{PAGE}/districts").text
    assert len(re.findall(r'<path class="of-2" d="M', shown)) == 38
    assert "经纬度颠倒" in shown
    assert ORIGIN in shown
    assert "<title>500103 渝中区</title>" in shown
    asked = browser.post(
        f"{PAGE}/districts/point", data={"_csrf": CSRF, "lon": "106.55", "lat": "29.56", "metres": "3000"}
    )
    assert (asked.status_code, "该点位于此要素内" in asked.text, 'class="spot"' in asked.text) == (200, True, True)
    swapped = browser.post(f"{PAGE}/districts/point", data={"_csrf": CSRF, "lon": "29.56", "lat": "106.55"})
    assert (swapped.status_code, "先纬度、后经度" in swapped.text, 'value="29.56"' in swapped.text) == (422, True, True)
    assert "106.55" not in "".join(line.leaf().decode() for line in city.lines("library.layer_looked_at"))
    listed = browser.get(PAGE).text
    assert ORIGIN in listed


def test_a_layer_is_taken_along_from_page_and_api(console: Console, city: City, tmp_path: Path) -> None:
    """GeoParquet and GeoJSON carry their system; what leaves is on record; a department's officer gets nothing."""
    with city.client() as client:
        overseer, officer = city.bearer("overseer"), city.bearer("officer")
        loaded = client.post(f"{API}/zones", params={"origin": ORIGIN}, content=made_districts(), headers=overseer)
        assert (done(loaded)["features"], done(loaded)["crs"]) == (38, "EPSG:4490")
        before = len(city.lines("library.layer_exported"))
        parquet = client.post(f"{API}/zones/geoparquet", headers=overseer)
        (tmp_path / "zones.parquet").write_bytes(parquet.content)
        geo = json.loads(pq.read_schema(tmp_path / "zones.parquet").metadata[b"geo"])
        assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 4490}
        assert client.post(f"{API}/zones/geojson", headers=overseer).json()["crs"]["properties"]["name"][-4:] == "4490"
        assert client.post(f"{API}/zones/geojson", headers=officer).status_code == 403
        assert client.post(f"{API}/zones", params={"origin": "x"}, content=b"{}", headers=officer).status_code == 403
        point = {"lon": 106.55, "lat": 29.56}
        assert done(client.post(f"{API}/zones/point", json=point, headers=overseer))["feature"] == "500103"
        counted = client.post(
            f"{API}/zones/count",
            params={"crs": "CGCS2000", "lon": "x", "lat": "y"},
            content=b"x,y\n106.55,29.56\n106.55,29.56\n,\n",
            headers=overseer,
        )
        assert {one["feature"]: one["points"] for one in done(counted) if one["points"]} == {"500103": 2, "": 1}
        pairs = client.post(f"{API}/zones/comparison", json={"other": "zones"}, headers=overseer)
        assert len(pairs.text.splitlines()) == 39
    browser = console.client("overseer")
    taken = browser.post(f"{PAGE}/zones/file", data={"_csrf": CSRF, "form": "geoparquet"})
    assert taken.headers["content-disposition"].endswith("zones.parquet")
    assert pq.read_table(pa.BufferReader(taken.content)).num_rows == 38
    assert len(city.lines("library.layer_exported")) == before + 3
    assert not [one for one in (city.house.home.folder / "inbox").iterdir() if one.name.startswith("layer-")]
