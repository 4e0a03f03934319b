"""The same thirty rules written by hand as one pass of SQL: the floor that ``bench quality`` is held against.

What a careful writer would do for DuckDB: a trimmed column is computed once, credit codes are joins on partial sums,
the resident number is one integer and powers of ten (10 is -1 and 2 * 5 is 10, so sum(d * 2**i) = n - 8 * sum(...)).
"""

from __future__ import annotations

from jutong.terms.identifier import ORGANISATION_ALPHABET, ORGANISATION_WEIGHTS

from .quality_rows import STATUSES

COLUMNS = (
    *("uscc", "id", "org", "name", "phone", "founded", "closed", "division", "card", "status"),
    *("capital", "paid", "owed", "email", "postal"),
)
PHONE = r"(\+?86[ -]?)?(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})"
EMAIL = r"[^@\s]{1,64}@[^@\s]{1,255}"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BLANKS = " \t\r\n\u00a0\u3000"
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def hand_sql(file: str, today: str) -> str:
    """Return the pass; it counts the failing rows of each rule, in the order of the rulebook's."""
    present = ", ".join(
        f"CASE WHEN trim({each}, '{_BLANKS}') IN ('', 'N/A') THEN NULL ELSE trim({each}, '{_BLANKS}') END AS {each}"
        for each in COLUMNS
    )
    joins = " ".join(
        f"LEFT JOIN credit_code_sums a{n} ON a{n}.chunk = substr(upper(uscc), {3 * n - 2}, 3)" for n in range(1, 7)
    )
    joins += " LEFT JOIN divisions di ON di.code = substr(id, 1, 6) LEFT JOIN divisions dd ON dd.code = division"
    sums = {part: " + ".join(f"a{n}.{part}{n}" for n in range(1, 7)) for part in "co"}
    powers = " + ".join(f"{2 ** (i - 1)} * (n // {10**i})" for i in range(1, 17))
    organ = " + ".join(
        f"(strpos('{ORGANISATION_ALPHABET}', substr(upper(org), {i + 1}, 1)) - 1) * {weight}"
        for i, weight in enumerate(ORGANISATION_WEIGHTS)
    )
    luhn = " + ".join(
        f"CAST(substr(digits, {i}, 1) AS INTEGER)"
        if i % 2
        else f"(CAST(substr(digits, {i}, 1) AS INTEGER) * 2 // 10 + CAST(substr(digits, {i}, 1) AS INTEGER) * 2 % 10)"
        for i in range(1, 20)
    )
    born = "try_cast(substr(id, 7, 4) || '-' || substr(id, 11, 2) || '-' || substr(id, 13, 2) AS DATE)"
    last = "CASE substr(upper(org), 9, 1) WHEN 'X' THEN 10 ELSE try_cast(substr(org, 9, 1) AS INTEGER) END"
    rules = (
        "uscc IS NULL",
        "length(uscc) <> 18",
        f"NOT regexp_matches(upper(uscc), '^[{ALPHABET}]*$')",
        f"length(uscc) = 18 AND coalesce(({sums['c']}) % 31, 1) <> 0",
        f"length(uscc) = 18 AND coalesce(({sums['o']}) % 11, 1) <> 0",
        "id IS NULL",
        "NOT regexp_matches(upper(id), '^([0-9]{17}[0-9X])$')",
        f"n IS NOT NULL AND (substr('10X98765432', CAST(((n - 8 * ({powers})) * 2 % 11 + 11) % 11 AS INTEGER) + 1, 1)"
        f" <> substr(upper(id), 18, 1) OR {born} IS NULL)",
        "n IS NOT NULL AND coalesce(di.until, -1) < CAST(substr(id, 7, 4) AS INTEGER)",
        "length(org) <> 9",
        f"length(org) = 9 AND ({organ} + coalesce({last}, 0)) % 11 <> 0",
        "name IS NULL",
        "length(name) NOT BETWEEN 2 AND 200",
        f"NOT regexp_matches(phone, '^({PHONE})$')",
        "founded IS NULL",
        f"founded IS NOT NULL AND (NOT regexp_matches(founded, '{_DAY}') OR try_cast(founded AS DATE) IS NULL)",
        f"regexp_matches(founded, '{_DAY}') AND try_cast(founded AS DATE) > DATE '{today}'",
        f"closed IS NOT NULL AND (NOT regexp_matches(closed, '{_DAY}') OR try_cast(closed AS DATE) IS NULL)",
        "NOT regexp_matches(division, '^([0-9]{6})$')",
        "regexp_matches(division, '^([0-9]{6})$') AND dd.until IS NULL",
        "NOT regexp_matches(card, '^([0-9]{13,19})$')",
        f"digits IS NOT NULL AND ({luhn}) % 10 <> 0",
        f"status NOT IN ({', '.join(repr(each) for each in STATUSES)})",
        f"NOT regexp_matches(email, '^({EMAIL})$')",
        "NOT regexp_matches(postal, '^([0-9]{6})$')",
        f"regexp_matches(founded, '{_DAY}') AND regexp_matches(closed, '{_DAY}')"
        " AND try_cast(closed AS DATE) < try_cast(founded AS DATE)",
        "try_cast(paid AS DOUBLE) > try_cast(capital AS DOUBLE)",
        "abs(try_cast(paid AS DECIMAL(28, 8)) + try_cast(owed AS DECIMAL(28, 8))"
        " - try_cast(capital AS DECIMAL(28, 8))) > 0",
        "NOT (contains(name, '公司') OR status = '9')",
    )
    counts = ", ".join(f"count(*) FILTER (WHERE {rule}) AS r{n}" for n, rule in enumerate(rules))
    return (
        f"WITH present AS (SELECT {present} FROM read_parquet('{file}')), "
        "lifted AS (SELECT *, CASE WHEN length(id) = 18 THEN try_cast(substr(id, 1, 17) AS BIGINT) END AS n, "
        "CASE WHEN regexp_matches(card, '^[0-9]{13,19}$') THEN lpad(card, 19, '0') END AS digits FROM present) "
        f"SELECT count(*) AS n, {counts}, count(uscc) - count(DISTINCT upper(uscc)) AS r29 FROM lifted {joins}"
    )
