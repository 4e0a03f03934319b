"""The same rows examined, merged and served by the embedded engine and by Apache Spark with one worker and with two."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from jutong import quality
from jutong.cli.demo.register_maker import make_register
from jutong.cli.demo.tiers import MARKET
from jutong.cli.node import make_home
from jutong.collection import Batch
from jutong.library.golden import BY, TURN, current_sql
from jutong.library.kind import LEGAL_PERSON
from jutong.library.settling import GOLDEN
from jutong.pools import TableRef

from .thread import SEED, collected, worked

ROWS = 100_000
WHERE = Path(__file__).parents[1] / ".cluster"
PATIENCE_SECONDS = 120
LOCAL = "127.0.0.1"
JOINED = "Registering worker"
_CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


def run(*, rows: int = ROWS) -> dict[str, Any]:
    """Collect once; let three copies of the home differ in one setting; compare what they found and their times."""
    spark = next(WHERE.glob("lib/python*/site-packages/pyspark"), None)
    if spark is None:
        raise SystemExit("no cluster is set up here: run `make cluster`")
    figures: dict[str, Any] = {"rows": rows}
    found = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        make_register(place / "register.parquet", rows=rows, seed=SEED)
        figures["collect_seconds"], house, batch = collected(place / "home", place / "register.parquet")
        house.engine.dispose()
        cluster = stack.enter_context(_Cluster.running(spark, place / "spark"))
        for name, workers in (("duckdb", 0), ("one_worker", 1), ("two_workers", 2)):
            home = place / name
            shutil.copytree(place / "home", home)
            with ExitStack() as open_engine:
                if workers:
                    cluster.grow(workers)
                    engine = open_engine.enter_context(cluster.endpoint())
                    with (home / "jutong.toml").open("a", encoding="utf-8") as settings:
                        settings.write(f'engine = "{engine}"\n')
                seconds, found[name] = _walked(home, batch)
            for stage, spent in seconds.items():
                figures[f"{name}_{stage}_seconds"] = spent
            figures[f"{name}_seconds"] = sum(seconds.values())
    figures["two_workers_of_one"] = figures["two_workers_seconds"] / figures["one_worker_seconds"]
    figures["golden_records"] = len(found["duckdb"][1])
    differing = [name for name in ("one_worker", "two_workers") if not _same(found[name], found["duckdb"])]
    return {
        "name": "cluster",
        "figures": figures,
        "reach": [
            {"what": "clusters with other results", "value": len(differing), "target": 0, "holds": not differing},
        ],
    }


def _walked(home: Path, batch: Batch) -> tuple[dict[str, float], tuple[Any, pa.Table]]:
    house = make_home(home, name="bench", body=MARKET.code, division="500000")
    house.pools.engine.query("SELECT count(*) AS n FROM raw", {"raw": TableRef(batch.snapshot.table)}).read_all()
    seconds = worked(house, batch)
    with house.reading() as db:
        counts = quality.find_examination(db, batch.id).counts
    golden = house.pools.lake.version(GOLDEN)
    records = house.pools.engine.query(
        f"SELECT * FROM ({current_sql()}) AS held ORDER BY {LEGAL_PERSON.key}", {"golden": TableRef(GOLDEN, golden)}
    ).read_all()
    house.engine.dispose()
    return seconds, (counts, records.drop_columns([TURN, BY]))


def _same(one: tuple[Any, pa.Table], other: tuple[Any, pa.Table]) -> bool:
    return bool(one[0] == other[0] and one[1].cast(other[1].schema).equals(other[1]))


class _Cluster:
    """A standalone Spark on this machine: a master, workers of one core, and an endpoint that clients call."""

    def __init__(self, spark: Path, folder: Path, stack: ExitStack) -> None:
        self.spark, self.folder, self._stack = spark, folder, stack
        self.port, self.workers = _free_port(), 0
        folder.mkdir()
        self._start("master", "spark-class", "org.apache.spark.deploy.master.Master", "--host", LOCAL)

    @classmethod
    @contextmanager
    def running(cls, spark: Path, folder: Path) -> Iterator[_Cluster]:
        """Start the master; stop all that was started in the end."""
        with ExitStack() as stack:
            yield cls(spark, folder, stack)

    def grow(self, workers: int) -> None:
        """Start workers until there are so many."""
        while self.workers < workers:
            self.workers += 1
            name = f"worker{self.workers}"
            self._start(name, "spark-class", "org.apache.spark.deploy.worker.Worker", *("-c", "1", "-m", "3g"))
            _await(lambda: (self.folder / "master.log").read_text("utf-8").count(JOINED) >= self.workers, name)

    @contextmanager
    def endpoint(self) -> Iterator[str]:
        """Lend a Spark Connect endpoint over the workers there are."""
        port = _free_port()
        jars = ",".join(str(one) for one in sorted((WHERE / "delta").glob("*.jar")))
        settings = {
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.connect.grpc.binding.port": port,
            "spark.connect.grpc.binding.address": LOCAL,
            "spark.executor.memory": "2g",
            "spark.sql.shuffle.partitions": 4,
            "spark.ui.enabled": "false",
        }
        told = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
        (connect,) = (self.spark / "jars").glob("spark-connect_*.jar")
        with ExitStack() as stack:
            command = ("--master", f"spark://{LOCAL}:{self.port}", "--class", _CONNECT, "--jars", jars, *told)
            self._run(stack, f"connect{self.workers}", "spark-submit", *command, str(connect))
            _await(lambda: _answers(port), "the endpoint")
            yield f"sc://{LOCAL}:{port}"

    def _start(self, name: str, program: str, *words: str) -> None:
        at = ("--port", str(self.port), "--webui-port", "0") if name == "master" else ("--webui-port", "0")
        place = () if name == "master" else (f"spark://{LOCAL}:{self.port}", "-d", str(self.folder / name))
        self._run(self._stack, name, program, words[0], *place, *words[1:], *at)
        if name == "master":
            _await(lambda: _answers(self.port), name)

    def _run(self, stack: ExitStack, name: str, program: str, *words: str) -> None:
        log = stack.enter_context((self.folder / f"{name}.log").open("wb"))
        environment = {**os.environ, "SPARK_HOME": str(self.spark), "SPARK_LOCAL_IP": LOCAL}
        process = subprocess.Popen(
            [str(self.spark / "bin" / program), *words], stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(ready: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come up in {PATIENCE_SECONDS} s")
        time.sleep(0.2)


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex((LOCAL, port)) == 0


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((LOCAL, 0))
        return int(listening.getsockname()[1])
