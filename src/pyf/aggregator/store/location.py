"""Where the store is: the configured one, or the local stack's of this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import orjson

from ..errors import AggregatorError
from ..settings import Settings, mask_credentials

ENDPOINT = "store.json"
"""File in the data directory in which a running local store says where it listens, mode 0600."""
DATABASE = "pyf"
"""The database of a store whose address names none."""
PORTS = {"http": 8123, "https": 8443}


class StoreNotSetUp(AggregatorError):
    """No store is configured and none runs on this machine."""

    exit_status = 5

    def __init__(self, sentence: str = "") -> None:
        super().__init__(
            sentence
            or "no statistics store is configured and none runs here; start one with `pyfa up`, "
            "or set CLICKHOUSE_URL (chdb:///folder needs no server)"
        )


class StoreEmpty(StoreNotSetUp):
    """There is nothing to read yet where the store is to be: no table, perhaps no database."""

    exit_status = 3

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is empty, it has no tables yet; `pyfa stats load` or `pyfa catalog sync` "
            "makes and fills them"
        )


@dataclass(frozen=True)
class Location:
    """An address taken apart. ``folder`` stands for chDB in this process, else host and port."""

    interface: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = DATABASE
    folder: Path | None = None
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> Location:
        """Take an address of CLICKHOUSE_URL's form apart; its last part names the database."""
        if url.startswith("chdb://"):
            return cls("chdb", folder=Path(url.removeprefix("chdb://")))
        parts = urlsplit(url)
        prefix, _, database = parts.path.rpartition("/")
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            unquote(parts.username or "default"),
            unquote(parts.password or ""),
            unquote(database) or DATABASE,
            path=prefix,
        )

    def __str__(self) -> str:
        """The address without user and password."""
        if self.folder:
            return f"chdb://{self.folder}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return SplitResult(
            self.interface, f"{host}:{self.port}", f"{self.path}/{self.database}", "", ""
        ).geturl()


def locate_store(settings: Settings, *, readonly: bool) -> Location:
    """The configured store, else the one of the stack that runs with this data directory.

    ``readonly`` prefers the address of the user that may only read. Raises
    :class:`StoreNotSetUp` where there is none.
    """
    configured = settings.clickhouse_readonly_url if readonly else None
    configured = configured or settings.clickhouse_url
    return Location.parse(configured) if configured else _local(settings.pyf_data_dir, readonly)


def _local(data_dir: Path, readonly: bool) -> Location:
    try:
        told = orjson.loads((data_dir / ENDPOINT).read_bytes())
        return Location.parse(told["readonly_url" if readonly else "url"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise StoreNotSetUp from None


def mask_addresses(text: str) -> str:
    """A text with user and password of every address in it masked."""
    return mask_credentials(text)
