"""A request on its way to a handler, and the handler's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .api_keys import ApiKeys, Grant
from .collections import Collections
from .resources import Resources
from .stats import ServerStats
from .storage import Storage


class Backend:
    """Everything a running server holds: its file, and what it keeps of it in memory."""

    def __init__(self, data_dir: Path, api_key: str) -> None:
        self.storage = Storage(data_dir)
        self.collections = Collections(self.storage)
        self.keys = ApiKeys(self.storage, api_key)
        self.resources = Resources(self.storage)
        self.stats = ServerStats()

    def close(self) -> None:
        self.storage.close()


@dataclass(frozen=True)
class ApiRequest:
    """One authorized request: the variable parts of its path, its query and its body."""

    backend: Backend
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    grant: Grant = field(default_factory=Grant)
    api_key: str | None = None

    @property
    def collection_name(self) -> str:
        return self.path["collection"]


@dataclass(frozen=True)
class ApiResponse:
    """What goes back: JSON, or bytes in pieces where ``stream`` is given."""

    body: Any = None
    status: int = 200
    stream: Iterator[bytes] | None = None


Handler = Callable[[ApiRequest], ApiResponse]


@dataclass(frozen=True)
class Route:
    """A path such as ``/collections/:collection``; ``action`` is what a key must allow.

    An empty action needs no key; a route that is not ``checked`` looks at keys itself.
    """

    method: str
    path: str
    action: str
    handler: Handler
    checked: bool = True
    writes: bool = False
