"""The form of a plan, as it is typed: how the source is reached, which rows are read, and when."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from jutong.collection import Layout, Mode, Paging, Reach, ReachKind, Reading
from jutong.collection.plans import Schedule, Wanted
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

from ..plans import Overlap, Percent, Port, Size
from ..wiring import Name, Words

Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")]


class PlanForm(msgspec.Struct, kw_only=True):
    """A plan as it is typed; whether it is only tried, or kept."""

    do: Literal["try", "keep"] = "try"
    title: Name = ""
    kind: ReachKind
    secret: Short = ""
    host: Short = ""
    port: Port = 0
    database: Short = ""
    schema: Short = ""
    table: Short = ""
    user: Short = ""
    url: Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\u0000]*$")] = ""
    rows_at: Short = ""
    total_at: Short = ""
    paging: Paging = Paging.NONE
    page_parameter: Short = "page"
    size_parameter: Short = "size"
    size: Size = 500
    cursor_at: Short = ""
    header: Short = "Authorization"
    encoding: Literal["utf-8", "gb18030", "big5"] = "utf-8"
    path: Short = ""
    fingerprint: Short = ""
    delimiter: Literal[",", ";", "|", "tab"] = ","
    headers: Words = ""
    mode: Mode = Mode.FULL
    watermark: Short = ""
    publication: Short = ""
    overlap: Overlap = 0
    loss_share: Percent = 20
    schedule: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\u0000]*$")] = ""

    def reach(self) -> Reach:
        """Return how the source is reached, or refuse it."""
        return Reach(
            kind=self.kind,
            secret=self.secret,
            host=self.host,
            port=self.port,
            database=self.database,
            schema=self.schema,
            table=self.table,
            user=self.user,
            url=self.url,
            rows_at=self.rows_at,
            total_at=self.total_at,
            paging=self.paging,
            page_parameter=self.page_parameter,
            size_parameter=self.size_parameter,
            size=self.size,
            cursor_at=self.cursor_at,
            header=self.header,
            prefix="Bearer " if self.header.lower() == "authorization" else "",
            encoding=self.encoding,
            path=self.path,
            fingerprint=self.fingerprint,
            delimiter=self.delimiter,
        )

    def layout(self) -> Layout:
        """Return which columns stand for which items, as far as that is not plain."""
        pairs = [line.partition("=") for line in self.headers.splitlines() if line.strip()]
        if not all(column.strip() and item.strip() for column, _, item in pairs):
            raise Invalid(
                text("a line of the columns is not written as column = item"),
                remedy=text("write one pair to a line, such as tyshxydm = uscc"),
            )
        return Layout(headers={column.strip(): item.strip() for column, _, item in pairs})

    def wanted(self) -> Wanted:
        """Return the plan, or refuse it."""
        return Wanted(
            title=self.title,
            reach=self.reach(),
            layout=self.layout(),
            reading=Reading(
                mode=self.mode,
                watermark=self.watermark if self.mode is Mode.INCREMENTAL else "",
                overlap=self.overlap if self.mode is Mode.INCREMENTAL else 0,
                publication=self.publication if self.mode is Mode.STREAM else "",
                loss_share=self.loss_share,
            ),
            schedule=Schedule(self.schedule),
        )
