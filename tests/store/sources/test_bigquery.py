"""Source ``bigquery``: the real client library against a server that checks what it asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pyf.aggregator.errors import UsageError
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.store import Store, bigquery_client
from pyf.aggregator.store.loads.day_load import load_day
from pyf.aggregator.store.sources import NoData
from pyf.aggregator.store.sources.bigquery import BigQuerySource

from .bigquery_server import BigQueryServer, serving

DAY = dt.date(2026, 7, 1)
ROWS = [
    ("overall", "a", "with_mirrors", 9),
    ("overall", "a", "without_mirrors", 5),
    ("python_major", "a", "3", 5),
    ("system", "a", "null", 5),
    ("version", "a", "1.0", 5),
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQueryServer]:
    with serving(BigQueryServer(list(ROWS))) as running:
        monkeypatch.setattr(bigquery_client, "TOKEN_URL", f"{running.url}/token")
        yield running


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode().replace("\n", "\\n")  # as it stands in an environment


@pytest.fixture
def settings(server: BigQueryServer, private_key: str) -> Settings:
    own = {
        "BIGQUERY_URL": server.url,
        "GOOGLE_PROJECT_ID": "p",
        "GOOGLE_CLIENT_EMAIL": "loader@p.example",
        "GOOGLE_PRIVATE_KEY": private_key,
        "GOOGLE_PRIVATE_KEY_ID": "k",
    }
    return load_settings(own, dotenv=None)


def test_the_cost_is_asked_for_and_nothing_else(settings: Settings, server: BigQueryServer) -> None:
    estimate = BigQuerySource(settings, 10**12).estimate(DAY)

    assert estimate.bytes == server.size
    (job,) = server.jobs
    assert job["configuration"]["dryRun"] is True
    assert server.pages == 0
    assert server.tokens == 1


def test_a_load_too_dear_is_refused_before_it_runs(
    settings: Settings, server: BigQueryServer
) -> None:
    with pytest.raises(UsageError, match="would bill 46,000,000,000 bytes, more than the 1,000 "):
        list(BigQuerySource(settings, 1000).read(DAY))

    assert [job["configuration"].get("dryRun") for job in server.jobs] == [True]


def test_one_statement_gives_all_dimensions_page_by_page(
    settings: Settings, server: BigQueryServer
) -> None:
    found = pa.concat_tables(BigQuerySource(settings, 10**12).read(DAY)).to_pylist()

    assert [tuple(row.values()) for row in found] == ROWS
    assert server.pages == 3
    _, job = server.jobs
    query = job["configuration"]["query"]
    assert query["maximumBytesBilled"] == str(10**12)
    assert query["query"].count("file_downloads") == 1
    values = {given["name"]: given["parameterValue"] for given in query["queryParameters"]}
    assert values["day"] == {"value": "2026-07-01"}
    mirrors = {entry["value"] for entry in values["mirrors"]["arrayValues"]}
    assert mirrors == {"bandersnatch", "z3c.pypimirror", "Artifactory", "devpi"}


def test_a_day_that_bigquery_has_not(settings: Settings, server: BigQueryServer) -> None:
    server.rows.clear()

    with pytest.raises(NoData):
        list(BigQuerySource(settings, 10**12).read(DAY))


def test_the_whole_way_into_the_store(settings: Settings, store: Store) -> None:
    load_day(store, BigQuerySource(settings, 10**12), DAY)

    assert store.query("SELECT count() FROM published_downloads WHERE package = 'a'") == [(5,)]
