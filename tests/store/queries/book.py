"""A store filled by hand, and the same rows in plain Python to compute the answers a second time.

The arithmetic here shares nothing with the package: dictionaries and loops over every row.
"""

from __future__ import annotations

import calendar
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from pyf.aggregator.store import Store

FIRST = date(2025, 3, 3)
"""A Monday, on which the stories of the tests begin."""
LOADED = datetime(2025, 9, 1, 3, tzinfo=UTC)
COLUMNS = ("load_id", "day", "dimension", "package", "category", "downloads")
LOAD_COLUMNS = ("id", "day", "source", "scope", "status", "started", "finished")


class Row(NamedTuple):
    """One figure of a load."""

    dimension: str
    package: str
    category: str
    downloads: int


@dataclass(frozen=True)
class Load:
    """A load as it was published."""

    id: int
    day: date
    scope: str
    rows: tuple[Row, ...]


def day(offset: int) -> date:
    """The day so many after the first."""
    return FIRST + timedelta(days=offset)


def counted(package: str, downloads: int) -> list[Row]:
    """Rows of a package without and with mirrors, the latter a tenth more and one."""
    more = downloads + downloads // 10 + 1
    return [
        Row("overall", package, "without_mirrors", downloads),
        Row("overall", package, "with_mirrors", more),
    ]


class Book:
    """Writes loads into an empty store and remembers them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._ids = itertools.count(1)
        self._loads: list[Load] = []
        self._retired: set[date] = set()

    def clear(self) -> None:
        """Forget everything, here and in the store."""
        for table in ("downloads", "downloads_daily", "loads", "downloads_monthly"):
            self.store.command(f"TRUNCATE TABLE {table}")
        self._loads, self._retired = [], set()

    def publish(self, on: date, rows: Iterable[Row], scope: str = "full") -> None:
        """Load a day; one that was loaded before is replaced."""
        self.publish_story([(on, scope, list(rows))])

    def publish_all(self, days: dict[date, list[Row]]) -> None:
        """Load several days."""
        self.publish_story([(on, "full", rows) for on, rows in days.items()])

    def publish_story(self, story: Iterable[tuple[date, str, list[Row]]]) -> None:
        """Load days one after the other; those loaded before are replaced."""
        loads = [Load(next(self._ids), on, scope, tuple(rows)) for on, scope, rows in story]
        self._write(loads, "published")
        self._loads += loads

    def refuse(self, on: date, rows: Iterable[Row]) -> None:
        """A load whose rows are there but which was never published."""
        self._write([Load(next(self._ids), on, "full", tuple(rows))], "refused")

    def retire(self, month: date) -> None:
        """Keep only the sums of a month."""
        inside = {on for on in self._visible() if on.replace(day=1) == month}
        sums: dict[tuple[str, str, str], int] = defaultdict(int)
        for on, row in self.rows():
            if on in inside:
                sums[row[:3]] += row.downloads
        self.store.insert(
            "downloads_monthly",
            [(month, *key, value, len(inside)) for key, value in sums.items()],
            ("month", "dimension", "package", "category", "downloads", "days"),
        )
        self._log([load for load in self._visible().values() if load.day in inside], "retired")
        partition = month.year * 100 + month.month
        for table in ("downloads", "downloads_daily"):
            self.store.alter(table, "DROP PARTITION {p:UInt32}", {"p": partition})
        self._retired.add(month)

    def _write(self, loads: list[Load], status: str) -> None:
        rows = [(load.id, load.day, *row) for load in loads for row in load.rows]
        self.store.insert("downloads", rows, COLUMNS)
        self._log(loads, status)

    def _log(self, loads: list[Load], status: str) -> None:
        later = LOADED + timedelta(days=status == "retired")
        events = [
            (
                load.id,
                load.day,
                "test",
                load.scope,
                status,
                later,
                later + timedelta(seconds=load.id),
            )
            for load in loads
        ]
        self.store.insert("loads", events, LOAD_COLUMNS)

    def _visible(self) -> dict[date, Load]:
        """The load that counts for each day: the last full one, else the last of some packages."""
        chosen: dict[date, Load] = {}
        for load in sorted(self._loads, key=lambda load: (load.scope == "full", load.id)):
            chosen[load.day] = load
        return chosen

    # -- the second computation ---------------------------------------------------------------

    def detail(self) -> dict[date, Load]:
        """The loads that count of days whose detail is kept."""
        kept = self._visible()
        return {on: load for on, load in kept.items() if on.replace(day=1) not in self._retired}

    def rows(self) -> list[tuple[date, Row]]:
        """Every row that counts, of retired months too."""
        return [(on, row) for on, load in self._visible().items() for row in load.rows]

    def full_days(self) -> set[date]:
        """Days known for all packages; where there is none, all days."""
        detail = self.detail()
        return {on for on, load in detail.items() if load.scope == "full"} or set(detail)

    def known(self, package: str) -> set[date]:
        """Days known for one package."""
        return {
            on
            for on, load in self.detail().items()
            if load.scope == "full"
            or any(row.package == package and row.dimension == "overall" for row in load.rows)
        }

    def cells(
        self, package: str, dimension: str, first: date, last: date
    ) -> dict[tuple[str, date], int]:
        """Downloads by category and day, of days whose detail is kept."""
        found: dict[tuple[str, date], int] = defaultdict(int)
        for on, load in self.detail().items():
            for row in load.rows:
                if first <= on <= last and row[:2] == (dimension, package):
                    found[row.category, on] += row.downloads
        return dict(found)

    def sums(self, days: Iterable[date]) -> dict[str, int]:
        """Downloads without mirrors by package on these days, ``__all__`` left out."""
        wanted, found = set(days), defaultdict(int)
        for on, load in self.detail().items():
            for row in load.rows:
                if on in wanted and row[0] == "overall" and row[2] == "without_mirrors":
                    found[row.package] += row.downloads
        found.pop("__all__", None)
        return {package: value for package, value in found.items() if value}

    def last(self, length: int) -> list[date]:
        """The full days among the last so many that end with the last full one."""
        days = self.full_days()
        end = max(days)
        return [end - timedelta(days=i) for i in range(length) if end - timedelta(days=i) in days]


def month_days(month: date) -> int:
    """How many days a month has."""
    return calendar.monthrange(month.year, month.month)[1]
