"""``pyfa downloads`` for a collection: counts from the store on all documents of its projects.

Beside it the plain way: a client of the rate-limited API, 30 projects a minute.
"""

from __future__ import annotations

import argparse
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyf.aggregator.documents import FIELDS
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.enrich.downloads import DownloadsOptions, enrich_downloads
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.settings import load_settings
from pyf.aggregator.settings.value_types import nodes
from pyf.aggregator.store import Location

from . import common
from .store_query import filled_store

COLLECTION = "bench"
STORED_PACKAGES = 5_000
STORED_DAYS = 58
API_PER_MINUTE = 30
WORDS = [secrets.token_hex(3) for _ in range(2_000)]
_VALUES: dict[str, Any] = {"string": "text", "int32": 1, "int64": 1, "float": 1.0, "bool": True}


@contextmanager
def filled_index(projects: int, releases: int) -> Iterator[SearchServer]:
    """A local search server with so many projects and releases of each."""
    key = secrets.token_hex(16)
    with (
        tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder,
        ServerProcess(
            "pyf.aggregator.embedded.search", "--port", "0", "--api-key", key, "--data-dir", folder
        ) as process,
    ):
        server = SearchServer(nodes().parse(process.url), key)
        collections.create(server, COLLECTION)
        writer = BulkWriter(server, COLLECTION)
        for project in range(projects):
            for release in range(releases):
                writer.upsert(document(f"package-{project}", f"1.{release}"))
        writer.flush()
        yield server


def document(name: str, version: str) -> dict[str, Any]:
    """A document with every field that is demanded, and a description of 3 KB."""
    demanded = {
        field.name: [] if field.type.endswith("[]") else _VALUES[field.type]
        for field in FIELDS
        if not field.optional and field.type.removesuffix("[]") in _VALUES
    }
    own = {"id": f"{name}-{version}", "identifier": f"{name}-{version}", "version": version}
    described = {"description": " ".join(random.choices(WORDS, k=430)), "registry": "pypi"}
    return {**demanded, **own, **described, "name": name, "name_normalized": name}


def url_of(location: Location) -> str:
    """A location as CLICKHOUSE_URL takes it."""
    who = f"{location.user}:{location.password}"
    return f"http://{who}@{location.host}:{location.port}/{location.database}"


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the figures."""
    releases = arguments.documents // arguments.projects
    with (
        filled_index(arguments.projects, releases) as server,
        filled_store(max(STORED_PACKAGES, arguments.projects), STORED_DAYS) as store,
    ):
        settings = load_settings({"CLICKHOUSE_URL": url_of(store.location)}, dotenv=None)
        wanted = DownloadsOptions(COLLECTION, ask_api=False)
        first = enrich_downloads(settings, server, wanted)
        begun = time.monotonic()
        second = enrich_downloads(settings, server, wanted)
        again = time.monotonic() - begun
    return {
        "projects": first.projects,
        "documents_updated": first.updated,
        "seconds": first.seconds,
        "documents_per_s": first.updated / first.seconds,
        "second_run_updated": second.updated,
        "second_run_seconds": again,
        "api_client_minutes": arguments.projects / API_PER_MINUTE,
    }


if __name__ == "__main__":
    common.main(
        "download counts on a collection (aim: 3,000 projects, 30,000 documents in under 30 s)",
        measure,
        common.command(
            __doc__,
            ("--projects", 3_000, "projects in the collection"),
            ("--documents", 30_000, "documents in the collection"),
        ),
    )
