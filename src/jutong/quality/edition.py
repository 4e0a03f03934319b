"""One edition of an entry's own rules: what was issued, when, and by whom; the newest one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jutong.catalogue.entry import Entry
from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Overtaken

from .declared import Book
from .odcs import book_of, document_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An issued rulebook; ``version`` counts from 1 on, and 0 stands for the standard elements' rules alone."""

    entry: str
    version: int = 0
    document: Mapping[str, Any] = field(default_factory=dict)
    issued_at: datetime | None = None
    issued_by: str = ""

    @property
    def book(self) -> Book:
        """The rules that the edition declares."""
        return book_of(self.document) if self.document else Book()

    @property
    def digest(self) -> str:
        """The digest of the document."""
        return digest(canonical(_plain(self.document)))

    def next(self, book: Book, *, seen: int, items: Mapping[str, str], title: str, at: datetime, by: str) -> Edition:
        """Return the edition that follows with these rules; the same rules again are no new edition.

        Only the document as we write it is kept: what was handed in goes through the reading first.
        """
        if seen != self.version:
            raise Overtaken
        version = self.version + 1
        document = document_of(book, id=self.entry, name="rows", title=title, version=version, items=items)
        if self.book == book_of(document):
            return self
        return Edition(entry=self.entry, version=version, document=document, issued_at=at, issued_by=by)

    def facts(self) -> dict[str, Fact]:
        """Return what evidence says of an edition: which, and of how many rules; not what they say."""
        return {"entry": self.entry, "version": self.version, "rules": len(self.book.rules), "digest": self.digest}


def shown_document(edition: Edition, entry: Entry) -> dict[str, Any]:
    """Return an edition as people take it along: an entry without rules of its own has an empty book to fill in."""
    items = {item.name: item.title for item in entry.items}
    return document_of(
        edition.book, id=entry.id, name="rows", title=entry.title, version=edition.version, items=items
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a document for its digest: canonical bytes know no floats."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return repr(value) if isinstance(value, float) else value
