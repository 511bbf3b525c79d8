"""What every source of download counts is to the loads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ...errors import NotFound, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE_NAMES = ("bigquery", "clickhouse", "file", "pypistats")
MIRRORS = ("bandersnatch", "z3c.pypimirror", "Artifactory", "devpi")
"""Installers that copy PyPI; counted in ``with_mirrors`` only, as pypistats.org does."""
SYSTEMS = ("Windows", "Linux", "Darwin")
"""Systems with a category of their own; all others are ``other``."""
BATCH = 250_000
"""Rows that a source holds at once."""

Scope = Literal["full", "part"]


class NoData(NotFound):
    """The source has nothing for the day: it is not there yet, or not any more."""


class InvalidFile(UsageError):
    """A file cannot be read, is cut off, or has other columns than those that are known."""


@dataclass(frozen=True)
class CostEstimate:
    """What a load would cost: bytes that are billed, and words for what bytes do not tell."""

    bytes: int
    description: str


class DownloadSource(Protocol):
    """Download counts by day.

    ``scope`` says whether a day of it is about all packages or about some. ``grouped``: no two of
    its rows have the same dimension, package and category. ``remainders`` are dimensions of
    which the source cannot tell downloads by unknown clients from mirrors: what the named
    categories leave of ``without_mirrors`` is unknown there.
    """

    name: str
    scope: Scope
    grouped: bool
    remainders: tuple[str, ...]

    def estimate(self, day: dt.date) -> CostEstimate:
        """What reading a day would cost; reads nothing. Raises what ``read`` raises."""

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """The counts of a day: tables with ``dimension``, ``package``, ``category`` (texts) and
        ``downloads`` (whole numbers), at most about :data:`BATCH` rows each.

        Names are as the source spells them. Raises ``NoData``, ``InvalidFile``,
        ``ServiceUnreachable``, ``ServiceRefused``, at once or between two tables: what came before
        is then of no use.
        """
