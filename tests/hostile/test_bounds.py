"""How much one may ask for at once: every list has an end, every body and every upload a bound (OWASP API4:2023)."""

from __future__ import annotations

import pytest
from litestar.routes import HTTPRoute

from jutong.collection import Limits
from jutong.web.build import BODY_LIMIT, document
from tests.city import City
from tests.hostile.standing import Standing

# Lists that grow with what is registered, declared or shipped, and with nothing that anybody sends.
SHORT = {
    "/api/bodies": "bodies of the tree",
    "/api/systems": "systems that administrators registered",
    "/api/nodes": "neighbours",
    "/api/deadlines": "terms of the law",
    "/api/harvest/sources": "portals",
    "/api/harvest/overdue": "decisions that are owed",
    "/api/census/editions": "an edition a year",
    "/api/library/layers": "layers of the map",
    "/api/library/kinds": "base libraries",
    "/api/library/rates": "items of the libraries",
    "/api/library/themes": "theme libraries",
    "/api/lake/tables": "tables of the lake",
    "/api/request-batches/{batch_id}": "requests of one batch, at most fifty",
    "/api/policies/{policy_id}": "versions of one policy",
    "/api/agreements/{agreement_id}/items": "items of one agreement",
    "/api/waiting": "what waits on one's own desk",
}
PAGE_MOST = 500
LARGEST = Limits().max_bytes + (1 << 20)  # of a file that is delivered
# Bodies beyond a mebibyte, and why.
LARGE = {
    "/api/entries/{entry_id}/batches": LARGEST,
    "/entries/{entry_id}/deliver": LARGEST,
    "/census/harvest": LARGEST,
    "/harvest": LARGEST,
    "/packages": LARGEST,
    "/api/harvest/sources/{source}/gathers": (256 << 20) + (1 << 20),
    "/api/library/layers/{layer}": (64 << 20) + (1 << 20),
    "/api/library/layers/{layer}/count": (1 << 30) + (1 << 20),
    "/library/layers": (64 << 20) + (1 << 20),
    "/push/files/{push_id}/parts/{offset}": 8 << 20,
    "/traces": 64 << 20,
}
LARGE_FORM = 64 << 20


@pytest.fixture
def city(node: Standing) -> City:
    """A node."""
    return node.shared.city


def test_every_list_has_an_end(city: City) -> None:
    """A program asks for five hundred lines at most; what has no such bound is short by its nature, and named here."""
    told = document(city.api.rooms)
    endless = set()
    for path, operations in told["paths"].items():
        answer = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schemas = [one.get("schema", {}) for one in answer.values()]
        parts = [told["components"]["schemas"].get(one.get("$ref", "").rpartition("/")[2], one) for one in schemas]
        mosts = [one["schema"].get("maximum") for one in operations.get("get", {}).get("parameters", [])
                 if one["name"] == "limit"]  # fmt: skip
        assert all(most is not None and most <= PAGE_MOST for most in mosts), path
        if any(one.get("type") == "array" for one in parts) and not mosts:
            endless.add(path)
    assert endless == set(SHORT)


@pytest.mark.parametrize("limit", ["0", "-1", "501", "1e3", "99999999999999999999", "x", "%00"])
def test_no_more_than_that_is_handed_out(city: City, limit: str) -> None:
    """Whoever asks for more than a page is refused, and not given a part of it."""
    with city.client() as client:
        answer = client.get(f"/api/entries?limit={limit}", headers=city.bearer("officer"))
    assert answer.status_code == 400


def test_every_body_has_a_bound(city: City) -> None:
    """A mebibyte, unless the address takes files: those are named here with what they take."""
    found: dict[str, int] = {}
    for route in city.api.rooms.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            most = handler.resolve_request_max_body_size()
            assert most is not None, route.path_format
            if most > BODY_LIMIT:
                found[route.path_format] = max(most, found.get(route.path_format, 0))
    forms = {path: most for path, most in found.items() if path not in LARGE}
    assert {path: found.get(path) for path in LARGE} == LARGE
    assert all(most <= LARGE_FORM for most in forms.values()), forms


def test_deliveries_are_handed_out_page_by_page(city: City) -> None:
    """Also the list that grows with every delivery of a department."""
    with city.client() as client:
        headers = city.bearer("officer")
        unknown = "01K5WQ5X786QG2M668BGMJ2691"
        for query, status in (("limit=501", 400), ("after=x", 400), ("limit=1", 404)):
            assert client.get(f"/api/entries/{unknown}/batches?{query}", headers=headers).status_code == status
