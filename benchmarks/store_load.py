"""A full day of PyPI into the store, against the plain way: SQLite, then rows into PostgreSQL.

The day (``benchmarks.pypi_day``) is loaded from Parquet into a new local store, as ``pyfa stats
load`` does it: read, tidied, staged, totals, checks, published. Rows are sent to the local server
(``--in-process``: to chDB in the loading process). ``peak_rss_mb`` is the sum of the peaks of the
processes that take part, ``cpu_seconds`` of their computing: on a machine that does other
things, too, it tells more than ``seconds``.

PostgreSQL gets the same rows as pypistats.org loads them: into an SQLite file first, from
there by ``execute_values``, with a primary key and an index. It is slow, so it gets the first
``--sample`` rows of each dimension, in proportion; only rows a second are compared. A
table that grows makes it slower, so the ratio is in its favour. Where PostgreSQL or psycopg2 is
missing it is left out.

``bytes_per_row`` is what the store's partition takes after ``--days`` days were loaded and merged,
all but the first smaller ones in the engine itself: the same packages with other numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tests.store.serving import served

from pyf.aggregator.store import Location, Store
from pyf.aggregator.store.loads.day_load import load_day
from pyf.aggregator.store.sources.file import FileSource

from . import common, pypi_day

TABLES = ("overall", "python_major", "python_minor", "system")
BATCH = 10_000


def measure(arguments: argparse.Namespace) -> Mapping[str, float | int]:
    """Load, then the same rows the plain way."""
    with tempfile.TemporaryDirectory(prefix="pyf-bench-") as name:
        folder = Path(name)
        file = folder / "day.parquet"
        pypi_day.write(file, arguments.packages)
        load = _in_process if arguments.in_process else _through_server
        figures = load(folder, arguments)
        plain = _postgres(file, folder, arguments.sample)
    if plain is not None:
        figures["postgres_rows"] = arguments.sample
        figures["postgres_rows_per_s"] = plain
        figures["ratio"] = figures["rows_per_s"] / plain
    return figures


def _through_server(folder: Path, arguments: argparse.Namespace) -> dict[str, float | int]:
    with served(folder / "store") as server:
        figures = _child(server_url(server.admin), folder)
        figures["peak_rss_mb"] += _peak_mb(server.process.pid)
        figures["cpu_seconds"] += _cpu_seconds(server.process.pid)
        with Store(replace(server.admin, database="bench")) as store:
            figures["bytes_per_row"] = _bytes_per_row(store, arguments.days)
    return figures


def server_url(where: Location) -> str:
    """A location as CLICKHOUSE_URL takes it."""
    return f"http://{where.user}:{where.password}@{where.host}:{where.port}/bench"


def _in_process(folder: Path, arguments: argparse.Namespace) -> dict[str, float | int]:
    url = f"chdb://{folder}/chdb"
    figures = _child(url, folder)
    with Store(Location.parse(url)) as store:
        figures["bytes_per_row"] = _bytes_per_row(store, arguments.days)
    return figures


def _child(url: str, folder: Path) -> dict[str, float | int]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.store_load",
            "--child",
            url,
            str(folder / "day.parquet"),
        ],
        check=True,
        stdout=subprocess.PIPE,
    )
    return dict(json.loads(done.stdout))


def _load(url: str, file: str) -> None:
    """Load the day once; the process that does it has nothing else in its memory."""
    with Store(Location.parse(url)) as store:
        store.migrate()
        begun = time.perf_counter()
        done = load_day(store, FileSource(file), pypi_day.DAY)
        seconds = time.perf_counter() - begun
        rows = done.event.rows
        [(size,)] = store.query(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND "
            "database = currentDatabase() AND table = 'downloads'"
        )
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "rows": rows,
                "seconds": seconds,
                "rows_per_s": rows / seconds,
                # Not ru_maxrss: a child inherits that of the process that generated the day.
                "peak_rss_mb": _peak_mb(os.getpid()),
                "cpu_seconds": used.ru_utime + used.ru_stime,
                "bytes_per_row_first_day": int(size) / rows,
            }
        )
    )


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def _bytes_per_row(store: Store, days: int) -> float:
    """Load so many days more inside of the engine, merge, and see what a row takes."""
    snapshot = store.snapshot()
    (first,) = snapshot.days.values()
    # The days lie in one month, as 30 of them do at the most.
    for number in range(1, days):
        store.command(
            "INSERT INTO downloads SELECT {first:UInt64} + {n:UInt64}, day + {n:UInt16}, "
            # As from day to day: about the same, and small counts come and go.
            "dimension, package, category, greatest(1, toUInt64(downloads * (0.8 + 0.4 * "
            "rand(cityHash64(package, category, {n:UInt64})) / 4294967295))) "
            "FROM downloads WHERE load_id = {first:UInt64}",
            {"n": number, "first": first},
        )
    store.command("OPTIMIZE TABLE downloads FINAL")
    [(size, rows)] = store.query(
        "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND "
        "database = currentDatabase() AND table = 'downloads'"
    )
    return int(size) / int(rows)


def _postgres(file: Path, folder: Path, sample: int) -> float | None:
    """Rows a second by way of SQLite into PostgreSQL; None, with a message, where it is missing."""
    try:
        import psycopg2  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        _left_out("psycopg2 is not installed (pip install psycopg2-binary)")
        return None
    binaries = _postgres_binaries()
    if binaries is None:
        _left_out("there is no PostgreSQL (apt-get install postgresql)")
        return None
    rows = _sample(file, sample)
    with _postgres_server(binaries, folder) as address:
        connection = psycopg2.connect(address)
        begun = time.perf_counter()
        _stage(rows, folder / "staging.sqlite")
        _copy(folder / "staging.sqlite", connection)
        seconds = time.perf_counter() - begun
        connection.close()
    return len(rows) / seconds


def _left_out(why: str) -> None:
    print(f"PostgreSQL is left out: {why}", file=sys.stderr)


def _postgres_binaries() -> Path | None:
    """The folder of initdb and postgres; Debian does not put it on the PATH."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def _postgres_server(binaries: Path, folder: Path) -> Iterator[str]:
    """A new cluster on a socket in a folder of its own; it refuses to run as root."""
    as_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="pyf-pg-") as name:
        data = Path(name) / "data"
        if as_root:
            shutil.chown(name, "nobody")
        who: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if as_root else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": name, **who}
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, **quiet
        )
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", name, "-c", "listen_addresses="], **quiet
        )
        try:
            while not list(Path(name).glob(".s.PGSQL.*[0-9]")):
                if server.poll() is not None:
                    raise SystemExit("PostgreSQL ended at its start")
                time.sleep(0.05)
            time.sleep(0.5)
            yield f"host={name} user=bench dbname=postgres"
        finally:
            server.send_signal(2)
            server.wait()


def _sample(file: Path, count: int) -> list[tuple[Any, ...]]:
    """Rows of pypistats.org's dimensions, each in proportion, as its query gives them."""
    table = pq.read_table(file, filters=[("dimension", "in", TABLES)])
    step = max(1, table.num_rows // count)
    columns = table.take(list(range(0, table.num_rows, step))[:count]).to_pydict()
    return list(
        zip(
            *(columns[name] for name in ("dimension", "day", "package", "category", "downloads")),
            strict=True,
        )
    )


def _stage(rows: list[tuple[Any, ...]], file: Path) -> None:
    with sqlite3.connect(file) as staging:
        for table in TABLES:
            staging.execute(f"CREATE TABLE {table} (date, package, category, downloads)")
        for start in range(0, len(rows), BATCH):
            for table in TABLES:
                values = [
                    (row[1].isoformat(), *row[2:])
                    for row in rows[start : start + BATCH]
                    if row[0] == table
                ]
                staging.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", values)
    staging.close()


def _copy(file: Path, connection: Any) -> None:
    """One transaction; a primary key over date, package and category, an index on the package."""
    from psycopg2.extras import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        execute_values,
    )

    staging = sqlite3.connect(file)
    with connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"CREATE TABLE {table} (date DATE, package VARCHAR(128), category VARCHAR(128), "
                "downloads BIGINT, PRIMARY KEY (date, package, category))"
            )
            cursor.execute(f"CREATE INDEX ON {table} (package)")
            rows = staging.execute(f"SELECT date, package, category, downloads FROM {table}")
            while batch := rows.fetchmany(BATCH):
                execute_values(
                    cursor,
                    f"INSERT INTO {table} (date, package, category, downloads) VALUES %s",
                    batch,
                    page_size=BATCH,
                )
    staging.close()


def _cpu_seconds(pid: int) -> float:
    """Seconds that a process computed since its start, its start included."""
    values = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _load(*sys.argv[2:4])
    else:
        common.main(
            "a day of PyPI into the store (aim: under 10 s and 1.5 GB, 30 times PostgreSQL, "
            "3 bytes a row)",
            measure,
            common.command(
                __doc__,
                ("--packages", pypi_day.PACKAGES, "packages of the day"),
                ("--sample", 500_000, "rows that PostgreSQL gets"),
                ("--days", 3, "days on disk for bytes_per_row"),
                flags=(("--in-process", "load with chDB in the process, without a server"),),
            ),
        )
