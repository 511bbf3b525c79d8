"""A package's figures from the store where it has them, else from pypistats.org's API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Literal, Self

from ..errors import NotFound
from ..http import UpstreamError
from ..names import normalize_name
from ..registries.pypistats import PypiStats, open_blocking
from ..settings import Settings
from ..store import Snapshot, Store, StoreNotSetUp, open_store
from ..store.exports import DownloadRow, PackageDownloads, from_rows, from_store

StatsSource = Literal["auto", "store", "pypistats"]
STATS_SOURCES: tuple[StatsSource, ...] = ("auto", "store", "pypistats")

API_DIMENSIONS: tuple[Literal["overall", "python_minor", "system"], ...] = (
    "overall",
    "python_minor",
    "system",
)


class StatsCollector:
    """The sources of figures, opened when they are needed; use as a context manager.

    ``auto`` asks the store first, where there is one, and the API for what it does not have.
    """

    def __init__(self, settings: Settings, source: StatsSource, days: int) -> None:
        self._settings = settings
        self._source = source
        self._days = days
        self._exits = ExitStack()
        self._store: tuple[Store, Snapshot] | None = None
        self._api: tuple[PypiStats, asyncio.Runner] | None = None

    def __enter__(self) -> Self:
        if self._source != "pypistats":
            try:
                store = self._exits.enter_context(open_store(self._settings))
                self._store = (store, store.snapshot())
            except StoreNotSetUp:
                if self._source == "store":
                    raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()

    def figures(self, name: str) -> PackageDownloads:
        """The figures of a package.

        Raises ``NotFound`` where no source has any, ``ServiceUnreachable`` without an answer.
        """
        name = normalize_name(name)
        found = (
            from_store(self._store[0], name, self._days, self._store[1]) if self._store else None
        )
        if found is None and self._source != "store":
            found = self._ask_api(name)
        if found is None:
            raise NotFound(f"{self._missing_message()} downloads of {name!r}")
        return found

    def each_package(
        self, names: Iterable[str]
    ) -> Iterator[tuple[str, PackageDownloads | NotFound | UpstreamError]]:
        """The figures of every package, or why there are none; a store that is away raises."""
        for name in names:
            try:
                yield name, self.figures(name)
            except (NotFound, UpstreamError) as error:
                yield name, error

    def _ask_api(self, name: str) -> PackageDownloads | None:
        if self._api is None:
            self._api = self._exits.enter_context(open_blocking(self._settings))
        client, runner = self._api
        return runner.run(_fetch_stats(client, name, self._days))

    def _missing_message(self) -> str:
        if self._api is None:
            return "the store has no"
        host = self._settings.pypistats_url
        return f"neither the store nor {host} has any" if self._store else f"{host} has no"


async def _fetch_stats(client: PypiStats, name: str, days: int) -> PackageDownloads | None:
    rows: list[DownloadRow] = []
    for dimension in API_DIMENSIONS:
        found = await client.rows(name, dimension)
        if not found and dimension == "overall":
            return None  # the others would be empty too
        rows += (DownloadRow(dimension, *row) for row in found)
    return from_rows(name, "pypistats", rows, await client.days(), days)
