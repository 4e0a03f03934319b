"""The forms in which a view is handed over as one file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

ROWS_OF_A_SHEET = 1_048_575  # below its head


class Form(StrEnum):
    """A form of file."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """How it is named over HTTP."""
        return _MEDIA[self]


_MEDIA = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.JSON: "application/json; charset=utf-8",
    Form.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A file that is handed over: where it is, what it is called, its digest (SHA-256, hex), its signed manifest."""

    path: str
    name: str
    form: Form
    version: int
    rows: int
    size: int
    digest: str
    manifest: str


def check_fits(form: Form, rows: int) -> None:
    """Refuse what the form cannot hold; nothing is ever cut off silently."""
    if form is Form.XLSX and rows > ROWS_OF_A_SHEET:
        raise Invalid(
            text("a sheet holds {limit} rows, the view has {rows}", limit=ROWS_OF_A_SHEET, rows=rows),
            remedy=text("take csv, json or parquet"),
        )


def form_named(given: str) -> Form:
    """Return the form that is asked for, or refuse."""
    try:
        return Form(given)
    except ValueError as error:
        raise Invalid(text("a file is csv, xlsx, json or parquet")) from error
