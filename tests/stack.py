"""Real servers for tests: a sample PyPI, and a search server, the local one or a real Typesense."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import SearchServer, collections
from pyf.aggregator.ingest.cursor import SinceFile
from pyf.aggregator.ingest.fetch_collection import FetchMode, FetchOptions, aggregate
from pyf.aggregator.ingest.fetch_result import FetchResult
from pyf.aggregator.profile import Profile
from pyf.aggregator.settings import load_settings
from pyf.aggregator.settings.value_types import nodes

SEARCH = "pyf.aggregator.embedded.search"
UPSTREAMS = "pyf.aggregator.samples.pypi"
CLASSIFIER = "Framework :: Plone"
QUICK = {"PYPI_RETRY_BACKOFF": "0.02", "PYPI_STALE_BACKOFF": "0.02", "PYPI_RATE_LIMIT_DELAY": "0"}
"""Settings that make a client as quick as servers of this machine are."""


class Sample:
    """A sample PyPI in a process of its own, told what to do over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url

    def tell(self, action: str, **values: Any) -> Any:
        """Publish, yank, delete, set faults, ..."""
        answer = requests.post(f"{self.url}/-/control/{action}", json=values, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stats(self) -> dict[str, Any]:
        """Counts of what was asked since the last ``reset_stats``."""
        return dict(requests.get(f"{self.url}/-/control/stats", timeout=30).json())

    def asked(self, *kinds: str) -> int:
        """How many requests of these kinds there were."""
        return sum(self.stats()["requests"].get(kind, 0) for kind in kinds)

    def project(self, name: str) -> dict[str, Any]:
        """The JSON API's answer for a project, faults or not."""
        return dict(requests.get(f"{self.url}/pypi/{name}/json", timeout=30).json())


@contextmanager
def sample_pypi(*arguments: str, projects: int = 400, share: float = 0.05) -> Iterator[Sample]:
    """Run a sample PyPI."""
    size = ("--projects", str(projects), "--share", str(share))
    with ServerProcess(UPSTREAMS, "--port", "0", *size, *arguments) as process:
        yield Sample(process.url)


@contextmanager
def search_server(folder: Path) -> Iterator[SearchServer]:
    """The Typesense that the environment names, otherwise a local search server."""
    if os.environ.get("TYPESENSE_HOST"):
        yield SearchServer.from_settings(load_settings(dotenv=None))
        return
    key = secrets.token_hex(16)
    arguments = ("--port", "0", "--api-key", key, "--data-dir", str(folder))
    with ServerProcess(SEARCH, *arguments) as process:
        yield SearchServer(nodes().parse(process.url), key)


def remove_collections(server: SearchServer, name: str) -> None:
    """Drop an alias and every version of its collection."""
    if name in collections.aliases(server):
        server.call(lambda client: client.aliases[name].delete())
    listed = server.call(lambda client: client.collections.retrieve())
    for collection in (item["name"] for item in listed):
        if collection == name or collection.rpartition("-")[0] == name:
            collections.drop(server, collection)


@dataclass(frozen=True)
class Bench:
    """A sample PyPI, a search server and a collection of one's own."""

    pypi: Sample
    server: SearchServer
    folder: Path
    collection: str

    @property
    def since(self) -> SinceFile:
        """The since-file of this bench."""
        return SinceFile(self.folder / "since")

    @property
    def profile(self) -> Profile:
        """A profile of one family of classifiers."""
        return profile(self.collection)

    def run(self, mode: FetchMode = "full", **order: Any) -> FetchResult:
        """Aggregate; settings that are not given are quick ones."""
        settings = {**QUICK, **order.pop("settings", {})}
        where = {"PYPI_URL": self.pypi.url, "PYF_DATA_DIR": str(self.folder)}
        given = {"profile": self.profile, "mode": mode, "cursor_store": self.since, **order}
        return aggregate(
            load_settings({**where, **settings}, dotenv=None), self.server, FetchOptions(**given)
        )

    def documents(self, collection: str | None = None) -> dict[str, dict[str, Any]]:
        """Every document by id."""
        target = collections.require(self.server, collection or self.collection)
        found = collections.documents(self.server, target.collection, "pypi")
        return {document["id"]: document for document in found}

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a command that is to use these servers."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYPI_URL": self.pypi.url,
            "PYF_DATA_DIR": str(self.folder),
            "TYPESENSE_NODES": self.server.url,
            "TYPESENSE_API_KEY": self.server.key,
            **QUICK,
            **more,
        }

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``pyfa`` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "pyf.aggregator.cli.main", *arguments],
            env=self.environment(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def profile(collection: str, **more: Any) -> Profile:
    """A profile of every classifier below one framework."""
    from pyf.aggregator.profile import classifier_family

    given = {"name": "Test", "classifiers": classifier_family(CLASSIFIER), **more}
    return Profile(key=collection, collection=collection, **given)


def without_serial(documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out what says when a document was written rather than what it says."""
    return {
        id_: {key: value for key, value in document.items() if key != "serial"}
        for id_, document in documents.items()
    }
