"""What serving copies must do, on LMDB and on PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.kernel.errors import Invalid, Unavailable
from jutong.pools import Lookup
from jutong.pools.lookup import LmdbLookup
from jutong.pools.lookup_postgres import PostgresLookup
from tests.postgres import postgres_database, postgres_url  # noqa: F401

_NAME = "entry/01J"


class LookupContract:
    """What every kind of serving copies must do."""

    @pytest.fixture
    def lookup(self) -> Lookup:
        raise NotImplementedError

    def test_a_row_is_found_by_its_key(self, lookup: Lookup) -> None:
        """Keys and rows are bytes; what is not there is None."""
        lookup.build(_NAME, [(b"91500000", "重庆".encode()), (b"\x00\xff", b"")], version="1")
        reader = lookup.open(_NAME)
        assert reader.get(b"91500000") == "重庆".encode()
        assert reader.get(b"\x00\xff") == b""
        assert reader.get(b"9150000") is None
        assert (reader.version, lookup.version(_NAME)) == ("1", "1")

    def test_many_rows_are_found_at_once_and_in_order(self, lookup: Lookup) -> None:
        """A key may stand twice, be unknown, or be one that no copy could hold."""
        lookup.build(_NAME, [(b"1", b"a"), (b"2", b"b")], version="1")
        reader = lookup.open(_NAME)
        keys = [b"2", b"3", b"1", b"", b"2", b"x" * 600]
        assert reader.get_many(keys) == [b"b", None, b"a", None, b"b", None]
        assert reader.get_many([]) == []
        assert lookup.open("entry/none").get_many([b"1"]) == [None]

    def test_a_copy_that_was_never_built_has_no_rows(self, lookup: Lookup) -> None:
        """A reader may be opened first; it finds the first copy when it refreshes."""
        reader = lookup.open(_NAME)
        assert (reader.get(b"1"), reader.version, lookup.version(_NAME)) == (None, None, None)
        assert not reader.refresh()
        lookup.build(_NAME, [(b"1", b"a")], version="1")
        assert reader.refresh()
        assert reader.get(b"1") == b"a"

    def test_a_reader_keeps_its_copy_until_it_refreshes(self, lookup: Lookup) -> None:
        """One request never sees rows of two versions."""
        lookup.build(_NAME, [(b"1", b"old"), (b"2", b"gone")], version="1")
        reader, other = lookup.open(_NAME), lookup.open(_NAME)
        lookup.build(_NAME, [(b"1", b"new")], version="2")
        assert (reader.get(b"1"), reader.get(b"2")) == (b"old", b"gone")
        assert reader.refresh()
        assert (reader.get(b"1"), reader.get(b"2"), reader.version) == (b"new", None, "2")
        assert not reader.refresh()
        assert other.get(b"1") == b"old"

    def test_a_reader_that_slept_through_swaps_wakes_at_the_newest(self, lookup: Lookup) -> None:
        """However many copies came and went, its next look-up answers."""
        lookup.build(_NAME, [(b"1", b"1")], version="1")
        reader = lookup.open(_NAME)
        for version in ("2", "3", "4"):
            lookup.build(_NAME, [(b"1", version.encode())], version=version)
        assert reader.get(b"1") in {b"1", b"4"}
        reader.refresh()
        assert reader.get(b"1") == b"4"

    def test_the_same_version_is_no_work(self, lookup: Lookup) -> None:
        """A follower that tells twice does not build twice; the rows are not even read."""

        def unread() -> Iterator[tuple[bytes, bytes]]:
            raise AssertionError("read")
            yield (b"", b"")

        lookup.build(_NAME, [(b"1", b"a")], version="1")
        lookup.build(_NAME, unread(), version="1")
        assert lookup.open(_NAME).get(b"1") == b"a"

    def test_an_earlier_version_may_come_back(self, lookup: Lookup) -> None:
        """A withdrawn delivery is undone by serving the version before it."""
        for version in ("1", "2", "1"):
            lookup.build(_NAME, [(b"1", version.encode())], version=version)
        assert lookup.open(_NAME).get(b"1") == b"1"

    def test_of_two_rows_with_one_key_the_later_wins(self, lookup: Lookup) -> None:
        """On every kind the same."""
        lookup.build(_NAME, [(b"1", b"a"), (b"2", b"b"), (b"1", b"c")], version="1")
        assert lookup.open(_NAME).get(b"1") == b"c"

    @pytest.mark.parametrize("key", [b"", b"x" * 512])
    def test_a_key_that_cannot_be_kept_is_refused(self, lookup: Lookup, key: bytes) -> None:
        """The whole copy is refused, the old one serves on, and no value is told; asking for such a key is harmless."""
        lookup.build(_NAME, [(b"1", b"old")], version="1")
        with pytest.raises(Invalid) as refusal:
            lookup.build(_NAME, [(b"1", b"new"), (key, b"secret")], version="2")
        assert "row 1" in str(refusal.value)
        assert "xxx" not in str(refusal.value)
        reader = lookup.open(_NAME)
        assert (reader.get(b"1"), reader.version, reader.get(key)) == (b"old", "1", None)

    def test_rows_that_break_off_leave_the_old_copy(self, lookup: Lookup) -> None:
        """A lake that fails in the middle costs nothing."""

        def broken() -> Iterator[tuple[bytes, bytes]]:
            yield b"1", b"new"
            raise ConnectionResetError("lake")

        lookup.build(_NAME, [(b"1", b"old")], version="1")
        with pytest.raises(ConnectionResetError):
            lookup.build(_NAME, broken(), version="2")
        assert lookup.version(_NAME) == "1"
        lookup.build(_NAME, [(b"1", b"new")], version="2")
        assert lookup.open(_NAME).get(b"1") == b"new"

    def test_copies_of_any_size_fit(self, lookup: Lookup) -> None:
        """More rows than the first map holds."""
        value = b"v" * 300
        lookup.build(_NAME, ((b"%08d" % (number * 7919 % 120_000), value) for number in range(120_000)), version="1")
        reader = lookup.open(_NAME)
        assert all(reader.get(b"%08d" % number) == value for number in range(0, 120_000, 997))
        assert reader.get(b"00120000") is None

    def test_copies_do_not_know_each_other(self, lookup: Lookup) -> None:
        """Two entries, one key."""
        lookup.build("entry/a", [(b"1", b"a")], version="1")
        lookup.build("entry/b", [(b"1", b"b")], version="1")
        assert (lookup.open("entry/a").get(b"1"), lookup.open("entry/b").get(b"1")) == (b"a", b"b")

    def test_a_removed_copy_serves_nothing(self, lookup: Lookup) -> None:
        """After a withdrawal the next refresh finds no rows; the entry may be served again."""
        lookup.remove(_NAME)
        lookup.build(_NAME, [(b"1", b"a")], version="1")
        reader = lookup.open(_NAME)
        lookup.remove(_NAME)
        assert reader.refresh()
        assert (reader.get(b"1"), lookup.version(_NAME)) == (None, None)
        lookup.build(_NAME, [(b"1", b"b")], version="1")
        assert reader.refresh()
        assert reader.get(b"1") == b"b"

    @pytest.mark.parametrize("name", ["../x", "a b", "", "/etc"])
    def test_a_name_cannot_leave_its_place(self, lookup: Lookup, name: str) -> None:
        """A forged name or version never becomes a path or a table."""
        with pytest.raises(Invalid):
            lookup.build(name, [], version="1")
        with pytest.raises(Invalid):
            lookup.build(_NAME, [], version="../../x")
        with pytest.raises(Invalid):
            lookup.open(name)

    def test_many_threads_read_while_copies_are_swapped(self, lookup: Lookup) -> None:
        """Every look-up meets a whole copy: all keys of one version, never a mixture."""

        def read() -> int:
            reader, seen = lookup.open(_NAME), 0
            until = time.monotonic() + 1
            while time.monotonic() < until:
                reader.refresh()
                rows = {reader.get(b"%d" % number) for number in range(10)}
                assert rows == {str(reader.version).encode()}
                seen += 1
            reader.close()
            return seen

        lookup.build(_NAME, [(b"%d" % number, b"0") for number in range(10)], version="0")
        with ThreadPoolExecutor(3) as pool:
            readers = [pool.submit(read) for _ in range(3)]
            version = 0
            while not all(reader.done() for reader in readers):
                version += 1
                lookup.build(_NAME, [(b"%d" % number, b"%d" % version) for number in range(10)], version=str(version))
                time.sleep(0.02)
        assert all(reader.result() > 0 for reader in readers)


class TestLmdbLookup(LookupContract):
    """Copies in this node's folder."""

    @pytest.fixture
    def lookup(self, tmp_path: Path) -> Lookup:
        return LmdbLookup(tmp_path)

    def test_old_copies_leave_the_disk(self, lookup: Lookup, tmp_path: Path) -> None:
        """Only the present copy has a name; leftovers of killed builds go with the next build."""
        (tmp_path / _NAME).mkdir(parents=True)
        (tmp_path / _NAME / ".9.lmdb").write_bytes(b"half")
        for version in ("1", "2"):
            lookup.build(_NAME, [(b"1", b"a")], version=version)
        assert [path.name for path in (tmp_path / _NAME).glob("*.lmdb")] == ["2.lmdb"]

    def test_readers_that_close_let_go(self, lookup: Lookup) -> None:
        """A gateway that opens and closes readers all day does not run out of files."""
        lookup.build(_NAME, [(b"1", b"a")], version="1")
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(50):
            reader = lookup.open(_NAME)
            assert reader.get(b"1") == b"a"
            reader.close()
            assert reader.get(b"1") is None
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1

    def test_a_full_disk_keeps_the_old_copy(self, lookup: Lookup, tmp_path: Path) -> None:
        """The new copy does not fit: refused, cleaned away, the old one serves."""
        lookup.build(_NAME, [(b"1", b"old")], version="1")
        full = f"""
import resource
from pathlib import Path
from jutong.kernel.errors import Unavailable
from jutong.pools.lookup import LmdbLookup
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    LmdbLookup(Path({str(tmp_path)!r})).build({_NAME!r}, ((b"%d" % n, b"v" * 100) for n in range(100_000)), version="2")
except Unavailable as error:
    assert "full" in str(error)
else:
    raise SystemExit("built")
"""
        done = subprocess.run([sys.executable, "-c", full], env=_environment(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        assert lookup.open(_NAME).get(b"1") == b"old"
        assert sorted(path.name for path in (tmp_path / _NAME).iterdir()) == [".lock", "1.lmdb", "current"]


class TestPostgresLookup(LookupContract):
    """Copies in a database that several gateways share."""

    @pytest.fixture
    def lookup(self, postgres_database: str) -> Iterator[Lookup]:  # noqa: F811
        copies = PostgresLookup(postgres_database)
        yield copies
        copies.close()

    def test_a_database_that_is_away_is_unavailable(self) -> None:
        """It is told within seconds, and no password is in the words."""
        copies = PostgresLookup("postgresql://jutong:very-secret@127.0.0.1:9/none", seconds=1)
        with pytest.raises(Unavailable) as refusal:
            copies.version(_NAME)
        assert "very-secret" not in str(refusal.value)
        copies.close()


_BUILD = """
import os, signal, sys
from pathlib import Path
from jutong.pools import lookup
from jutong.pools.lookup import LmdbLookup

where, when = sys.argv[1:]


def rows():
    for number in range(200_000):
        if when == "building" and number == 150_000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield b"%d" % number, b"new"


def die(path, data):
    if when == "before the swap":
        os.kill(os.getpid(), signal.SIGKILL)
    swap(path, data)
    os.kill(os.getpid(), signal.SIGKILL)


swap, lookup.write_whole = lookup.write_whole, die
LmdbLookup(Path(where)).build("entry/01J", rows(), version="2")
"""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}


@pytest.mark.parametrize(("when", "serves"), [("building", b"old"), ("before the swap", b"old"), ("after", b"new")])
def test_a_build_that_is_killed_leaves_a_whole_copy(tmp_path: Path, when: str, serves: bytes) -> None:
    """Killed at any point, the old copy or the new one serves, and the next build completes."""
    copies = LmdbLookup(tmp_path)
    copies.build(_NAME, [(b"1", b"old")], version="1")
    argv = [sys.executable, "-c", _BUILD, str(tmp_path), when]
    assert subprocess.run(argv, env=_environment(), check=False).returncode == -signal.SIGKILL
    assert copies.open(_NAME).get(b"1") == serves
    copies.build(_NAME, [(b"1", b"new")], version="2")
    assert copies.open(_NAME).get(b"1") == b"new"
    assert [path.name for path in (tmp_path / _NAME).glob("*.lmdb")] == ["2.lmdb"]


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(st.binary(min_size=1, max_size=511), st.binary(max_size=2000)), max_size=50))
def test_a_copy_answers_as_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[bytes, bytes]]
) -> None:
    """Whatever the bytes, a copy is a mapping from key to row."""
    copies = LmdbLookup(tmp_path_factory.mktemp("copies"))
    copies.build(_NAME, rows, version="1")
    reader = copies.open(_NAME)
    assert {key: reader.get(key) for key, _ in rows} == dict(rows)
    reader.close()
