"""Source ``clickhouse``: the public PyPI data set, counted by its server.

Its user may ask 60 times an hour, and an answer that would take too long is cut short without a
word. So each table is asked once for a sum first, with which the rows that come have to agree;
where they do not, the table is asked again by halves, quarters, ... of the projects.

The data set counts mirrors everywhere. Tables that know the installer leave them out. Those of
Python and system do not know it; mirrors tell neither, so they all are among the unknown. There
the unknown are what the named categories leave of the downloads without mirrors.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import ServiceUnreachable
from ...settings import Settings
from ..client import TRANSIENT_CODES, Store
from ..client_errors import QueryFailed
from ..location import Location
from .base import BATCH, MIRRORS, SYSTEMS, CostEstimate, NoData, Scope

USER, DATABASE = "demo", "pypi"
SERVICE_NAME = "ClickHouse's public data"
QUOTA_EXCEEDED = 201
PARTS = (1, 2, 4)
"""Into how many parts a table's projects are divided, try by try."""
_DAY = "date = {day:Date}"
_KNOWN_INSTALLER = "installer NOT IN {mirrors:Array(String)}"


@dataclass(frozen=True)
class DimensionQuery:
    """A dimension, and the table, condition and categories that answer it."""

    dimension: str
    table: str
    category: str
    where: str = _DAY


DIMENSION_QUERIES = (
    DimensionQuery("overall", "pypi_downloads_per_day", "'with_mirrors'"),
    DimensionQuery(
        "installer",
        "pypi_downloads_per_day_by_version_by_installer_by_type",
        "installer",
        f"{_DAY} AND {_KNOWN_INSTALLER}",
    ),
    DimensionQuery(
        "version",
        "pypi_downloads_per_day_by_version_by_installer_by_type",
        "version",
        f"{_DAY} AND {_KNOWN_INSTALLER}",
    ),
    DimensionQuery(
        "country",
        "pypi_downloads_per_day_by_version_by_installer_by_type_by_country",
        "country_code",
        f"{_DAY} AND {_KNOWN_INSTALLER}",
    ),
    DimensionQuery(
        "python_minor",
        "pypi_downloads_per_day_by_version_by_python",
        "python_minor",
        f"{_DAY} AND match(python_minor, '^[0-9]+[.][0-9]+')",
    ),
    DimensionQuery(
        "system",
        "pypi_downloads_per_day_by_version_by_system",
        "if(system IN {systems:Array(String)}, system, 'other')",
        f"{_DAY} AND system != ''",
    ),
)


class ClickHouseSource:
    """ClickHouse's public data; free of charge, without any promise that it is up to date."""

    name = "clickhouse"
    scope: Scope = "full"
    grouped = False
    remainders: tuple[str, ...] = ("python_major", "python_minor", "system")

    def __init__(self, settings: Settings) -> None:
        self._location = public_location(settings)
        self._timeout = settings.clickhouse_timeout

    def estimate(self, day: dt.date) -> CostEstimate:
        """Costs nothing; whether the day is there is asked."""
        with _quota_errors(self._open()) as server:
            _check_reached(server, day)
        return CostEstimate(
            0, f"about {2 * len(DIMENSION_QUERIES) + 1} queries of 60 an hour, nothing is billed"
        )

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """Ask for one dimension after the other; raises ``ServiceUnreachable`` for cut answers."""
        with _quota_errors(self._open()) as server:
            _check_reached(server, day)
            for question in DIMENSION_QUERIES:
                for table in _fetch_dimension(server, question, day):
                    yield from _rows(question, table)

    def _open(self) -> Store:
        return Store(self._location, timeout=self._timeout, readonly=True, called=SERVICE_NAME)


@contextmanager
def _quota_errors(server: Store) -> Iterator[Store]:
    """A server that is busy, or has answered often enough, is away until later."""
    try:
        with server:
            yield server
    except QueryFailed as error:
        if error.code not in TRANSIENT_CODES | {QUOTA_EXCEEDED}:
            raise
        raise ServiceUnreachable(str(server), str(error).removeprefix(f"{server}: ")) from None


def public_location(settings: Settings) -> Location:
    """Where ClickHouse's public data is; its user needs no password."""
    given = Location.parse(settings.clickhouse_public_url)
    user = USER if given.user == "default" else given.user
    named = settings.clickhouse_public_url.rstrip("/").count("/") > 2
    return dataclasses.replace(given, user=user, database=given.database if named else DATABASE)


def _check_reached(server: Store, day: dt.date) -> None:
    [(last,)] = server.query("SELECT max(date) FROM pypi_downloads_per_day")
    if last < day:
        raise NoData(f"ClickHouse's public data has downloads up to {last}, not yet of {day}")


def _fetch_dimension(server: Store, question: DimensionQuery, day: dt.date) -> list[pa.Table]:
    """All answers to a question, complete."""
    params = {"day": day, "mirrors": [*MIRRORS, ""], "systems": list(SYSTEMS)}
    # Tables and conditions are those of QUESTIONS, values are parameters.
    sums = f"SELECT sum(count) FROM {question.table} WHERE {question.where}"  # noqa: S608
    [(total,)] = server.query(sums, params)
    got = 0
    for parts in PARTS:
        tables = [_fetch_part(server, question, params, part, parts) for part in range(parts)]
        got = sum(pc.sum(table["downloads"]).as_py() or 0 for table in tables)
        if got == int(total):
            return tables
    raise ServiceUnreachable(
        str(server),
        f"its answers for {question.dimension} of {day} hold {got:,} of {int(total):,} downloads: "
        "they are cut off, or the data is being written",
    )


def _fetch_part(
    server: Store, question: DimensionQuery, params: Mapping[str, Any], part: int, parts: int
) -> pa.Table:
    return server.arrow(
        f"SELECT project AS package, toString({question.category}) AS category, "  # noqa: S608
        f"toUInt64(sum(count)) AS downloads FROM {question.table} "
        f"WHERE {question.where} AND cityHash64(project) % {{parts:UInt8}} = {{part:UInt8}} "
        "GROUP BY package, category",
        {**params, "part": part, "parts": parts},
    )


def _rows(question: DimensionQuery, answer: pa.Table) -> Iterator[pa.Table]:
    yield from _dimension_table(question.dimension, answer, answer["category"])
    if question.dimension == "installer":
        yield from _dimension_table(
            "overall", answer, pa.repeat("without_mirrors", answer.num_rows)
        )
    if question.dimension == "python_minor":
        majors = pc.extract_regex(answer["category"], r"^(?P<major>[0-9]+)")
        yield from _dimension_table("python_major", answer, pc.struct_field(majors, "major"))


def _dimension_table(dimension: str, answer: pa.Table, category: pa.Array) -> Iterator[pa.Table]:
    rows = pa.table(
        {
            "dimension": pa.repeat(dimension, answer.num_rows),
            "package": answer["package"],
            "category": category,
            "downloads": answer["downloads"],
        }
    )
    for start in range(0, rows.num_rows, BATCH):
        yield rows.slice(start, BATCH)
