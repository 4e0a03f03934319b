"""What every target of outflows must do: take a version once, whole or by what changed, and keep no half of one."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pyarrow.parquet as pq
import pymysql
import pytest
from psycopg import sql

from jutong.delivery.bulk.manifest import read
from jutong.delivery.bulk.outflow import FileForm, Target, TargetKind
from jutong.delivery.bulk.outflow.ordering import checksum_of
from jutong.delivery.bulk.outflow.outflow import Altered, Misfit
from jutong.delivery.bulk.outflow.targets import Into
from jutong.delivery.bulk.outflow.targets.postgres import summed_columns
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, TooMuch, Unavailable
from jutong.kernel.httpsig import Target as Addressed
from jutong.kernel.httpsig import claim_of, verify_request
from tests.mariadb import USER as MARIA_USER
from tests.mariadb import WORD as MARIA_WORD
from tests.mariadb import mariadb_port  # noqa: F401 (a fixture)
from tests.outflows import AGREEMENT, KEY, SCHEMA, Row, Versions, an_into
from tests.sftp import USER as SFTP_USER
from tests.sftp import WORD as SFTP_WORD
from tests.sftp import Server, sftp_server

LOCAL = ("127.0.0.1",)
EVIL = '\'; DROP TABLE firms; -- \\ "q" %s\n二行, 逗号\t𠀀'
SAME: tuple[Row, ...] = tuple((f"1{number:03}", "bleibt", None) for number in range(9))
FIRST: tuple[Row, ...] = (
    *(("0001", EVIL, None), ("0002", "", None), ("0003", None, '["name"]'), ("A'B", "甲", None)),
    *SAME,
)
SECOND: tuple[Row, ...] = (
    *(FIRST[0], ("0002", "改", '["name"]'), FIRST[3], ("0009", "新", None), ("0010", "x", None)),
    *SAME,
)
THIRD: tuple[Row, ...] = (*SECOND[1:], ("0011", "\\", None))


class Stop(NotAllowed):
    """The right was taken away in the middle."""


def stopping(after: int) -> Any:
    """Return a watch that refuses when it was asked ``after`` times."""
    asked = [0]

    def watch(_: int) -> None:
        asked[0] += 1
        if asked[0] > after:
            raise Stop("the agreement is suspended")

    return watch


class TargetContract:
    """What every kind does; each gives ``at``: a target, how it is written to, and how its rows are read."""

    target: Target
    into: Into

    def rows(self) -> list[Row]:
        """Return the rows that stand in the target."""
        raise NotImplementedError

    @pytest.fixture
    def versions(self, tmp_path: Path) -> Versions:
        """A view of which nothing was delivered yet."""
        return Versions(tmp_path / "node")

    def test_a_version_is_brought_once_then_by_what_changed(self, versions: Versions) -> None:
        """The whole first; the same again nothing; two versions later what changed in both; nulls stay nulls."""
        versions.add(FIRST)
        assert self.into.look(versions.order(self.target)) == ()
        done = self.into.deliver(versions.order(self.target))
        assert (done.load and done.load.base, done.changed) == (None, len(FIRST))
        assert self.rows() == sorted(FIRST, key=str)
        assert self.into.deliver(versions.order(self.target, last=0)).load is None
        versions.add(SECOND)
        versions.add(THIRD)
        done = self.into.deliver(versions.order(self.target, last=0))
        assert done.load is not None
        assert (done.load.base, done.changed) == (0, 7)
        assert self.rows() == sorted(THIRD, key=str)
        assert self.into.deliver(versions.order(self.target, last=0)).load is None, "not noted here, but noted there"
        found = self.into.compare(versions.order(self.target, last=2))
        assert found.rows == len(THIRD)
        if found.checksum is not None:
            names = summed_columns(SCHEMA)
            order = versions.order(self.target)
            assert found.checksum == checksum_of(versions.pools, order.folder, versions.views[-1], names)

    def test_a_right_that_is_gone_leaves_nothing_half(self, versions: Versions) -> None:
        """Refused at the first batch or after it: the target is as it was, and the next run brings all."""
        versions.add(FIRST)
        for after in (0, 1):
            with pytest.raises(Stop):
                self.into.deliver(versions.order(self.target, watch=stopping(after)))
            assert self.rows() == []
        self.into.deliver(versions.order(self.target))
        versions.add(SECOND)
        with pytest.raises(Stop):
            self.into.deliver(versions.order(self.target, last=0, watch=stopping(1)))
        assert self.rows() == sorted(FIRST, key=str)
        self.into.deliver(versions.order(self.target, last=0))
        assert self.rows() == sorted(SECOND, key=str)

    def test_the_whole_goes_over_what_stands_if_asked_for_anew(self, versions: Versions) -> None:
        """Anew, the same version is brought again, and stands once."""
        versions.add(FIRST)
        self.into.deliver(versions.order(self.target))
        done = self.into.deliver(versions.order(self.target, last=0, anew=True))
        assert done.load is not None
        assert self.rows() == sorted(FIRST, key=str)


class DatabaseContract(TargetContract):
    """What databases do beside."""

    def execute(self, statement: str) -> None:
        """Do something in the target as its own people do."""
        raise NotImplementedError

    def test_what_was_changed_by_hand_is_said(self, versions: Versions) -> None:
        """A row that is gone there stops the laying on of changes; the whole anew puts it right."""
        versions.add(FIRST)
        self.into.deliver(versions.order(self.target))
        self.execute("DELETE FROM {} WHERE code = '0003'")
        versions.add(SECOND)
        with pytest.raises(Altered, match="delivered"):
            self.into.deliver(versions.order(self.target, last=0))
        self.into.deliver(versions.order(self.target, last=0, anew=True))
        assert self.rows() == sorted(SECOND, key=str)
        self.execute("UPDATE {} SET name = 'anders' WHERE code = '0009'")
        order = versions.order(self.target, last=1)
        assert self.into.compare(order).checksum != checksum_of(
            versions.pools, order.folder, versions.views[-1], summed_columns(SCHEMA)
        )

    def test_rows_that_no_delivery_brought_are_not_swept_away(self, versions: Versions) -> None:
        """A table with the consumer's own rows is refused; only the whole asked for anew takes their place."""
        versions.add(FIRST)
        self.execute("CREATE TABLE {} (code varchar(100), name varchar(100), _disputed varchar(100))")
        self.execute("INSERT INTO {} VALUES ('own', 'row', NULL)")
        with pytest.raises(Altered, match="brought"):
            self.into.deliver(versions.order(self.target))
        assert self.rows() == [("own", "row", None)]
        self.into.deliver(versions.order(self.target, anew=True))
        assert self.rows() == sorted(FIRST, key=str)

    def test_a_table_that_does_not_fit_is_refused_with_all_that_is_wrong(self, versions: Versions) -> None:
        """Missing, of another type, to be filled by nobody: all are named, and nothing is written."""
        versions.add(FIRST)
        self.execute("CREATE TABLE {} (code integer, name varchar(200), must integer NOT NULL)")
        told = " ".join(map(str, self.into.look(versions.order(self.target))))
        assert all(word in told for word in ("code", "_disputed", "must"))
        with pytest.raises(Misfit, match="_disputed"):
            self.into.deliver(versions.order(self.target))
        assert "name" not in [word.strip(",") for word in told.split()]

    def test_rows_of_one_key_are_brought_whole(self, versions: Versions) -> None:
        """Where a key stands twice, changes cannot be laid on by key."""
        versions.add([*FIRST, ("0001", "zweite", None)])
        self.into.deliver(versions.order(self.target))
        versions.add([*FIRST, ("0001", "dritte", None)])
        done = self.into.deliver(versions.order(self.target, last=0))
        assert done.load is not None
        assert done.load.base is None
        assert len(self.rows()) == len(FIRST) + 1

    def test_a_key_that_comes_to_stand_twice_is_brought_whole_from_then_on(self, versions: Versions) -> None:
        """The first time a second row has a key that stands there already, changes cannot be laid on."""
        versions.add(FIRST)
        self.into.deliver(versions.order(self.target))
        twice = [*FIRST, ("0001", "zweite", None)]
        for rows in (twice, twice[1:]):
            versions.add(rows)
            done = self.into.deliver(versions.order(self.target, last=0))
            assert done.load is not None
            assert done.load.base is None
            assert self.rows() == sorted(rows, key=str)

    def test_a_locked_table_ends_the_run_in_time(self, versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody holds a lock: the run gives up, says why, and nothing is lost."""
        for module in ("postgres", "mysql"):
            monkeypatch.setattr(f"jutong.delivery.bulk.outflow.targets.{module}.LOCK_SECONDS", 1)
        versions.add(FIRST)
        self.into.deliver(versions.order(self.target))
        versions.add(SECOND)
        with self.locked(), pytest.raises(Unavailable, match="locked"):
            self.into.deliver(versions.order(self.target, last=0))
        self.into.deliver(versions.order(self.target, last=0))
        assert self.rows() == sorted(SECOND, key=str)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold a lock on the rows."""
        raise NotImplementedError
        yield

    def test_a_value_that_the_table_cannot_hold_is_refused_without_being_told(self, versions: Versions) -> None:
        """A column is too narrow: the run says so, keeps nothing, and quotes no value."""
        self.execute("CREATE TABLE {} (code varchar(100), name varchar(3), _disputed varchar(100))")
        versions.add(FIRST)
        with pytest.raises(TooMuch) as refused:
            self.into.deliver(versions.order(self.target))
        assert "二行" not in str(refused.value.reason)
        assert self.rows() == []


class TestPostgres(DatabaseContract):
    """A table of a PostgreSQL."""

    @pytest.fixture(autouse=True)
    def at(self, postgres_database: str) -> Iterator[None]:
        """One database of its own; the table's name is one that an attacker would like."""
        where = urlsplit(postgres_database)
        self.db = psycopg.connect(postgres_database, autocommit=True)
        self.target = Target(
            kind=TargetKind.POSTGRESQL,
            host=str(where.hostname),
            port=where.port or 0,
            database=where.path[1:],
            table='firms"; DROP TABLE x; --',
            user=str(where.username),
            secret="claims",
            create=True,
        )
        self.into = an_into(self.target, hosts=LOCAL)
        yield
        self.db.close()

    def execute(self, statement: str) -> None:
        self.db.execute(sql.SQL(statement).format(sql.Identifier(self.target.table)))  # type: ignore[arg-type]

    def rows(self) -> list[Row]:
        try:
            found = self.db.execute(
                sql.SQL("SELECT code, name, _disputed FROM {}").format(sql.Identifier(self.target.table))
            ).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
        return sorted(((row[0], row[1], row[2]) for row in found), key=str)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self.db.transaction():
            self.execute("LOCK TABLE {} IN EXCLUSIVE MODE")
            yield

    def test_a_connection_that_is_cut_leaves_nothing(self, versions: Versions) -> None:
        """The server ends the session in the middle of the copy; the next run brings all, once."""
        versions.add(FIRST)

        def cut(rows: int) -> None:
            if rows:
                self.db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jutong outflow'"
                )

        with pytest.raises(Unavailable):
            self.into.deliver(versions.order(self.target, watch=cut))
        assert self.rows() == []
        self.into.deliver(versions.order(self.target))
        assert self.rows() == sorted(FIRST, key=str)

    def test_an_address_that_nobody_named_is_not_called(self, versions: Versions) -> None:
        """Loopback and private addresses only where the node's settings name them; a password that is wrong is said."""
        versions.add(FIRST)
        with pytest.raises(Invalid, match="never called"):
            an_into(self.target).deliver(versions.order(self.target))
        for address in ("10.0.0.8", "169.254.169.254", "localhost", "::ffff:127.0.0.1"):
            other = Target(kind=TargetKind.SFTP, host=address, path="/in", user="u", secret="s", fingerprint=PRINT)
            with pytest.raises(Invalid, match="never called"):
                an_into(other, hosts=("127.0.0.1", "169.254.169.254")).look(versions.order(other))


class TestMysql(DatabaseContract):
    """A table of a MariaDB."""

    @pytest.fixture(autouse=True)
    def at(self, mariadb_port: int) -> Iterator[None]:  # noqa: F811 (a fixture)
        """The one database, emptied."""
        self.db = pymysql.connect(
            host="127.0.0.1", port=mariadb_port, user=MARIA_USER, password=MARIA_WORD, database="town", autocommit=True
        )
        self.target = Target(
            kind=TargetKind.MYSQL,
            host="127.0.0.1",
            port=mariadb_port,
            database="town",
            table="firms`; DROP TABLE x",
            user=MARIA_USER,
            secret="claims",
            create=True,
        )
        self.into = an_into(self.target, MARIA_WORD, hosts=LOCAL)
        self.clear()
        yield
        self.clear()
        self.db.close()

    def clear(self) -> None:
        """Take away what a test made."""
        self.execute("DROP TABLE IF EXISTS {}")
        self.execute("DROP TABLE IF EXISTS _jutong_delivery")

    def execute(self, statement: str) -> None:
        with self.db.cursor() as cursor:
            cursor.execute(statement.format("`" + self.target.table.replace("`", "``") + "`"))

    def rows(self) -> list[Row]:
        with self.db.cursor() as cursor:
            try:
                cursor.execute("SELECT code, name, _disputed FROM `" + self.target.table.replace("`", "``") + "`")
            except pymysql.err.ProgrammingError:
                return []
            return sorted(((row[0], row[1], row[2]) for row in cursor.fetchall()), key=str)

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.db.begin()
        self.execute("SELECT * FROM {} FOR UPDATE")
        yield
        self.db.rollback()

    def test_a_table_without_transactions_is_refused(self, versions: Versions) -> None:
        """MyISAM would keep half a run."""
        versions.add(FIRST)
        self.execute("CREATE TABLE {} (code text, name text, _disputed text) ENGINE = MyISAM")
        with pytest.raises(Misfit, match="transactions"):
            self.into.deliver(versions.order(self.target))


PRINT = "SHA256:" + "A" * 43


class FilesContract(TargetContract):
    """What targets of files do beside; their rows are what their manifests lead to."""

    folder: Path
    form = FileForm.PARQUET

    def rows(self) -> list[Row]:
        home = self.folder / AGREEMENT.lower()
        left = [path.name for path in home.rglob("*.part")] if home.is_dir() else []
        assert not left, "nothing half stays"
        held: list[Row] = []
        for path in sorted(home.glob("*.manifest")) if home.is_dir() else ():
            said = read(path.read_text(), KEY.public)
            held = held if said["base"] is not None else []
            for one in said["files"]:
                data = (path.with_suffix("") / one["id"]).read_bytes()
                assert (len(data), one["rows"]) == (one["size"], len(_rows_of(data, self.form)))
                held = _followed(held, _rows_of(data, self.form))
            assert len(held) == said["rows"]
        return sorted(held, key=str)

    def test_what_arrived_is_not_sent_again(self, versions: Versions) -> None:
        """The manifest comes last; files that are there before it are passed over."""
        versions.add(FIRST)
        self.into.deliver(versions.order(self.target))
        manifest = next((self.folder / AGREEMENT.lower()).glob("*.manifest"))
        (file,) = manifest.with_suffix("").iterdir()
        manifest.unlink()
        before = file.stat().st_mtime_ns
        self.into.deliver(versions.order(self.target))
        assert file.stat().st_mtime_ns == before
        assert self.rows() == sorted(FIRST, key=str)


def _rows_of(data: bytes, form: FileForm) -> list[tuple[Any, ...]]:
    if form is FileForm.CSV:
        return [tuple(one or None for one in row) for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))][1:]
    return [tuple(row.values()) for row in pq.read_table(io.BytesIO(data)).to_pylist()]


def _followed(held: Sequence[Row], told: Sequence[tuple[Any, ...]]) -> list[Row]:
    gone = [row[:3] for row in told if row[3:] == ("delete",)]
    return [row for row in held if row not in gone] + [row[:3] for row in told if row[3:] != ("delete",)]  # type: ignore[misc]


class TestFolder(FilesContract):
    """A folder of this node."""

    @pytest.fixture(autouse=True)
    def at(self, tmp_path: Path) -> None:
        """One beneath a root that the settings name."""
        self.folder = tmp_path / "mounted" / "claims"
        self.folder.mkdir(parents=True)
        self.target = Target(kind=TargetKind.FOLDER, path=str(self.folder))
        self.into = an_into(self.target, folders=(str(tmp_path / "mounted"),))

    def test_only_named_roots_are_filled(self, versions: Versions, tmp_path: Path) -> None:
        """Neither another folder, nor a link that leads out of the root, nor a folder beneath that is one."""
        versions.add(FIRST)
        (tmp_path / "secret").mkdir()
        (self.folder / "link").symlink_to(tmp_path / "secret")
        for path in (tmp_path / "secret", self.folder / "link"):
            other = Target(kind=TargetKind.FOLDER, path=str(path))
            with pytest.raises(Invalid, match="filled"):
                an_into(other, folders=(str(tmp_path / "mounted"),)).look(versions.order(other))
        (self.folder / AGREEMENT.lower()).symlink_to(tmp_path / "secret")
        with pytest.raises(Unavailable):
            self.into.deliver(versions.order(self.target))
        assert list((tmp_path / "secret").iterdir()) == []

    def test_text_files_hold_no_formula(self, versions: Versions) -> None:
        """As CSV the same rows, with a manifest of their own digests; cells that compute are marked."""
        plain: list[Row] = [("0001", "=1+1", None), ("0002", "二", None)]
        versions.add(plain)
        self.target = Target(kind=TargetKind.FOLDER, path=str(self.folder), form=FileForm.CSV)
        self.form = FileForm.CSV
        an_into(self.target, folders=(str(self.folder),)).deliver(versions.order(self.target))
        assert self.rows() == [("0001", "'=1+1", None), ("0002", "二", None)]


class TestSftp(FilesContract):
    """A folder on an SFTP server."""

    server: Server

    @pytest.fixture(autouse=True)
    def at(self, tmp_path: Path) -> Iterator[None]:
        """One server."""
        self.folder = tmp_path / "served" / "in"
        self.folder.mkdir(parents=True)
        with sftp_server(tmp_path / "served") as self.server:
            self.target = self.named(self.server.fingerprint)
            self.into = an_into(self.target, SFTP_WORD, hosts=LOCAL)
            yield

    def named(self, fingerprint: str) -> Target:
        """Return the target with a server's key."""
        return Target(
            kind=TargetKind.SFTP,
            host="127.0.0.1",
            port=self.server.port,
            user=SFTP_USER,
            secret="claims",
            path="/in",
            fingerprint=fingerprint,
        )

    def test_another_servers_key_ends_it_before_the_word_is_named(self, versions: Versions) -> None:
        """And a line that breaks in a file leaves no file under its name."""
        versions.add(FIRST)
        other = self.named(PRINT)
        with pytest.raises(NotKnown, match="another key"):
            an_into(other, SFTP_WORD, hosts=LOCAL).deliver(versions.order(other))
        assert self.server.tried == []
        self.server.breaks_after = 100
        with pytest.raises((Unavailable, NotFound)):
            self.into.deliver(versions.order(self.target))
        assert not list((self.folder / AGREEMENT.lower()).glob("*/part*"))
        self.server.breaks_after = 0
        self.into.deliver(versions.order(self.target))
        assert self.rows() == sorted(FIRST, key=str)


class TestHttp(FilesContract):
    """A receiver over HTTP that checks signature and digest of every piece."""

    @pytest.fixture(autouse=True)
    def at(self, tmp_path: Path) -> Iterator[None]:
        """One receiver."""
        self.folder = tmp_path / "received"
        self.folder.mkdir()
        with receiving(self.folder) as port:
            self.target = Target(kind=TargetKind.HTTP, url=f"http://127.0.0.1:{port}/in")
            self.into = an_into(self.target, hosts=LOCAL)
            yield

    def test_pieces_go_on_where_the_receiver_has_got(self, versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
        """A receiver that has half of a file is sent the other half alone."""
        monkeypatch.setattr("jutong.delivery.bulk.outflow.targets.http.PIECE", 1000)
        versions.add([(f"{number:06}", "x" * (number % 37), None) for number in range(5000)])
        part = versions.views[-1].parts[0]
        name = f"part-00000-{part.digest[:16]}.parquet"
        half = self.folder / AGREEMENT.lower() / "v00000000" / f".{name}.half"
        half.parent.mkdir(parents=True)
        whole = (versions.folder / "views" / AGREEMENT.lower() / "v00000000" / part.name).read_bytes()
        half.write_bytes(whole[:3000])
        self.into.deliver(versions.order(self.target))
        assert len(self.rows()) == 5000
        assert min(int(one) for one in SEEN) == 3000


SEEN: list[str] = []


@contextmanager
def receiving(folder: Path) -> Iterator[int]:
    """Let a receiver listen: our own, as the decision record tells consumers to build one."""
    SEEN.clear()

    class Handler(BaseHTTPRequestHandler):
        def verified(self) -> tuple[Path, bytes, dict[str, list[str]]]:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            target = Addressed(self.command, headers["host"], parts.path, parts.query)
            claim = claim_of(headers)
            verify_request(claim, KEY.public, target, headers, body, now=claim.created)
            return folder / parts.path.removeprefix("/in/"), body, parse_qs(parts.query)

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            path, _, _ = self.verified()
            half = path.with_name(f".{path.name}.half")
            if path.exists():
                self.answer(200, upload_offset=str(path.stat().st_size), upload_complete="?1")
            elif half.exists():
                self.answer(200, upload_offset=str(half.stat().st_size))
            else:
                self.answer(404)

        def do_GET(self) -> None:
            path, _, _ = self.verified()
            self.answer(200, path.read_bytes()) if path.exists() else self.answer(404)

        def do_PUT(self) -> None:
            path, body, asked = self.verified()
            offset = int(asked["offset"][0])
            SEEN.extend([asked["offset"][0]] if len(body) == 1000 else [])
            half = path.with_name(f".{path.name}.half")
            half.parent.mkdir(parents=True, exist_ok=True)
            with half.open("r+b" if half.exists() else "wb") as stream:
                stream.truncate(offset)
                stream.seek(offset)
                stream.write(body)
            if "last" in asked:
                half.replace(path)
            self.answer(204)

        def do_DELETE(self) -> None:
            path, _, _ = self.verified()
            path.unlink(missing_ok=True)
            path.with_name(f".{path.name}.half").unlink(missing_ok=True)
            self.answer(204)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_a_target_that_carries_what_it_must_not_is_none() -> None:
    """A path that climbs, a table of the node's notes, a receiver with a word in its address, a host that is none."""
    database: dict[str, Any] = {"host": "db", "database": "d", "table": "t", "user": "u", "secret": "s"}
    for kind, told in (
        (TargetKind.FOLDER, {"path": "/srv/../etc"}),
        (TargetKind.FOLDER, {"path": "srv"}),
        (TargetKind.POSTGRESQL, {**database, "table": "_jutong_delivery"}),
        (TargetKind.POSTGRESQL, {**database, "table": "t" * 64}),
        (TargetKind.MYSQL, {**database, "host": "db;rm -rf"}),
        (TargetKind.MYSQL, {**database, "secret": ""}),
        (TargetKind.HTTP, {"url": "https://a:b@example.org/in?token=1"}),
        (TargetKind.SFTP, {"host": "db", "user": "u", "secret": "s", "path": "/in", "fingerprint": "MD5:aa"}),
    ):
        with pytest.raises(Invalid):
            Target(kind=kind, **told)
