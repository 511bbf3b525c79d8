"""Source ``clickhouse``: against a server with tables of the public data's names and shapes."""

from __future__ import annotations

import datetime as dt

import pytest

from pyf.aggregator.errors import ServiceRefused, ServiceUnreachable
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.store import Location, Store
from pyf.aggregator.store.loads.day_load import load_day
from pyf.aggregator.store.sources import NoData
from pyf.aggregator.store.sources.clickhouse import (
    ClickHouseSource,
    DimensionQuery,
    _fetch_dimension,
)
from tests.scripted_server import RESET, ScriptedServer, reply
from tests.store.loads.days import shown
from tests.store.serving import url_of

DAY = dt.date(2026, 7, 1)
PREFIX = "pypi_downloads_per_day"
TABLES = {
    PREFIX: "",
    f"{PREFIX}_by_version_by_installer_by_type": "version String, installer String, type String,",
    f"{PREFIX}_by_version_by_installer_by_type_by_country": (
        "version String, installer String, type String, country_code String,"
    ),
    f"{PREFIX}_by_version_by_python": "version String, python_minor String,",
    f"{PREFIX}_by_version_by_system": "version String, system String,",
}
# version, installer, country, python, system, count
DOWNLOADS = [
    ("Foo", "1.0", "pip", "DE", "3.12", "Linux", 4),
    ("foo", "1.1", "uv", "US", "2.7", "FreeBSD", 3),
    ("foo", "1.1", "pip", "", "", "", 2),
    ("foo", "1.0", "bandersnatch", "US", "", "", 50),
    ("foo", "1.0", "", "US", "", "", 7),
    ("bar", "2", "Artifactory", "FR", "", "", 6),
]


@pytest.fixture
def public(store: Store, store_location: Location) -> Settings:
    """Settings that lead to a data set in the test's database."""
    for table, columns in TABLES.items():
        store.command(
            f"CREATE TABLE {table} (date Date, project String, {columns} count Int64) "
            "ENGINE = MergeTree ORDER BY (project, date)"
        )
    for project, version, installer, country, python, system, count in DOWNLOADS:
        values = {
            "date": DAY,
            "project": project,
            "version": version,
            "installer": installer,
            "type": "bdist_wheel",
            "country_code": country,
            "python_minor": python,
            "system": system,
            "count": count,
        }
        for table in TABLES:
            names = [name for name, _ in store.query(
                "SELECT name, type FROM system.columns WHERE database = currentDatabase() "
                "AND table = {table:String} ORDER BY position", {"table": table},
            )]  # fmt: skip
            store.insert(table, [[values[name] for name in names]], names)
    own = {"CLICKHOUSE_PUBLIC_URL": url_of(store_location)}
    return load_settings(own, dotenv=None)


def test_mirrors_are_left_out_and_the_rest_is_unknown(public: Settings, store: Store) -> None:
    load_day(store, ClickHouseSource(public), DAY)

    found = {key: n for key, n in shown(store).items() if key[1] != "__all__"}
    assert found == {
        ("overall", "foo", "with_mirrors"): 66,
        ("overall", "foo", "without_mirrors"): 9,
        ("overall", "bar", "with_mirrors"): 6,
        ("python_major", "foo", "3"): 4,
        ("python_major", "foo", "2"): 3,
        ("python_major", "foo", "null"): 2,
        ("python_minor", "foo", "3.12"): 4,
        ("python_minor", "foo", "2.7"): 3,
        ("python_minor", "foo", "null"): 2,
        ("system", "foo", "Linux"): 4,
        ("system", "foo", "other"): 3,
        ("system", "foo", "null"): 2,
        ("installer", "foo", "pip"): 6,
        ("installer", "foo", "uv"): 3,
        ("country", "foo", "DE"): 4,
        ("country", "foo", "US"): 3,
        ("country", "foo", "null"): 2,
        ("version", "foo", "1.0"): 4,
        ("version", "foo", "1.1"): 5,
    }


def test_a_day_beyond_the_data_is_not_there_yet(public: Settings) -> None:
    with pytest.raises(NoData, match="up to 2026-07-01, not yet of 2026-07-02"):
        list(ClickHouseSource(public).read(DAY + dt.timedelta(1)))


def test_an_answer_that_was_cut_off_is_not_taken(public: Settings, store: Store) -> None:
    # A server that stops reading with a part of the result calls that a success.
    store.command(f"INSERT INTO {PREFIX} SELECT {{d:Date}}, toString(number), 1 FROM numbers(9)",
                  {"d": DAY})  # fmt: skip
    cut = DimensionQuery("overall", PREFIX, "'with_mirrors'", "date = {day:Date}")

    class Cutting(Store):
        def arrow(self, sql: str, params: object = None) -> object:
            return super().arrow(f"{sql} LIMIT 2", params)  # type: ignore[arg-type]

    with Cutting(store.location) as server, pytest.raises(ServiceUnreachable, match="cut off"):
        _fetch_dimension(server, cut, DAY)


QUOTA = b"Code: 201. DB::Exception: Quota for user `demo` has been exceeded. (QUOTA_EXCEEDED)"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(503, b"<html>Service Unavailable</html>"), "HTTP status 503"),
        (reply(404, b"no such page"), "HTTP status 404"),
        (reply(500, QUOTA, "X-ClickHouse-Exception-Code: 201"), "Quota for user"),
        # A busy machine may see the end of the connection before its reset.
        (RESET, "reset|closed connection"),
    ],
)
def test_a_server_that_is_away_is_called_by_the_name_of_the_source(
    answer: bytes, reason: str
) -> None:
    with ScriptedServer([answer]) as server:
        settings = load_settings({"CLICKHOUSE_PUBLIC_URL": server.url}, dotenv=None)
        source = ClickHouseSource(settings)
        for ask in (lambda: source.estimate(DAY), lambda: list(source.read(DAY))):
            with pytest.raises(ServiceUnreachable, match=reason) as caught:
                ask()
            assert str(caught.value).startswith(f"ClickHouse's public data at {server.url}")


def test_a_server_that_lets_nobody_in_is_no_outage() -> None:
    with ScriptedServer([reply(403, b"forbidden")]) as server:
        settings = load_settings({"CLICKHOUSE_PUBLIC_URL": server.url}, dotenv=None)
        with pytest.raises(ServiceRefused, match="HTTP status 403"):
            ClickHouseSource(settings).estimate(DAY)
