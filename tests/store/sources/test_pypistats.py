"""Source ``pypistats``: recorded shapes, its rate, 429, packages that are not there."""

from __future__ import annotations

import datetime as dt
import time

import orjson
import pyarrow as pa
import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.registries.pypistats import DIMENSIONS
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store.sources import NoData
from pyf.aggregator.store.sources.pypistats import PypistatsSource
from tests.scripted_server import ScriptedServer, reply
from tests.shared import SHARED, needs_shared

DAY = dt.date(2026, 7, 1)


def body(*rows: tuple[str, str, int]) -> bytes:
    data = [{"category": c, "date": d, "downloads": n} for c, d, n in rows]
    return orjson.dumps({"data": data, "package": "a", "type": "x"})


def source(url: str, *packages: str, **more: str) -> PypistatsSource:
    own = {"PYPISTATS_URL": url, "PYPISTATS_RATE_LIMIT_DELAY": "0", **more}
    quick = {"PYPISTATS_RETRY_BACKOFF": "0.01", **own}
    return PypistatsSource(load_settings(quick, dotenv=None), packages)


def rows(found: PypistatsSource, day: dt.date = DAY) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in pa.concat_tables(found.read(day)).to_pylist()]


def test_four_requests_a_package_for_all_days() -> None:
    script = [
        reply(200, body(("with_mirrors", "2026-07-01", 9), ("without_mirrors", "2026-07-01", 5))),
        reply(429, b"<html>Too Many Requests</html>", "Retry-After: 0"),
        reply(200, body(("3", "2026-07-01", 5), ("3", "2026-07-02", 6))),
        reply(200, body(("3.12", "2026-07-01", 5))),
        reply(200, body(("null", "2026-07-01", 5))),
        reply(404, b"{}"),
    ]
    with ScriptedServer(script) as server:
        found = source(server.url, "A.b", "gone")
        assert rows(found) == [
            ("overall", "a-b", "with_mirrors", 9),
            ("overall", "a-b", "without_mirrors", 5),
            ("python_major", "a-b", "3", 5),
            ("python_minor", "a-b", "3.12", 5),
            ("system", "a-b", "null", 5),
        ]
        assert rows(found, dt.date(2026, 7, 2)) == [("python_major", "a-b", "3", 6)]
        paths = [request.split()[1].decode() for request in server.requests]

    assert paths[0] == "/api/packages/a-b/overall"
    assert len(paths) == 2 * len(DIMENSIONS) + 1


def test_requests_keep_their_distance() -> None:
    with ScriptedServer([reply(200, body(("x", "2026-07-01", 1)))]) as server:
        begun = time.monotonic()
        rows(source(server.url, "a", PYPISTATS_RATE_LIMIT_DELAY="0.2"))
        moments = server.moments

    # The pace is set by starts; one that arrives late lets the next come closer.
    assert moments[-1] - begun >= 0.2 * (len(moments) - 1)


def test_a_day_that_it_has_not() -> None:
    with ScriptedServer([reply(200, body())]) as server, pytest.raises(NoData):
        list(source(server.url, "a").read(DAY))


def test_without_packages_it_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="STATS_PACKAGES"):
        list(source("http://pypistats.example").read(DAY))


@needs_shared
def test_recorded_answers_are_read() -> None:
    folder = SHARED / "corpus" / "downloads" / "pypistats"
    path = sorted(folder.glob("system-*.json"))[0]
    recorded = orjson.loads(path.read_bytes())
    script = [reply(404), reply(404), reply(404), reply(200, orjson.dumps(recorded))]
    with ScriptedServer(script) as server:
        found = source(server.url, "a")
        day = dt.date.fromisoformat(recorded["data"][0]["date"])
        total = sum(row[3] for row in rows(found, day))  # type: ignore[misc]

    wanted = sum(row["downloads"] for row in recorded["data"] if row["date"] == str(day))
    assert total == wanted
