"""A harvested record as it is kept and shown: what a portal lists, beside our own entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from jutong.guard.permit import Label
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from ..entry import ABSTRACT_LIMIT, Entry
from ..entry import TITLE_LIMIT as ENTRY_TITLE_LIMIT
from ..item import Format
from ..terms_of_use import OpenType, ShareType, TermsOfUse, UpdateCycle
from ..theming import Theme
from .kinship import Kin
from .mapping import Idea
from .record import State
from .spelling import families_of


class Unknown(NamedTuple):
    """A spelling that nobody understands, and how many records have it."""

    idea: Idea
    words: str
    records: int


class Overdue(NamedTuple):
    """Of a department's dated records with a known cycle: how many are late on a day."""

    source: str
    department: str
    late: int
    dated: int
    oldest: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvested:
    """One record that a portal lists, or listed."""

    id: str
    source: str
    identifier: str
    title: str
    description: str
    department: str
    body: str
    category: str
    theme: str
    industry: str
    tags: str
    open_words: str
    open_type: OpenType | None
    cycle_words: str
    update_cycle: UpdateCycle | None
    published: date | None
    updated: date | None
    due: date | None
    formats: tuple[str, ...]
    formats_unknown: str
    volume: int | None
    telephone: str
    email: str
    url: str
    fields: str
    aside: Mapping[str, str]
    state: State
    first_seen: datetime
    changed: datetime
    kin: Kin | None
    leader: str
    entry: str

    @property
    def label(self) -> Label:
        """What the guard needs for making an entry of it: only the body that it speaks of may."""
        return Label(owner=self.body)

    @property
    def link(self) -> str:
        """The portal's page of it, if that is an address that a browser may follow."""
        return self.url if self.url.lower().startswith(("https://", "http://")) else ""

    def late_on(self, day: date) -> bool:
        """Say whether it should have been updated before ``day``."""
        return self.state is State.LISTED and self.due is not None and self.due < day

    def drafted(self) -> Entry:
        """Return what a draft of its body may begin with: the portal's words, and nothing that it does not say."""
        if self.state is not State.LISTED:
            raise WrongMoment(
                text("the portal does not list this record any more"), remedy=text("restore it first, if that is wrong")
            )
        return Entry(
            id="",
            provider=self.body,
            title=self.title[:ENTRY_TITLE_LIMIT],
            abstract=self.description[:ABSTRACT_LIMIT],
            format=_format_of(self.formats),
            theme=Theme(self.theme) if self.theme else None,
            terms=TermsOfUse(share_type=ShareType.CONDITIONAL),
            update_cycle=self.update_cycle or UpdateCycle.IRREGULAR,
            open_type=self.open_type or OpenType.CLOSED,
        )

    def restored(self) -> Harvested:
        """Return it as listed again."""
        if self.state is State.LISTED:
            raise WrongMoment(text("the record is listed"), remedy=text("nothing needs to be done"))
        return replace(self, state=State.LISTED)


def _format_of(formats: tuple[str, ...]) -> Format:
    families = families_of(formats)
    order = {
        "table": Format.SPREADSHEET,
        "database": Format.DATABASE,
        "text": Format.SELF_DESCRIBED,
        "document": Format.DOCUMENT,
        "image": Format.IMAGE,
        "stream": Format.STREAM,
        "interface": Format.INTERFACE,
    }
    return next((format_ for family, format_ in order.items() if family in families), Format.DATABASE)
