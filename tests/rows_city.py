"""A city with rows in it: a record that sources disagree on, broken rows, and values that are attacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from jutong.terms.identifier import credit_code_of
from tests.city import ROWS, City, a_full_city
from tests.console import CSRF, Console, a_console

HEADER = ROWS.splitlines()[0]
CODE = credit_code_of("91500000MA5U0000A")
SECOND = credit_code_of("91500000MA5U0000B")
SCRIPT = "<script>alert(1)</script>"
ONE_NAME = (
    f"{HEADER}\n重庆长江有限公司,{CODE},2001-03-05,有限责任公司,500万元人民币,技术服务,重庆市,重庆市,渝中区232号\n"
)
OTHER_NAME = f'{ONE_NAME}重庆渝江有限公司,{CODE},2001-03-05,,"2,0000(万)",技术服务,重庆市,重庆市,渝中区9号\n'
OTHER_NAME += f"重庆嘉陵有限公司,{SECOND},2002-03-05,有限责任公司,500万元人民币,技术服务,重庆市,重庆市,江北区1号\n"
STRANGE = f'{HEADER}\n{SCRIPT},\';DROP TABLE x;--,=1+1,<b>x</b>,<img src=x>,{{{{7*7}}}},%s,"""",y\na,b\n'


@dataclass
class RowsCity:
    """The city, its pages, and the batches that were delivered beside the first."""

    city: City
    console: Console
    one: str
    other: str
    strange: str

    @property
    def entry(self) -> str:
        """The published entry."""
        return self.city.found["entry"]

    def get(self, account: str, path: str, language: str = "en") -> httpx.Response:
        """Look at a page, and go nowhere after."""
        return self.console.client(account, language).get(path, follow_redirects=False)

    def send(self, account: str, path: str, **fields: str) -> httpx.Response:
        """Send a form as a browser does, and go nowhere after."""
        client = self.console.client(account)
        return client.post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)

    def upload(self, account: str, content: bytes, *, name: str = "企业.csv", **fields: str) -> httpx.Response:
        """Send a file of rows by the page."""
        return self.console.client(account).post(
            f"/entries/{self.entry}/deliver",
            data={"_csrf": CSRF, **fields},
            files={"rows": (name, content)},
            follow_redirects=False,
        )


def a_rows_city(folder: Path) -> RowsCity:
    """Make the city, and deliver what its pages must cope with."""
    city = a_full_city(folder)
    with city.client() as client:
        batches = [_delivered(city, client, rows) for rows in (ONE_NAME, OTHER_NAME, STRANGE)]
    return RowsCity(city, a_console(city), *batches)


def _delivered(city: City, client: TestClient[Litestar], rows: str) -> str:
    path = f"/api/entries/{city.found['entry']}/batches"
    answer = client.post(path, content=rows.encode(), headers=city.bearer("officer"))
    city.settle()
    return str(msgspec.json.decode(answer.content)["id"])
