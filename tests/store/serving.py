"""A local statistics store for tests, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.embedded.store.users import ADMIN, READER, load_users
from pyf.aggregator.store import Location

STORE = "pyf.aggregator.embedded.store"


@dataclass(frozen=True)
class Served:
    """A running store: its process, its folder, and how its two users reach it."""

    process: ServerProcess
    folder: Path
    admin: Location
    reader: Location

    @property
    def url(self) -> str:
        """Its root."""
        return self.process.url


def url_of(location: Location) -> str:
    """A location as CLICKHOUSE_URL takes it."""
    who = f"{location.user}:{location.password}"
    return f"http://{who}@{location.host}:{location.port}/{location.database}"


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run a store over a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    users = load_users(folder)
    with ServerProcess(STORE, "--port", "0", "--data-dir", str(folder)) as process:
        parts = urlsplit(process.url)
        admin = Location("http", parts.hostname or "", parts.port or 0, ADMIN, users.admin)
        reader = replace(admin, user=READER, password=users.reader)
        yield Served(process, folder, admin, reader)
