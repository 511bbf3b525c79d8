"""Ways to find the projects that may belong to a profile, those that need a store among them.

The catalog and the public data sets are of some moment in the past. A run moves its cursor to
now, so that what changed since that moment are candidates as well, whatever they carry: the
metadata decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import AggregatorError, UsageError
from ..http import UpstreamError
from ..names import NormalizedName, normalize_name
from ..profile import Match
from ..registries.discovery import DISCOVERY_METHODS, BrowseDiscovery, Discovery
from ..registries.pypi import PyPI, simple
from ..settings import Settings
from ..store import catalog, open_store
from .cursor import serial_at
from .scratch import ScratchFolder

if TYPE_CHECKING:
    from .public_data import ClassifierMatches

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CatalogDiscovery:
    """The store's catalog, and whatever moved since it was last complete."""

    settings: Settings
    pypi: PyPI

    async def names(self, classifiers: Iterable[str]) -> set[NormalizedName]:
        """Raises ``CatalogEmpty``, ``StoreNotSetUp`` and the errors of both servers."""
        sync, found = await asyncio.to_thread(self._ask, sorted(set(classifiers)))
        names = {normalize_name(name) for name in (*found, *sync.failed)}
        if not sync.serial:
            log.warning(
                "the catalog is of an index without serials: what changed since %s may be missing",
                sync.started.isoformat(timespec="minutes"),
            )
            return names
        return names | await changed_since(self.pypi, sync.serial)

    def _ask(self, classifiers: list[str]) -> tuple[catalog.CatalogSync, list[str]]:
        with open_store(self.settings) as store:
            sync = catalog.require_complete(store)
            return sync, [
                project.name for project in catalog.projects_with_classifiers(store, classifiers)
            ]


@dataclass(frozen=True)
class PublicDataDiscovery:
    """A public data set, and whatever moved since the newest upload that it knows."""

    ask: Callable[[Settings, list[str]], ClassifierMatches]
    settings: Settings
    pypi: PyPI

    async def names(self, classifiers: Iterable[str]) -> set[NormalizedName]:
        """Raises the errors of both servers."""
        found = await asyncio.to_thread(self.ask, self.settings, sorted(set(classifiers)))
        names = {normalize_name(name) for name in found.names}
        try:
            serial = await serial_at(self.pypi, found.newest)
            return names | await changed_since(self.pypi, serial)
        except UpstreamError as error:
            log.warning("what was uploaded after the data set was made may be missing: %s", error)
            return names


@dataclass(frozen=True)
class AutoDiscovery:
    """``browse``; the catalog where the registry does not answer that."""

    browse: BrowseDiscovery
    catalog: CatalogDiscovery | None

    async def names(self, classifiers: Iterable[str]) -> set[NormalizedName]:
        """Raises what ``browse`` raised where there is no catalog either."""
        wanted = sorted(set(classifiers))
        try:
            return await self.browse.names(wanted)
        except UpstreamError as error:
            if self.catalog is not None:
                with contextlib.suppress(AggregatorError):
                    names = await self.catalog.names(wanted)
                    log.warning("candidates come from the catalog: %s", error)
                    return names
            raise


def discovery_for(way: str, pypi: PyPI, settings: Settings, match: Match = "latest") -> Discovery:
    """Return the way of that name for profiles with that ``match``.

    Raises ``UsageError`` where there is no such way, or where it cannot know all carriers.
    """
    browse, from_catalog = BrowseDiscovery(pypi), CatalogDiscovery(settings, pypi)
    if way == "browse":
        return browse
    if way == "auto":
        return AutoDiscovery(browse, from_catalog if match == "latest" else None)
    if way in ("bigquery", "clickhouse"):
        # What reads tables takes a while to load, and few runs need it.
        from .public_data import from_bigquery, from_clickhouse

        ask = from_bigquery if way == "bigquery" else from_clickhouse
        return PublicDataDiscovery(ask, settings, pypi)
    if way != "catalog":
        raise UsageError(
            f"unknown way of discovery {way!r}; there are {', '.join(DISCOVERY_METHODS)}"
        )
    if match != "latest":
        raise UsageError(
            "the catalog knows the classifiers of latest releases only, and this profile counts "
            "those of any release; use --discovery browse"
        )
    return from_catalog


async def changed_since(pypi: PyPI, serial: int) -> set[NormalizedName]:
    """The projects that changed after a serial, by the journal or by the list of all projects.

    Raises ``UpstreamError`` when there is neither.
    """
    names: set[NormalizedName] = set()
    try:
        async for page in pypi.changes(serial):
            names.update(normalize_name(change.name) for change in page)
    except UpstreamError as error:
        with ScratchFolder("pyf-changed") as scratch:
            listing = await simple.download_listing(pypi.fetcher, scratch.path / "index")
            if listing is None or listing.serial is None:
                raise error from None
            moved = (entry for entry in listing.entries() if entry.serial > serial)
            return {normalize_name(entry.name) for entry in moved}
    return names
