"""Questions to the statistics store: a series, a leaderboard, the counts of 5,000 packages.

The data are made by the engine itself: so many packages and days, each package with one row for
every category it has (the more popular, the more of them), as published loads.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.embedded.store.server import load_users
from pyf.aggregator.embedded.store.users import ADMIN
from pyf.aggregator.store import Location, Store
from pyf.aggregator.store.queries import (
    bulk_counts,
    download_series,
    momentum_board,
    package_rank,
    top_packages,
)

from . import common

SERVER = "pyf.aggregator.embedded.store"
FIRST = date(2025, 1, 1)
SAMPLES = 200
CURVE = (1_000, 10_000, 100_000, 700_000)
CURVE_ROWS = 40_000_000
"""Most rows of a point of the curve: the largest ones get fewer days, which is said."""
ROWS_PER_PACKAGE = 24
DIMENSIONS = {
    "overall": ("without_mirrors", "with_mirrors"),
    "python_major": ("3", "2", "null"),
    "python_minor": ("3.12", "3.11", "3.13", "3.10", "null", "3.9", "3.8", "3.14", "2.7"),
    "system": ("Linux", "null", "Windows", "Darwin", "other"),
    "installer": ("pip", "uv", "poetry", "requests", "null"),
}
# Popularity falls with the number of the package as Zipf found for words; `part` makes the
# categories smaller one after the other, and what falls below one download has no row.
FILL = """
INSERT INTO downloads (load_id, day, dimension, package, category, downloads)
SELECT
    toUInt64({day:Date} - {first:Date}) + 1,
    {day:Date},
    kind.1,
    concat('package-', toString(packages.number)),
    kind.2,
    toUInt64(30000000 / (packages.number + 10) * kind.3 * (0.7 + 0.6 * randCanonical())) AS n
FROM numbers({packages:UInt64}) AS packages
ARRAY JOIN {kinds:Array(Tuple(String, String, Float64))} AS kind
WHERE n > 0 OR kind.2 IN ('without_mirrors', 'with_mirrors', 'null')
"""
LOADS = """
INSERT INTO loads (id, day, source, scope, status, started, finished)
SELECT number + 1, {first:Date} + number, 'benchmark', 'full', 'published', {now:DateTime64(3)},
    {now:DateTime64(3)}
FROM numbers({days:UInt64})
"""


@contextmanager
def filled_store(packages: int, days: int) -> Iterator[Store]:
    """A local store server with so many packages and days, its parts merged."""
    with tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder:
        users = load_users(Path(folder))
        with ServerProcess(SERVER, "--port", "0", "--data-dir", folder) as process:
            where = urlsplit(process.url)
            location = Location("http", where.hostname or "", where.port or 0, ADMIN, users.admin)
            with Store(location) as store:
                store.migrate()
                fill(store, packages, days)
                yield store


def fill(store: Store, packages: int, days: int) -> None:
    """Make the rows day by day, publish them, merge the parts of each month."""
    kinds = [
        (dimension, category, round(0.6**place, 4))
        for dimension, categories in DIMENSIONS.items()
        for place, category in enumerate(categories)
    ]
    store.command("SYSTEM STOP MERGES downloads")
    for offset in range(days):
        given = {"day": FIRST + timedelta(days=offset), "first": FIRST}
        store.command(FILL, {"packages": packages, "kinds": kinds, **given})
    now = datetime.now(UTC)
    store.command(LOADS, {"days": days, "first": FIRST, "now": now})
    # Each month is merged once, at the end, not again and again on the way.
    store.command("SYSTEM START MERGES downloads")
    months = sorted({(FIRST + timedelta(days=offset)).strftime("%Y%m") for offset in range(days)})
    for table in ("downloads", "downloads_daily"):
        for month in months:
            store.command(f"OPTIMIZE TABLE {table} PARTITION {month} FINAL")
    # What was merged is written behind; the questions shall not wait for that.
    os.sync()


def milliseconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def quantile(times: list[float], share: float) -> float:
    """The time that this share of the runs did not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def series_times(store: Store, packages: int) -> list[float]:
    """How long a series with categories takes, for packages of every popularity."""
    chance, snapshot = random.Random(1), store.snapshot()
    names = [f"package-{int(packages ** chance.random()) - 1}" for _ in range(SAMPLES)]
    dimensions = [chance.choice(list(DIMENSIONS)) for _ in names]
    download_series(store, names[0], snapshot=snapshot)
    return [
        milliseconds(lambda n=name, d=dimension: download_series(store, n, d, snapshot=snapshot))
        for name, dimension in zip(names, dimensions, strict=True)
    ]


def repeated(action: Callable[[], object]) -> float:
    """The median of five runs."""
    return statistics.median(milliseconds(action) for _ in range(5))


def questions(store: Store, packages: int) -> common.Figures:
    """The figures of one store."""
    names = [f"package-{i * packages // 5_000}" for i in range(5_000)]
    times = series_times(store, packages)
    [(rows, size)] = store.query(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts "
        "WHERE active AND table = 'downloads' AND database = currentDatabase()"
    )
    return {
        "rows": rows,
        "bytes_per_row": size / rows,
        "series_p50_ms": quantile(times, 0.5),
        "series_p99_ms": quantile(times, 0.99),
        "top_ms": repeated(lambda: top_packages(store, "month")),
        "counts_5000_ms": repeated(lambda: bulk_counts(store, names)),
        "rank_ms": repeated(lambda: package_rank(store, names[0])),
        "momentum_ms": repeated(lambda: momentum_board(store)),
    }


def curve(days: int) -> common.Figures:
    """The series over stores of growing size, and the days that each was given."""
    figures: dict[str, float | int] = {}
    for packages in CURVE:
        given = max(2, min(days, CURVE_ROWS // (packages * ROWS_PER_PACKAGE)))
        with filled_store(packages, given) as store:
            times = series_times(store, packages)
            figures[f"curve_{packages}_days"] = given
            figures[f"curve_{packages}_series_p50_ms"] = quantile(times, 0.5)
            figures[f"curve_{packages}_top_ms"] = repeated(lambda: top_packages(store, "month"))
    return figures


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Ask one store everything, then the curve."""
    begun = time.perf_counter()
    with filled_store(arguments.packages, arguments.days) as store:
        seconds = time.perf_counter() - begun
        figures = {
            "packages": arguments.packages,
            "days": arguments.days,
            "fill_s": seconds,
            **questions(store, arguments.packages),
        }
    return figures if arguments.no_curve else {**figures, **curve(arguments.days)}


if __name__ == "__main__":
    common.main(
        "questions to a local store server over HTTP (aims: 20, -, 300, 1,000 ms; "
        "large stores of the curve have fewer days)",
        measure,
        common.command(
            __doc__,
            ("--packages", 50_000, "packages in the store"),
            ("--days", 180, "days in the store"),
            flags=[("--no-curve", "only that one store")],
        ),
    )
