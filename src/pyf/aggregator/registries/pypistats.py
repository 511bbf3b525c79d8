"""pypistats.org's JSON API: daily download counts of a few packages.

It takes 30 requests a minute, has the last 180 days, and changes once a day. An unknown package is
a 404 on ``recent`` and ``overall``, and an empty list on the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import Any, Literal, NamedTuple, get_args

import orjson

from ..http import Fetcher, FetchPolicy, HttpResponse, InvalidBody, expect_status
from ..names import normalize_name
from ..settings import Settings

Dimension = Literal["overall", "python_major", "python_minor", "system"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

NOT_FOUND = 404
REFERENCE_PACKAGE = "pip"
"""A project with downloads on every day there is: a day that it lacks is unknown for all."""


class DailyDownloads(NamedTuple):
    """Downloads of one category on one UTC day."""

    category: str
    day: date
    downloads: int


class RecentDownloads(NamedTuple):
    """Downloads without mirrors of the last day, 7 days and 30 days."""

    last_day: int
    last_week: int
    last_month: int


class PypiStats:
    """Ask the API over one ``Fetcher``; raises ``UpstreamError`` without a usable answer."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self._days: frozenset[date] | None = None

    async def recent(self, name: str) -> RecentDownloads | None:
        """The figures of a package; ``None`` when the API has none."""
        data = await self.fetcher.get(_path(name, "recent"), check=_data)
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise InvalidBody("no figures in the answer")
        return RecentDownloads(
            *(int(data.get(key) or 0) for key in ("last_day", "last_week", "last_month"))
        )

    async def rows(self, name: str, dimension: Dimension) -> tuple[DailyDownloads, ...]:
        """The daily counts of a package by category, in the API's order; none when it has none."""
        return await self.fetcher.get(_path(name, dimension), check=_rows)

    async def days(self) -> frozenset[date]:
        """The days that the API has figures of; asked for once."""
        if self._days is None:
            rows = await self.rows(REFERENCE_PACKAGE, "overall")
            self._days = frozenset(row.day for row in rows)
        return self._days


@asynccontextmanager
async def open_pypistats(settings: Settings) -> AsyncIterator[PypiStats]:
    """The client that the ``PYPISTATS_*`` settings describe: one request at a time."""
    policy = FetchPolicy(
        workers=1,
        delay=settings.pypistats_rate_limit_delay,
        retries=settings.pypistats_max_retries,
        backoff=settings.pypistats_retry_backoff,
    )
    async with Fetcher(settings.pypistats_url, policy, contact=settings.pyf_contact) as fetcher:
        yield PypiStats(fetcher)


@contextmanager
def open_blocking(settings: Settings) -> Iterator[tuple[PypiStats, asyncio.Runner]]:
    """The same for code that does not await: the client, and what runs its coroutines."""
    with asyncio.Runner() as runner:
        opening = open_pypistats(settings)
        client = runner.run(opening.__aenter__())
        try:
            yield client, runner
        finally:
            runner.run(opening.__aexit__(None, None, None))


def _path(name: str, what: str) -> str:
    # Normalized, as the API folds neither capitals nor runs of separators.
    return f"/api/packages/{normalize_name(name)}/{what}"


def _data(answer: HttpResponse) -> Any:
    if expect_status(answer, 200, NOT_FOUND).status == NOT_FOUND:
        return None
    try:
        return orjson.loads(answer.body)["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise InvalidBody("not the answer of a statistics API") from None


def _rows(answer: HttpResponse) -> tuple[DailyDownloads, ...]:
    try:
        return tuple(
            DailyDownloads(
                str(row["category"]), date.fromisoformat(row["date"]), int(row["downloads"])
            )
            for row in _data(answer) or ()
        )
    except (KeyError, TypeError, ValueError):
        raise InvalidBody("a row without category, date or downloads") from None
