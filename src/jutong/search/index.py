"""The index: one SQLite file made from the catalogue alone, read by many, written by one, thrown away at any time."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .cutting import sound, sounds_of_characters, words
from .record import Record
from .row import Row
from .words import fold, tokens

# Title 10, tags 3, description 1, publisher 2; what narrows a search counts nothing in its order.
WEIGHTS = (10.0, 3.0, 1.0, 2.0, 1.5, 0.0)
COLUMNS = ("title", "tags", "description", "publisher", "items", "marks")
REMEMBERED = 50_000  # tokens
WEIGHED_MOST = 8000  # records: to weigh one takes three microseconds, and nobody waits for a million
FORM = "2"  # of the file; another form is made anew

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
    number INTEGER PRIMARY KEY, entry TEXT NOT NULL, version INTEGER NOT NULL, provider TEXT NOT NULL,
    title TEXT NOT NULL, tags TEXT NOT NULL, description TEXT NOT NULL, publisher TEXT NOT NULL, items TEXT NOT NULL,
    places TEXT NOT NULL, changed TEXT NOT NULL, series TEXT NOT NULL, facets TEXT NOT NULL, shown TEXT NOT NULL
);
CREATE INDEX doc_entry ON doc (entry);
CREATE VIRTUAL TABLE text USING fts5 (
    title, tags, description, publisher, items, marks, tokenize="unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE term USING fts5vocab (text, 'row');
CREATE TABLE word (word TEXT PRIMARY KEY, sound TEXT NOT NULL, initials TEXT NOT NULL, records INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX word_sound ON word (sound);
CREATE INDEX word_initials ON word (initials);
CREATE TABLE sign (sign TEXT PRIMARY KEY, sound TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE popular (entry TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


class Index:
    """An open index file."""

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        mode = "rwc" if writing else "ro"
        self.path = path
        self._counted: dict[str, int] = {}
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
        self._db.execute("PRAGMA busy_timeout = 30000")
        self._db.execute("PRAGMA cache_size = -32768")
        if writing:
            self._db.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def prepare(self) -> None:
        """Make the tables of an empty file."""
        with self._db:
            self._db.executescript(_SCHEMA)
            self._set("form", FORM)
            self._set("place", "-1")
            self._db.executemany("INSERT INTO sign VALUES (?, ?)", sounds_of_characters().items())

    @property
    def place(self) -> int:
        """The place in the log up to which the index has followed the catalogue."""
        return int(self._meta("place") or -1)

    @property
    def form(self) -> str:
        """The form of the file."""
        return self._meta("form")

    @property
    def size(self) -> int:
        """How many records there are, or were when the highest number was given."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) FROM doc").fetchone()[0])

    def fill(self, records: Iterable[Record], *, popular: Mapping[str, int] | None = None, place: int) -> int:
        """Put all records of an empty index in, and learn its words; return how many there are."""
        counted: Counter[str] = Counter()
        count = 0
        with self._db:
            for record in records:
                counted.update(self._put(record))
                count += 1
            self._learn(counted)
            self._db.executemany("INSERT INTO popular VALUES (?, ?)", (popular or {}).items())
            self._set("place", str(place))
            self._db.execute("INSERT INTO text (text) VALUES ('optimize')")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    def replace(
        self, entries: Iterable[str], records: Iterable[Record], popular: Mapping[str, int], place: int
    ) -> None:
        """Put the records of some entries anew, in one step with the place in the log that tells of them."""
        counted: Counter[str] = Counter()
        with self._db:
            for entry in entries:
                numbers = [(one,) for (one,) in self._db.execute("SELECT number FROM doc WHERE entry = ?", (entry,))]
                self._db.executemany("DELETE FROM text WHERE rowid = ?", numbers)
                self._db.executemany("DELETE FROM doc WHERE number = ?", numbers)
            for record in records:
                counted.update(self._put(record))
            self._learn(counted)
            for entry, count in popular.items():
                self._db.execute(
                    "INSERT INTO popular VALUES (?, ?)"
                    " ON CONFLICT (entry) DO UPDATE SET count = count + excluded.count",
                    (entry, count),
                )
            self._set("place", str(place))

    def _put(self, record: Record) -> set[str]:
        title, tags, description = fold(record.title), fold(record.tags), fold(record.description)
        publisher, items = fold(record.publisher), fold(record.items)
        facets = "\n".join(f"{name}\t{value}" for name, value in record.facets.items() if value)
        cursor = self._db.execute(
            "INSERT INTO doc (entry, version, provider, title, tags, description, publisher, items, places, changed,"
            " series, facets, shown) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(record.entry, record.version, record.provider, title, tags, description, publisher, items),
                *(" ".join(sorted(record.places)), record.changed, record.series, facets, record.title),
            ),
        )
        cut = words(title)
        self._db.execute(
            "INSERT INTO text (rowid, title, tags, description, publisher, items, marks) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                cursor.lastrowid,
                tokens(title, cut),
                tokens(tags, words(tags)),
                tokens(description, words(description)),
                tokens(publisher, words(publisher)),
                tokens(items, words(items)),
                " ".join(record.marks),
            ),
        )
        return set(cut)

    def _learn(self, counted: Mapping[str, int]) -> None:
        rows = [(word, count) for word, count in counted.items() if word[0] >= "\u3400"]
        self._db.executemany(
            "INSERT INTO word VALUES (?, ?, ?, ?)"
            " ON CONFLICT (word) DO UPDATE SET records = records + excluded.records",
            (
                (word, said, "".join(one[0] for one in said.split()), count)
                for word, count in rows
                if (said := sound(word))
            ),
        )

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _meta(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    # What questions ask of it.

    def records_of(self, term: str) -> int:
        """Return in how many records a token stands: a word, or a pair of characters with its sign before it."""
        # Rarity may be a little old; a question of ten words asks for a hundred of these.
        if (known := self._counted.get(term)) is not None:
            return known
        if len(self._counted) > REMEMBERED:
            self._counted.clear()
        self._counted[term] = found = self._count(term)
        return found

    def _count(self, term: str) -> int:
        row = self._db.execute("SELECT doc FROM term WHERE term = ?", (term,)).fetchone()
        return int(row[0]) if row else 0

    def is_word(self, word: str) -> int:
        """Return in how many titles a word of the vocabulary stands; 0 for what is no word here."""
        row = self._db.execute("SELECT records FROM word WHERE word = ?", (word,)).fetchone()
        return int(row[0]) if row else 0

    def words_sounding(self, syllables: str) -> Sequence[tuple[str, int]]:
        """Return the words that are read so, the most frequent first."""
        return self._db.execute(
            "SELECT word, records FROM word WHERE sound = ? ORDER BY records DESC LIMIT 3", (syllables,)
        ).fetchall()

    def words_beginning(self, initials: str) -> Sequence[tuple[str, int]]:
        """Return the words whose syllables begin with these letters, the most frequent first."""
        return self._db.execute(
            "SELECT word, records FROM word WHERE initials = ? ORDER BY records DESC LIMIT 3", (initials,)
        ).fetchall()

    def sound_of(self, sign: str) -> str:
        """Return how a character is read."""
        row = self._db.execute("SELECT sound FROM sign WHERE sign = ?", (sign,)).fetchone()
        return str(row[0]) if row else ""

    def signs_sounding(self, syllable: str) -> Sequence[str]:
        """Return the characters that are read so."""
        return [one for (one,) in self._db.execute("SELECT sign FROM sign WHERE sound = ?", (syllable,))]

    def syllables(self) -> frozenset[str]:
        """Return all syllables."""
        return frozenset(one for (one,) in self._db.execute("SELECT DISTINCT sound FROM sign"))

    def overflow(self, expression: str) -> int:
        """Return the record after which an expression finds ``WEIGHED_MOST`` newer ones; 0 if it finds fewer in all."""
        row = self._db.execute(
            "SELECT rowid FROM text WHERE text MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?", (expression, WEIGHED_MOST)
        ).fetchone()
        return int(row[0]) if row else 0

    def matching(self, expression: str, *, limit: int, after: int = 0) -> Iterator[Row]:
        """Yield the records that an expression finds, best first by the engine's own order; those after one only."""
        found = self._db.execute(
            f"SELECT rowid, bm25(text, {', '.join(map(str, WEIGHTS))}) AS b FROM text WHERE text MATCH ?"  # noqa: S608
            " AND rowid > ? ORDER BY b LIMIT ?",
            (expression, after, limit),
        ).fetchall()
        order = {number: -match for number, match in found}
        rows = self._db.execute(
            "SELECT doc.number, doc.entry, version, provider, title, tags, description, publisher, items, places,"
            " changed, series, facets, shown, coalesce(popular.count, 0)"
            " FROM doc LEFT JOIN popular ON popular.entry = doc.entry"
            " WHERE number IN (SELECT value FROM json_each(?))",
            (json.dumps(list(order)),),
        )
        for row in rows:
            yield Row(
                **dict(zip(_PLAIN, row[:9], strict=True)),
                places=frozenset(row[9].split()),
                changed=row[10],
                series=row[11],
                facets=dict(one.split("\t", 1) for one in row[12].split("\n") if one),
                shown=row[13],
                popularity=row[14],
                match=order[row[0]],
            )


_PLAIN = ("number", "entry", "version", "provider", "title", "tags", "description", "publisher", "items")
