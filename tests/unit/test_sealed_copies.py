"""Items of grade L4 lie sealed in serving copies, and answers are what they would be if nothing were sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong import catalogue, delivery
from jutong.catalogue import Entry, ShareType
from jutong.delivery.gateway import Gateway
from jutong.delivery.gateway.copies import Copy
from jutong.delivery.likeness import key_bytes
from jutong.delivery.sealed import LABEL, Opening, Sealing
from jutong.kernel.db import transaction
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.suite import Suite, VaultKey, cipher, keyed_hash, sm3
from jutong.kernel.vault import Vault, lost
from jutong.pools import Pools
from jutong.pools.lookup import LmdbLookup
from jutong.pools.lookup_postgres import PostgresLookup
from jutong.terms import Actor, Duty, Grade
from tests.city import AUTHORITY, City, a_full_city
from tests.gateway import CODE, FIRM, OTHER, SERVICE, Market, a_market, lay, run
from tests.postgres import postgres_database, postgres_url  # noqa: F401
from tests.town import HOUSE, MARKET, a_town
from tests.unit.test_cli import refused as denied
from tests.unit.test_cli import run as command
from tests.unit.test_cli import shown

MASKS = {"uscc": "keep:2:2", "name": "keep:1:1", "capital": "keep:1:0", "scope": "drop", "address": "drop"}
SECRET = [FIRM[item] for item in MASKS] + [OTHER["uscc"], OTHER["name"]]


def graded(grade: Grade) -> Callable[[Entry], Entry]:
    """Return the change that gives the masked items a grade."""

    def changed(entry: Entry) -> Entry:
        return replace(
            entry,
            items=tuple(
                replace(item, grade=grade, mask=MASKS[item.name], share_type=ShareType.CONDITIONAL)
                if item.name in MASKS
                else item
                for item in entry.items
            ),
        )

    return changed


def a_graded_market(
    folder: Path, grade: Grade = Grade.L4, *, suite: Suite = Suite.INTERNATIONAL, url: str = ""
) -> Market:
    """Build a delivered service whose masked items are of ``grade``, in the suite, on LMDB or PostgreSQL."""
    folder.mkdir(exist_ok=True)

    def poured(pools: Pools) -> Pools:
        lookup = PostgresLookup(url) if url else pools.lookup
        return replace(pools, lookup=lookup, vault=Vault(folder / "keys" / "serving", suite))

    town = a_town(folder, changed=graded(grade), pools=poured)
    return a_market(folder, town=town, rows=[FIRM, OTHER])


def copy_of(market: Market) -> delivery.Service:
    """Return what is served."""
    with transaction(market.town.engine) as db:
        return delivery.find_service(db, market.town.entry)


def answers_of(market: Market) -> list[tuple[int, Any]]:
    """Return what the gateway says to every kind of question, twice, so that the short way is walked too."""

    async def story(gateway: Gateway) -> list[tuple[int, Any]]:
        token = f"Bearer {await market.token(gateway)}"
        asked: list[tuple[str, str, Any]] = [
            ("GET", f"/r1/{SERVICE}/{CODE}", {}),
            ("GET", f"/r1/{SERVICE}/{CODE}", {}),
            ("GET", f"/r1/{SERVICE}/{CODE.lower()}?items=address,capital,uscc", {}),
            ("GET", f"/r1/{SERVICE}/{OTHER['uscc']}", {}),
            ("GET", f"/r1/{SERVICE}/%00", {}),
            ("POST", f"/r1/{SERVICE}/query", {"keys": [CODE], "items": ["name", "capital"]}),
            (
                "POST",
                f"/r1/{SERVICE}/verify",
                {"key": CODE, "facts": {"name": FIRM["name"], "capital": FIRM["capital"]}},
            ),
            ("POST", f"/r1/{SERVICE}/verify", {"key": CODE, "facts": {"capital": "1"}}),
            (
                "POST",
                f"/r1/{SERVICE}/verify",
                [{"key": one, "facts": {"name": FIRM["name"]}} for one in (CODE, "0", OTHER["uscc"])],
            ),
        ]
        replies = []
        for method, path, wish in asked:
            body = json.dumps(wish).encode() if wish else b""
            reply = await market.ask(gateway, path, method=method, body=body, sign=False, authorization=token)
            told = reply.body
            if reply.status == 404:
                told = {name: value for name, value in told.items() if name != "detail"}
            replies.append((reply.status, told if reply.status == 404 else reply.raw))
        return replies

    return run(market, story)  # type: ignore[no-any-return]


@pytest.mark.parametrize("suite", Suite)
def test_answers_are_the_same_byte_for_byte(tmp_path: Path, suite: Suite) -> None:
    """Sealing is nobody's business but the node's: each question gets the answer of an open copy."""
    plain = answers_of(a_graded_market(tmp_path / "plain", Grade.L3))
    sealed = answers_of(a_graded_market(tmp_path / "sealed", suite=suite))
    assert sealed == plain
    assert [status for status, _ in plain] == [200, 200, 200, 200, 404, 200, 200, 200, 200]
    assert json.loads(plain[0][1])["name"] == f"{FIRM['name'][0]}***{FIRM['name'][-1]}"
    assert json.loads(plain[6][1]) == {"match": True}


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("kind", ["lmdb", "postgres"])
def test_no_clear_value_lies_in_a_copy(tmp_path: Path, kind: str, suite: Suite, request: pytest.FixtureRequest) -> None:
    """A scan of every byte of the copies finds no item of grade L4 and no key; with open copies the same scan finds."""
    url = request.getfixturevalue("postgres_database") if kind == "postgres" else ""
    for grade, found in ((Grade.L4, set()), (Grade.L3, set(SECRET))):
        market = a_graded_market(tmp_path / grade.name, grade, suite=suite, url=url)
        if kind == "lmdb":
            held = b"".join(one.read_bytes() for one in (market.folder / "serving").rglob("*") if one.is_file())
        else:
            with psycopg.connect(url) as db:
                ((table,),) = db.execute("SELECT relation FROM serving_copy WHERE served").fetchall()
                rows = db.execute(f"SELECT key, value FROM {table}").fetchall()
                held = b"".join(bytes(part) for row in rows for part in row)
            market.town.pools.lookup.remove(copy_of(market).copy)
        assert held
        assert {one for one in SECRET if one.encode() in held} == found, grade
        assert FIRM["city"].encode() in held


def test_open_copies_are_what_they_were(tmp_path: Path) -> None:
    """Nothing is sealed below grade L4: no key is made, and the copy is JSON by the key."""
    market = a_graded_market(tmp_path, Grade.L3)
    assert not (tmp_path / "keys").exists()
    assert copy_of(market).sealed_by == ""
    held = market.town.pools.lookup.open(copy_of(market).copy).get(CODE.encode())
    assert msgspec.json.decode(held or b"") == FIRM


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    """The key's file has mode 600 in a folder of mode 700; one that others can read is refused."""
    a_graded_market(tmp_path)
    (path,) = (tmp_path / "keys" / "serving").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o640)
    with pytest.raises(Invalid, match="can be read by others"):
        Vault(path.parent).newest()


# What somebody could do who writes to the copies ------------------------------------------------------------------


@pytest.fixture(params=Suite)
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Vault, dict[bytes, bytes]]:
    """A vault and a sealed copy of two rows and two sealed items."""
    vault = Vault(tmp_path, request.param)
    return vault, rows_of(vault)


def rows_of(vault: Vault, *, version: str = "sealed-1", table: str = "raw/e") -> dict[bytes, bytes]:
    """Return a sealed copy."""
    sealing = Sealing(
        vault.suite, vault.newest() or vault.make(), copy="c", table=table, version=version, items=("id", "phone")
    )
    rows = [
        ("K1", '{"name":"A"}', '{"id":"1"}', '{"phone":"139"}'),
        ("K2", '{"name":"B"}', '{"id":"2"}', '{"phone":"138"}'),
    ]
    return dict(sealing.rows(rows))


def opening_of(vault: Vault, rows: Mapping[bytes, bytes], version: str = "sealed-1") -> Opening:
    """Open a copy."""
    return Opening(vault.find, rows[LABEL], copy="c", version=version)


def test_an_item_opens_in_its_own_place_alone(sealed: tuple[Vault, dict[bytes, bytes]]) -> None:
    """A cell of another row or item, one that was cut or altered is refused, and so is an altered open part."""
    vault, rows = sealed
    opening = opening_of(vault, rows)
    one, two = (opening.place_of(key) for key in (b"K1", b"K2"))
    assert opening.row(one, rows[one], ["id"]) == b'{"name":"A","id":"1"}'
    assert opening.row(one, rows[one], ["name"]) == b'{"name":"A"}'
    number, clear, (ident, phone) = msgspec.msgpack.decode(rows[one])
    other = msgspec.msgpack.decode(rows[two])
    altered = {
        "another row's item": [number, clear, [other[2][0], phone]],
        "another item of the row": [number, clear, [phone, ident]],
        "another row under this key": other,
        "cut": [number, clear, [ident[:-1], phone]],
        "cut to nothing": [number, clear, [b"", phone]],
        "one bit": [number, clear, [bytes([ident[0] ^ 1]) + ident[1:], phone]],
        "another number": [number + 1, clear, [ident, phone]],
        "a number that is none": [-1, clear, [ident, phone]],
        "the open part": [number, b'{"name":"B"}', [ident, phone]],
        "an item too few": [number, clear, [ident]],
        "no row": "x",
    }
    for what, row in altered.items():
        with pytest.raises(Unavailable, match="altered or damaged"):
            print(what, opening.row(one, msgspec.msgpack.encode(row), ["id"]))
    with pytest.raises(Unavailable, match="altered or damaged"):
        opening.row(one, rows[one][:-1], ["id"])


def test_a_row_of_another_copy_does_not_open(sealed: tuple[Vault, dict[bytes, bytes]]) -> None:
    """Each copy has a data key of its own: an older version's row or label is no row or label of this one."""
    vault, rows = sealed
    older = rows_of(vault, version="sealed-0")
    opening, before = opening_of(vault, rows), opening_of(vault, older, "sealed-0")
    old_place, place = before.place_of(b"K1"), opening.place_of(b"K1")
    assert old_place != place
    with pytest.raises(Unavailable):
        opening.row(place, older[old_place], ["id"])
    with pytest.raises(Unavailable):
        opening_of(vault, older)
    told = msgspec.json.decode(rows[LABEL])
    for change in ({"table": "raw/f"}, {"items": ["phone", "id"]}, {"suite": "other"}, {"form": 2}, {"wrapped": ""}):
        with pytest.raises(Unavailable):
            opening_of(vault, {LABEL: msgspec.json.encode(told | change)})


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.lists(st.text(), min_size=2, max_size=2), max_size=9))
@settings(max_examples=40, deadline=None)
def test_whatever_was_sealed_is_opened(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, list[str]]) -> None:
    """Keys and values of any characters come back as they were, in both suites."""
    for suite in Suite:
        vault = Vault(tmp_path_factory.mktemp("vault"), suite)
        sealing = Sealing(vault.suite, vault.make(), copy="c", table="t", version="v", items=("id",))
        given = [(key, json.dumps({"a": a}), json.dumps({"id": b})) for key, (a, b) in rows.items()]
        held = dict(sealing.rows(given))
        opening = Opening(vault.find, held[LABEL], copy="c", version="v")
        last = {key_bytes(key): {"a": a, "id": b} for key, (a, b) in rows.items()}
        for key, row in last.items():
            if key:
                place = opening.place_of(key)
                assert json.loads(opening.row(place, held[place], ["id"])) == row


def refused(market: Market) -> tuple[int, Any]:
    """Ask for a record and return the refusal."""

    async def story(gateway: Gateway) -> tuple[int, Any]:
        reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", accept_language="en")
        return reply.status, reply.body

    return run(market, story)  # type: ignore[no-any-return]


def test_without_its_key_a_copy_answers_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    """The gateway refuses with the remedy; nobody makes another key behind the node's back; put back, it answers."""
    market = a_graded_market(tmp_path)
    (path,) = (tmp_path / "keys" / "serving").iterdir()
    away = path.rename(tmp_path / "away")
    status, told = refused(market)
    assert (status, told["type"]) == (503, "unavailable")
    assert "jutong copies renew --new-key" in told["remedy"]
    lay(market.town, [FIRM | {"name": "新名"}], mark="second")
    with pytest.raises(Unavailable, match="is not in"), market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, market.town.entry)
    away.rename(path)
    assert refused(market)[0] == 200


def test_an_open_copy_in_a_sealed_ones_place_is_refused(tmp_path: Path) -> None:
    """Whoever writes to the folder cannot put rows of his own in, open or under a made-up label."""
    market = a_graded_market(tmp_path)
    service = copy_of(market)
    forged = json.dumps(FIRM).encode()
    for rows, version in (
        ([(CODE.encode(), forged)], "forged"),
        ([(CODE.encode(), forged)], service.version + "x"),
        ([(LABEL, b"{}"), (CODE.encode(), forged)], service.version + "y"),
    ):
        market.town.pools.lookup.build(service.copy, rows, version=version)
        status, told = refused(market)
        assert (status, told["type"]) == (503, "unavailable")
        assert "altered" in told["message"]


class CopyContract:
    """A sealed copy is followed through swaps, on every kind of serving copies."""

    @pytest.fixture
    def pools(self, tmp_path: Path) -> Any:
        raise NotImplementedError

    def test_a_swap_brings_its_own_key(self, pools: Any, tmp_path: Path) -> None:
        """Rows of a new copy are opened by its label, also where the reader found the swap by itself."""
        vault = Vault(tmp_path / "vault")

        def build(version: str) -> None:
            pools.build("c", rows_of(vault, version=version).items(), version=version)

        build("sealed-1")
        copy = Copy(pools, vault, "c")
        for number in range(2, 5):
            build(f"sealed-{number}")
            assert copy.row(b"K1", ["phone"]) == b'{"name":"A","phone":"139"}'
        copy.follow(sealed=True)
        assert copy.row(b"K2", ["id"]) == b'{"name":"B","id":"2"}'
        assert copy.row(b"K3", ["id"]) is None
        copy.close()


class TestOnLmdb(CopyContract):
    """In the node's folder."""

    @pytest.fixture
    def pools(self, tmp_path: Path) -> Any:
        return LmdbLookup(tmp_path / "serving")


class TestOnPostgres(CopyContract):
    """In a database that several gateways share."""

    @pytest.fixture
    def pools(self, postgres_database: str) -> Iterator[Any]:  # type: ignore[override] # noqa: F811
        copies = PostgresLookup(postgres_database)
        yield copies
        copies.close()


# A new key -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A node whose one service is sealed."""
    items = msgspec.to_builtins(graded(Grade.L4)(catalogue.template("enterprise_register", MARKET)).items)
    return a_full_city(tmp_path / "home", sheet={"items": items}, port=1)


def told(city: City, *words: str, account: str = "security") -> Any:
    """Give a command of copies and return what it shows."""
    return shown(command("copies", *words, "--home", city.house.home.folder, "--json", token=city.tokens[account]))


def test_a_new_key_makes_every_copy_anew_and_destroys_the_old_one(city: City) -> None:
    """By command, on record, and no secret is printed or kept anywhere but in the key's own file."""
    (before,) = told(city, "show")
    assert before["fits"]
    assert before["key"]
    vault = city.house.pools.vault
    (old,) = vault.folder.iterdir()
    assert told(city, "renew")["copies"] == [before]
    done = told(city, "renew", "--new-key")
    (new,) = vault.folder.iterdir()
    assert done["dropped"] == [before["key"]] != [done["key"]]
    assert [one["key"] for one in done["copies"]] == [done["key"]]
    assert [line.on for line in city.lines("delivery.sealing_key_made")] == [before["key"], done["key"]]
    assert [line.on for line in city.lines("delivery.sealing_key_dropped")] == [before["key"]]
    assert [line.facts["sealed"] for line in city.lines("delivery.served")] == [before["key"], done["key"]]
    secret = new.read_bytes().strip()
    home = city.house.home.folder
    assert secret not in json.dumps(done).encode()
    assert not any(secret in one.read_bytes() for one in home.rglob("*") if one.is_file() and one != new)
    assert not old.exists()


def test_a_round_that_was_stopped_goes_on(city: City) -> None:
    """A key was made and no copy yet: the old copy is served and opens; the same command completes the round."""
    (before,) = told(city, "show")
    security = Actor(id="s", org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN}))
    with city.house.desk(security) as desk:
        newer = delivery.make_sealing_key(desk, AUTHORITY)
    (waiting,) = told(city, "show")
    assert (waiting["key"], waiting["fits"]) == (before["key"], False)
    pools = city.house.pools
    with city.house.reading() as db:
        copy = Copy(pools.lookup, pools.vault, delivery.find_service(db, before["entry"]).copy)
    assert json.loads(copy.row(b"9150000020280332XF", ["capital"]) or b"")["capital"] == "500万元人民币"
    done = told(city, "renew")
    assert (done["key"], done["dropped"], done["left"]) == (newer, [before["key"]], {})
    assert done["copies"][0]["fits"]


def test_only_the_security_administrator_of_the_node_renews_keys(city: City) -> None:
    """Others may look, or not even that."""
    for account in ("system", "audit"):
        assert told(city, "show", account=account)
        denied(command("copies", "renew", "--home", city.house.home.folder, token=city.tokens[account]), 11)
    denied(command("copies", "show", "--home", city.house.home.folder, token=city.tokens["officer"]), 11)


def test_the_doctor_misses_a_lost_key(city: City) -> None:
    """Before anybody calls, the node's check says which key is missing and what to do."""
    home = city.house.home.folder
    assert json.loads(command("doctor", "--home", home, "--json").stdout)["copies"]["fine"]
    (path,) = city.house.pools.vault.folder.iterdir()
    path.unlink()
    assert not json.loads(command("doctor", "--home", home, "--json").stdout)["copies"]["fine"]
    done = told(city, "renew", "--new-key")
    assert done["copies"][0]["fits"]
    assert json.loads(command("doctor", "--home", home, "--json").stdout)["copies"]["fine"]


def test_a_key_that_goes_while_a_copy_is_built_leaves_the_old_copy(tmp_path: Path) -> None:
    """A copy that nobody could open is not put in place."""
    market = a_graded_market(tmp_path)
    before, pools = copy_of(market), market.town.pools
    lay(market.town, [FIRM], mark="second")

    class Forgetful(Vault):
        def find(self, key_id: str) -> VaultKey:
            raise lost(key_id, self.folder)

    market.town.pools = replace(pools, vault=Forgetful(pools.vault.folder))
    with pytest.raises(Unavailable, match="is not in"), market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, market.town.entry)
    assert (copy_of(market), pools.lookup.version(before.copy)) == (before, before.version)


# Vectors of the standards -----------------------------------------------------------------------------------------


def test_sm3_is_the_standards() -> None:
    """GB/T 32905-2016, A.1 and A.2."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sm4_gcm_is_the_standards() -> None:
    """RFC 8998, A.1: the cipher of GB/T 32907-2016 in GCM."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    of = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("".join(letter * 16 for letter in ("a", "b", "c", "d", "e", "f", "e", "a")))
    told = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    sm4 = cipher(Suite.SM, key.ljust(32, b"\0"))
    assert sm4.seal(nonce, plain, of).hex() == told
    assert sm4.open(nonce, bytes.fromhex(told), of) == plain


def test_hmac_sm3_is_what_hmac_makes_of_sm3() -> None:
    """RFC 2104 written out, over SM3; as long keys as its block takes."""
    for key in (b"k", b"k" * 32, b"k" * 64):
        block = key.ljust(64, b"\0")
        inner = sm3(bytes(one ^ 0x36 for one in block) + b"words")
        assert keyed_hash(Suite.SM, key)(b"words") == sm3(bytes(one ^ 0x5C for one in block) + inner)
