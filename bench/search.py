"""How well search finds Chinese, and how fast: nDCG@10 beside FTS5 as it comes, trigrams and jieba alone."""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jutong import registers
from jutong.search.concepts import Concepts, shipped_groups, shipped_organs
from jutong.search.cutting import sound, words
from jutong.search.finder import Finder
from jutong.search.index import Index
from jutong.search.places import Places, around, short_name
from jutong.search.record import Record

DATA = Path(os.environ.get("JUTONG_DATA", "../shared/data"))
HELD_OUT = Path(__file__).with_name("search_heldout.json")
SIZE = 57_000
GOAL, GOAL_MS = 0.80, 50.0
AT = 10
LEAST_OF_TYPE = 5
Ranking = Callable[[str], Sequence[str]]
Row = Mapping[str, Any]


def run(corpus: Path | None = None, queries: Path | None = None, rows: int = SIZE) -> dict[str, Any]:
    """Measure on a corpus and its judged queries, on the queries held out, and the time at ``rows`` records."""
    records = list(_rows(corpus or DATA / "search" / "corpus.jsonl"))
    judged = json.loads((queries or DATA / "search" / "queries_dev.json").read_text("utf-8"))
    figures: dict[str, Any] = {"records": len(records), "queries": len(judged["queries"])}
    reach: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        finder = _finder(Path(folder) / "index.sqlite", records)
        figures["seconds to make the index"] = time.perf_counter() - begun
        figures |= _judged("", judged, lambda asked: [hit.row.entry for hit in finder.find(asked).hits], reach)
        for name, peer in _peers(records).items():
            figures |= _judged(f"{name}: ", judged, peer, None)
        if corpus is None:
            other = [*records, *_other_portals()]
            by_rule = _by_rule(other)
            figures["records behind the queries held out"] = len(other)
            held = _finder(Path(folder) / "held.sqlite", other)
            found = lambda asked: [hit.row.entry for hit in held.find(asked).hits]  # noqa: E731
            figures |= _judged("held out: ", by_rule, found, reach)
        many = list(_many(records, rows))
        big = _finder(Path(folder) / "big.sqlite", many)
        figures |= _timed(big, [*judged["queries"], *json.loads(HELD_OUT.read_text("utf-8"))["queries"]], reach)
    return {"name": "search", "figures": figures, "reach": reach}


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _other_portals() -> Iterator[Row]:
    """Yield the lists that are not in the corpus, their fields mapped as the crawler's authors did."""
    for portal in ("sichuan_deyang", "anhui_wuhu"):
        mapping = json.loads((DATA / "catalogue" / "mapping" / f"{portal}.json").read_text("utf-8"))
        for number, row in enumerate(_rows(DATA / "catalogue" / "portals" / f"{portal}.jsonl.gz")):
            told = {mapping[name]: _plain(value) for name, value in row.items() if name in mapping}
            yield {
                "id": f"{portal}-{number:05}",
                "portal": portal,
                "title": told.get("title", ""),
                "publisher": told.get("department", ""),
                "tags": told.get("tags", ""),
                "description": told.get("description", ""),
                "updated": told.get("update_time", ""),
            }


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _many(records: Sequence[Row], size: int) -> Iterator[Row]:
    """Yield ``size`` records: the given ones, then the same of other places and years."""
    places = ("绵阳市", "宜宾市", "南充市", "遵义市", "南昌市", "洛阳市", "襄阳市", "赣州市")
    for number in range(size):
        row = records[number % len(records)]
        turn = number // len(records)
        if turn == 0:
            yield row
            continue
        title = re.sub(r"泸州市?|合肥市?|滁州市?", places[(turn + number) % len(places)], row["title"])
        title = title if title != row["title"] else f"{places[(turn + number) % len(places)]}{title}"
        yield {**row, "id": f"{row['id']}-{turn}", "title": re.sub(r"20\d\d", str(2010 + turn), title)}


def _finder(path: Path, rows: Iterable[Row]) -> Finder:
    places = Places.of(registers.divisions())
    homes: dict[str, frozenset[str]] = {"": frozenset()}
    index = Index(path, writing=True)
    index.prepare()
    index.fill((_record(row, places, homes) for row in rows), place=0)
    return Finder(index, Concepts.of(shipped_groups()), places, shipped_organs())


def _record(row: Row, places: Places, homes: dict[str, frozenset[str]]) -> Record:
    named = places.named_in(f"{row['title']} {row.get('publisher') or ''}")
    portal = row.get("portal") or ""
    if portal not in homes:
        homes[portal] = _home(portal, places)
    codes = {code for found in named.values() for code in found} | homes[portal]
    return Record(
        entry=row["id"],
        title=row["title"] or "",
        publisher=row.get("publisher") or "",
        tags=_plain(row.get("tags")),
        description=row.get("description") or "",
        changed=str(row.get("updated") or row.get("published") or "")[:10],
        places=around(codes),
        facets={"theme": row.get("theme") or "", "open": row.get("open_type") or ""},
    )


def _home(portal: str, places: Places) -> frozenset[str]:
    """Return the place whose portal it is, read from its pinyin: a catalogue knows it from the providing body."""
    province, _, city = portal.partition("_")
    named = [(name, [one for one in codes if one.endswith("00")]) for name, codes in places.by_name.items()]
    heads = [
        code
        for name, codes in named
        if any(one.endswith("0000") for one in codes) and sound(short_name(name)).replace(" ", "") == province
        for code in codes
    ]
    found = {
        code
        for name, codes in named
        if any(code[:2] == head[:2] for code in codes for head in heads)
        and city in ((said := sound(short_name(name))).replace(" ", ""), "".join(one[0] for one in said.split()))
        for code in codes
        if any(code[:2] == head[:2] for head in heads)
    }
    return frozenset(found)


def _by_rule(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the queries held out with the judgements that their rules come to."""
    kept, judgements = [], {}
    for query in json.loads(HELD_OUT.read_text("utf-8"))["queries"]:
        graded = {row["id"]: grade for row in rows if (grade := _grade(query, row))}
        if 2 in graded.values():
            kept.append(query)
            judgements[query["id"]] = graded
    return {"queries": kept, "qrels": judgements}


def _grade(query: Row, row: Row) -> int:
    title = row["title"] or ""
    if not re.search(query["strict"], title):
        return 1 if re.search(query["loose"], title) else 0
    there = not query.get("where") or re.search(query["where"], f"{title} {row.get('publisher') or ''}")
    then = not query.get("year") or re.search(query["year"], title)
    return 2 if there and then else 1


def ndcg(ranking: Sequence[str], judgements: Mapping[str, int]) -> float:
    """Return the normalised discounted gain of the first ten (gain 2^grade - 1)."""
    return _gain(judgements.get(one, 0) for one in ranking[:AT]) / _gain(sorted(judgements.values(), reverse=True)[:AT])


def _gain(grades: Iterable[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def _judged(
    name: str, judged: Mapping[str, Any], ranking: Ranking, reach: list[dict[str, Any]] | None
) -> dict[str, Any]:
    of_type: dict[str, list[float]] = defaultdict(list)
    empty = 0
    for query in judged["queries"]:
        judgements = judged["qrels"].get(query["id"], {})
        if not any(judgements.values()):
            continue
        found = ranking(query["text"])
        empty += not found
        of_type[query["type"]].append(ndcg(found, judgements))
    every = [one for values in of_type.values() for one in values]
    figures: dict[str, Any] = {f"{name}nDCG@10": statistics.mean(every)}
    figures |= {f"{name}nDCG@10 {kind}": statistics.mean(values) for kind, values in sorted(of_type.items())}
    figures[f"{name}empty"] = empty
    if reach is not None:
        reach += [_reach(f"{name}nDCG@10", statistics.mean(every), GOAL)]
        reach += [
            _reach(f"{name}nDCG@10 {kind}", statistics.mean(values), GOAL)
            for kind, values in sorted(of_type.items())
            if len(values) >= LEAST_OF_TYPE
        ]
        reach += [{"what": f"{name}empty results", "value": empty, "target": 0, "holds": empty == 0}]
    return figures


def _reach(what: str, value: float, target: float) -> dict[str, Any]:
    return {"what": what, "value": value, "target": target, "holds": value >= target}


def _peers(rows: Sequence[Row]) -> dict[str, Ranking]:
    """Return what SQLite finds without us: as it comes, in trigrams, and with words cut by jieba alone."""
    return {
        "FTS5 default": _peer(rows, "unicode61", lambda text: text, _quoted),
        "trigram": _peer(rows, "trigram", lambda text: text, _quoted),
        "jieba alone": _peer(
            rows,
            "unicode61",
            lambda text: " ".join(words(text.lower())),
            lambda asked: " OR ".join(f'"{one}"' for one in words(asked.lower())),
        ),
    }


def _quoted(asked: str) -> str:
    return " OR ".join('"' + part.replace('"', '""') + '"' for part in asked.split())


def _peer(
    rows: Sequence[Row], tokenizer: str, spelled: Callable[[str], str], expression: Callable[[str], str]
) -> Ranking:
    db = sqlite3.connect(":memory:")
    db.execute(
        f"CREATE VIRTUAL TABLE t USING fts5 (id UNINDEXED, title, tags, description, publisher, tokenize='{tokenizer}')"
    )
    names = ("title", "tags", "description", "publisher")
    db.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
        ((row["id"], *(spelled(_plain(row.get(name))) for name in names)) for row in rows),
    )

    def found(asked: str) -> list[str]:
        wanted = expression(asked)
        if not wanted:
            return []
        ordered = "SELECT id FROM t WHERE t MATCH ? ORDER BY bm25(t, 0, 10, 3, 1, 2) LIMIT 10"
        return [one for (one,) in db.execute(ordered, (wanted,))]

    return found


def _timed(finder: Finder, queries: Sequence[Row], reach: list[dict[str, Any]]) -> dict[str, Any]:
    for query in queries[:10]:
        finder.find(query["text"], seen_by=())
    taken = []
    for query in queries:
        begun = time.process_time()
        finder.find(query["text"])
        taken.append((time.process_time() - begun) * 1000)
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    reach.append({"what": "ms p95", "value": p95, "target": GOAL_MS, "holds": p95 < GOAL_MS})
    return {"records when timed": finder.index.size, "ms p50": p50, "ms p95": p95}
