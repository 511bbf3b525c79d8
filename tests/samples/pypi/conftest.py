"""A sample index that is only read, and a fresh one for tests that change it."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from pyf.aggregator.names import normalize_name
from pyf.aggregator.samples.pypi import Control, Upstreams

JSON = "application/vnd.pypi.simple.v1+json"
FAMILY = "Framework :: Plone"


@dataclass
class Client:
    """Asks one index with the clients that people use."""

    url: str
    control: Control
    session: requests.Session
    rpc: xmlrpc.client.ServerProxy

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET without following redirects; underscores in header names become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(self.url + path, headers=named, timeout=20, allow_redirects=False)

    def json(self, name: str, version: str = "") -> Any:
        """The JSON API's answer, which has to be there."""
        answer = self.get(f"/pypi/{normalize_name(name)}/{version + '/' if version else ''}json")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def page(self, name: str) -> Any:
        """The Simple API's page of a project, which has to be there."""
        answer = self.get(f"/simple/{normalize_name(name)}/", Accept=JSON)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def root(self) -> Any:
        """The Simple API's list of all projects."""
        return self.get("/simple/", Accept=JSON).json()

    def journal(self, after: int) -> list[tuple[str | None, str]]:
        """Version and action of the journal rows after a serial."""
        rows: Any = self.rpc.changelog_since_serial(after)
        return [(version, action) for _, version, _, action, _ in rows]


def connected(**options: Any) -> Iterator[Client]:
    """Run an index and yield its client."""
    with (
        Upstreams(**options) as upstreams,
        requests.Session() as session,
        xmlrpc.client.ServerProxy(f"{upstreams.url}/pypi", allow_none=True) as rpc,
    ):
        yield Client(upstreams.url, upstreams.control, session, rpc)


@pytest.fixture(scope="session")
def index() -> Iterator[Client]:
    """An index of 600 projects that no test changes."""
    yield from connected(projects=600, share=0.1, seed=7)


@pytest.fixture
def fresh() -> Iterator[Client]:
    """An index of a test's own, with one project ``sample.project`` of three releases."""
    for client in connected(projects=60, share=0.1, seed=3):
        for version in ("1.0", "1.1", "2.0a1"):
            client.control.publish("Sample.Project", version, classifiers=[FAMILY])
        client.control.reset_stats()
        yield client
