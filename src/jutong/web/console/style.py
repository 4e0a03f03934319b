"""The living style page: every part that pages are made of, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from jutong.catalogue.terms_of_use import ShareType
from jutong.kernel.text import Text, text
from jutong.terms import Grade

from ..wiring import Name
from .frame import Answer, TheVisit, acted, page, see, shown
from .overtaken import Faster, Overwritten
from .table import Asked, Column, Table, listed
from .table import exported as exported_table

CAPITAL = 5_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of the sample table."""

    code: str
    title: str
    share: ShareType
    rows: int
    changed: datetime


SAMPLES = tuple(
    Sample(
        code=f"11500000MB{place:07d}X",
        title=title,
        share=share,
        rows=1234 * (place + 1),
        changed=datetime(2026, 1, 2 + place, 4, 30, tzinfo=UTC),
    )
    for place, (title, share) in enumerate(
        (
            ("企业登记信息", ShareType.CONDITIONAL),
            ("社会保险参保信息", ShareType.CONDITIONAL),
            ("法定节假日安排", ShareType.UNCONDITIONAL),
            ("=1+1", ShareType.NOT_SHARED),
        )
    )
)
TONES = {ShareType.UNCONDITIONAL: "green", ShareType.CONDITIONAL: "amber", ShareType.NOT_SHARED: "red"}


def _tone(row: Sample) -> str:
    return TONES[row.share]


TABLE: Table[Sample] = Table(
    name="samples",
    title=text("Sample of a table"),
    columns=(
        Column(
            key="title",
            title=text("Title"),
            value=lambda row: row.title,
            href=lambda _: "/style",
            options="text",
            sort=True,
        ),
        Column(key="code", title=text("Credit code"), value=lambda row: row.code, kind="code"),
        Column(key="share", title=text("Sharing"), value=lambda row: row.share, tone=_tone, options=ShareType),
        Column(key="rows", title=text("Rows"), value=lambda row: row.rows, kind="number", sort=True),
        Column(key="changed", title=text("Changed"), value=lambda row: row.changed, kind="instant", sort=True),
    ),
    key=lambda row: (row.title,),
    sort="title",
    rows=3,
)


class SampleForm(msgspec.Struct, kw_only=True):
    """The form of the style page."""

    title: Name
    capital: int
    share: ShareType
    starts: date
    grades: tuple[Grade, ...] = ()
    sure: bool = False


def _samples(ask: Asked) -> list[Sample]:
    """Stand in for a room's store, which does all of this in SQL."""
    rows = [row for row in SAMPLES if ask.filter("title") in row.title and ask.filter("share") in ("", row.share)]
    rows.sort(key=lambda row: getattr(row, ask.sort), reverse=ask.descending)
    titles = [row.title for row in rows]
    start = titles.index(ask.after[0]) + 1 if ask.after and ask.after[0] in titles else 0
    return rows[start : start + ask.limit]


@shown("/style", guard=None)
def style(visit: TheVisit) -> Answer:
    """Show every part."""
    if visit.asked("export"):
        return exported_table(visit, TABLE, _samples)
    return page(
        visit,
        "style/style.html",
        title=text("Style of the pages"),
        crumbs=(("/", text("First page")),),
        table=listed(visit, TABLE, _samples),
        shares=ShareType,
        share_laws=_share_laws(),
        grades=Grade,
        today=date(2026, 1, 2),
        moment=datetime(2026, 1, 2, 4, 30, tzinfo=UTC),
        capital=CAPITAL,
        stages=_stages(),
        faster=Faster(text("a colleague"), (Overwritten(text("Title"), "企业登记", "企业登记信息"),)),
        done=text("The sample was taken; nothing is kept.") if visit.asked("taken") else None,
    )


@acted("/style", guard=None, again=style)
def try_style(visit: TheVisit) -> Answer:
    """Take the sample form; nothing is kept."""
    visit.form.read(SampleForm)
    return see("/style?taken=yes")


def _stages() -> tuple[tuple[Text, str, str, Text], ...]:
    return (
        (text("Submitted"), "done", "2026-01-02", text("Order 809, art. 20")),
        (text("Answered by the provider"), "now", "", text("Order 809, art. 20")),
        (text("Delivered"), "next", "", text("Order 809, art. 21")),
    )


def _share_laws() -> tuple[tuple[ShareType, Text, Text, Text], ...]:
    return (
        (
            ShareType.UNCONDITIONAL,
            text("Every department gets it"),
            text("for data that every department may need"),
            text("Order 809, art. 14"),
        ),
        (
            ShareType.CONDITIONAL,
            text("Some departments get it"),
            text("for data that is needed for stated duties only"),
            text("Order 809, art. 14"),
        ),
        (
            ShareType.NOT_SHARED,
            text("Nobody gets it"),
            text("only where a law, a regulation or a decision of the State Council says so"),
            text("Order 809, art. 14"),
        ),
    )


PAGES = [style, try_style]
