"""Every way names each project that carries a classifier, whatever moved since it was made."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.http import Fetcher, FetchPolicy
from pyf.aggregator.ingest.catalog import CatalogSyncOptions, sync
from pyf.aggregator.ingest.discovery import discovery_for
from pyf.aggregator.ingest.public_data import from_bigquery
from pyf.aggregator.registries.pypi import PyPI
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.store import Location, Store, StoreNotSetUp

from ..stack import QUICK, Sample, sample_pypi
from ..store.serving import url_of
from .mirror import mirror

CLASSIFIER = "Framework :: Plone"


@pytest.fixture(scope="module")
def pypi() -> Iterator[Sample]:
    with sample_pypi(projects=60, share=0.2) as sample:
        yield sample


def settings_for(url: str, **more: str) -> Settings:
    return load_settings({"PYPI_URL": url, **QUICK, "PYPI_MAX_RETRIES": "1", **more}, dotenv=None)


def names(way: str, settings: Settings, match: Any = "latest") -> set[str]:
    async def ask() -> set[str]:
        async with Fetcher(settings.pypi_url, FetchPolicy.for_pypi(settings)) as fetcher:
            way_ = discovery_for(way, PyPI(fetcher), settings, match)
            return set(await way_.names([CLASSIFIER]))

    return asyncio.run(ask())


def carriers(pypi: Sample, candidates: set[str]) -> set[str]:
    said = {name: pypi.project(name).get("info") for name in candidates}
    return {name for name, info in said.items() if info and CLASSIFIER in info["classifiers"]}


def test_the_catalog_names_carriers_and_what_moved_since(
    pypi: Sample, store: Store, store_location: Location
) -> None:
    settings = settings_for(pypi.url, CLICKHOUSE_URL=url_of(store_location))
    with pytest.raises(UsageError, match="catalog sync"):
        names("catalog", settings)
    sync(settings, store, CatalogSyncOptions())
    known = names("catalog", settings)
    pypi.tell("publish", name="came-later", version="1", classifiers=[CLASSIFIER])
    pypi.tell("set_faults", outage=True, retry_after=0.01, prefixes=["/pypi"])
    by_list = names("catalog", settings)  # the journal is away
    assert names("auto", settings) == by_list
    pypi.tell("reset_faults")

    assert known == carriers(pypi, names("browse", settings)) - {"came-later"}
    assert by_list == names("catalog", settings) == known | {"came-later"}


def test_the_catalog_is_refused_where_it_cannot_know(pypi: Sample, tmp_path: Path) -> None:
    settings = settings_for(pypi.url, PYF_DATA_DIR=str(tmp_path))
    with pytest.raises(UsageError, match="browse"):
        names("catalog", settings, "any")
    with pytest.raises(UsageError, match="guess"):
        names("guess", settings)
    with pytest.raises(StoreNotSetUp):
        names("catalog", settings)


def test_auto_tells_of_browse_where_there_is_no_catalog(pypi: Sample, tmp_path: Path) -> None:
    with mirror(pypi.url) as url, pytest.raises(Exception, match="404"):
        names("auto", settings_for(url, PYF_DATA_DIR=str(tmp_path)))


def test_public_clickhouse_data_names_carriers_and_what_moved_since(
    pypi: Sample, store: Store, store_location: Location
) -> None:
    with Store(Location(**{**vars(store_location), "database": "pypi"})) as public:
        public.command(
            "CREATE OR REPLACE TABLE projects (name String, classifiers Array(String), "
            "upload_time DateTime) ENGINE = MergeTree ORDER BY name"
        )
        rows = [("Old.One", [CLASSIFIER], 1_000_000_000), ("Other", [], 1_000_000_000)]
        public.insert("projects", rows, ("name", "classifiers", "upload_time"))
        pypi.tell("publish", name="came-after", version="1", classifiers=[CLASSIFIER])
        url = url_of(store_location).rpartition("/")[0]
        found = names("clickhouse", settings_for(pypi.url, CLICKHOUSE_PUBLIC_URL=url))

    assert {"old-one", "came-after"} <= found
    assert "other" not in found


class BigQuery(BaseHTTPRequestHandler):
    """Speaks BigQuery's REST API as far as one query needs it; answers with given rows."""

    asked: list[dict[str, Any]]
    estimate = "1000"
    rows = (("Old.One", "1000000000"), (None, "1700000000"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/token"):
            self._say({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
            return
        job = json.loads(body)
        self.asked.append(job)
        statistics = {"totalBytesProcessed": self.estimate, "query": {}}
        self._say(
            {
                "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
                "configuration": job["configuration"],
                "status": {"state": "DONE"},
                "statistics": {**statistics, "query": statistics},
            }
        )

    def do_GET(self) -> None:
        schema = [{"name": "name", "type": "STRING"}, {"name": "newest", "type": "INTEGER"}]
        self._say(
            {
                "jobComplete": True,
                "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
                "schema": {"fields": schema},
                "totalRows": str(len(self.rows)),
                "rows": [{"f": [{"v": value} for value in row]} for row in self.rows],
            }
        )

    def _say(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def bigquery(**more: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    kind = type("Handler", (BigQuery,), {"asked": asked, **more})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def credentials(folder: Path, url: str) -> Path:
    """A service account with a key of its own, whose tokens that server gives."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key": key.decode(),
        "private_key_id": "k",
        "client_email": "who@p.example",
        "token_uri": f"{url}/token",
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return path


def test_bigquery_is_asked_within_its_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bigquery() as (url, asked):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials(tmp_path, url)))
        given = {"BIGQUERY_URL": url, "STATS_MAX_BYTES": "5000"}
        found = from_bigquery(settings_for("http://127.0.0.1:9", **given), [CLASSIFIER])

    assert (list(found.names), found.newest) == (["Old.One"], 1_700_000_000.0)
    dry, real = (job["configuration"] for job in asked)
    assert dry["dryRun"] is True
    assert real["query"]["maximumBytesBilled"] == "5000"
    assert CLASSIFIER in json.dumps(real["query"]["queryParameters"])


def test_a_query_that_costs_too_much_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bigquery(estimate="6000") as (url, asked):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials(tmp_path, url)))
        given = {"BIGQUERY_URL": url, "STATS_MAX_BYTES": "5000"}
        with pytest.raises(UsageError, match="STATS_MAX_BYTES"):
            from_bigquery(settings_for("http://127.0.0.1:9", **given), [CLASSIFIER])

    assert len(asked) == 1
