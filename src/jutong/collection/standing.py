"""Which of an entry's rows stand: of each key the one that came last, unless its source has taken it back since.

Raw tables are only added to. What a source took back stands in a companion table (``_batch``, ``key``); the order of
deliveries is that of the raw table's versions. A delivery takes back what earlier deliveries of the same feed brought,
and what it brought itself; what comes later under the same key stands again.
"""

from __future__ import annotations

TURN, FEED = "_turn", "_feed"  # the number of a row's delivery, and the name of the source that gave it


def standing_sql(key: str, rows: str = "t") -> str:
    """Return the SQL of the rows of ``rows`` that were not taken back, and the number of their delivery."""
    own = plain(f"{rows}.{quoted(key)}")
    return (
        f"(SELECT {rows}.*, coalesce(batches.n, 0) AS {TURN}, batches.feed AS {FEED} FROM {rows} "  # noqa: S608 (quoted names)
        f"LEFT JOIN batches ON batches.batch = {rows}._batch "
        f"LEFT JOIN (SELECT {plain('withdrawn.key')} AS key, givers.feed AS feed, max(givers.n) AS n FROM withdrawn "
        f"JOIN batches AS givers ON givers.batch = withdrawn._batch GROUP BY {plain('withdrawn.key')}, givers.feed) "
        f"AS gone ON gone.key = {own} AND gone.feed = batches.feed "
        f"WHERE gone.n IS NULL OR gone.n < batches.n) AS standing"
    )


def plain(expression: str) -> str:
    """Return the SQL of a key as keys are compared: without blanks at its ends, in capitals."""
    return f"upper(trim(CAST({expression} AS VARCHAR)))"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
