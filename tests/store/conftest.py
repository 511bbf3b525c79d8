"""A store for tests: one local server for a worker's whole session, a database for each test.

chDB has one engine in a process, so many databases on one server are what is quick.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pyf.aggregator.store import Location, Store

from .serving import Served, served


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A local statistics store in a process of its own."""
    with served(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def store_location(store_server: Served) -> Iterator[Location]:
    """The address of an empty database that is gone after the test, for the administrator."""
    location = replace(store_server.admin, database=f"test_{secrets.token_hex(4)}")
    yield location
    with Store(store_server.admin) as store:
        store.command(f"DROP DATABASE IF EXISTS {location.database} SYNC")


@pytest.fixture
def store(store_location: Location) -> Iterator[Store]:
    """A store of one's own with all its tables, empty."""
    with Store(store_location) as store:
        store.migrate()
        yield store
