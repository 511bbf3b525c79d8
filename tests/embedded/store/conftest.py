"""A local statistics store, and its two users as people reach it: over plain HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import requests

from pyf.aggregator.store import Location

from ...store.serving import Served, served


class Asker:
    """Sends statements as one user to one database."""

    def __init__(self, url: str, user: Location, database: str) -> None:
        self.url = url
        self.database = database
        self.session = requests.Session()
        self.session.auth = (user.user, user.password)

    def ask(self, sql: str | bytes, data: bytes | None = None, **parameters: str):
        """POST a statement; with data it stands in the address."""
        query = {"database": self.database, **parameters}
        if data is not None:
            query["query"] = sql if isinstance(sql, str) else sql.decode()
        body = sql if data is None else data
        return self.session.post(self.url, params=query, data=body, timeout=60)

    def text(self, sql: str, **parameters: str) -> str:
        """The answer's text, without the line end."""
        answer = self.ask(sql, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.text.rstrip("\n")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A store for all tests of this folder."""
    with served(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def admin(server: Served) -> Iterator[Asker]:
    """The administrator, in a database that is gone after the test."""
    asker = Asker(server.url, server.admin, f"test_{secrets.token_hex(4)}")
    Asker(server.url, server.admin, "").text(f"CREATE DATABASE {asker.database}")
    yield asker
    asker.text(f"DROP DATABASE {asker.database} SYNC")


@pytest.fixture
def reader(server: Served, admin: Asker) -> Asker:
    """The reader, in the same database."""
    return Asker(server.url, server.reader, admin.database)
