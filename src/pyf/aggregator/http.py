"""The one place that opens sockets to upstreams.

``Fetcher`` is the asyncio client behind the bulk fetch: bounded concurrency, an optional cap
on the rate of requests that does not make them wait for each other's answers, retries with
jittered exponential back-off, ``Retry-After`` in seconds and as a date, and bodies that are
read to their declared end. What it returns is an answer of the upstream; everything else is
an ``UpstreamError`` after the last try.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import aiohttp

from . import __version__
from .errors import ServiceUnreachable
from .settings import Settings, mask_credentials

T = TypeVar("T")

RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_RETRY_DELAY = 120.0
"""Seconds that one pause between two tries lasts at the most, whatever the upstream asks for."""


def user_agent(contact: str | None = None) -> str:
    """Say who asks: ``pyf.aggregator/<version> (<contact>)``."""
    return f"pyf.aggregator/{__version__}" + (f" ({contact})" if contact else "")


class UpstreamError(ServiceUnreachable):
    """An upstream gave no usable answer in all its tries; says nothing of user and password."""

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(mask_credentials(service), mask_credentials(reason))


class InvalidBody(ValueError):
    """A body that came whole but cannot be read; worth another try."""


@dataclass(frozen=True)
class FetchPolicy:
    """How an upstream is asked.

    ``delay`` is the least time in seconds between the starts of two requests, ``backoff`` the
    base of the exponential pause in seconds, ``timeout`` the time in seconds one try may take.
    An answer with a status of ``again`` is no answer: it is asked for once more.
    """

    workers: int = 20
    delay: float = 0.0
    retries: int = 3
    backoff: float = 2.0
    timeout: float = 60.0
    stale_retries: int = 5
    stale_backoff: float = 1.0
    retry_statuses: frozenset[int] = RETRY_STATUSES

    @classmethod
    def for_pypi(cls, settings: Settings) -> FetchPolicy:
        """The policy that the ``PYPI_*`` settings describe."""
        return cls(
            workers=settings.pypi_max_workers,
            delay=settings.pypi_rate_limit_delay,
            retries=settings.pypi_max_retries,
            backoff=settings.pypi_retry_backoff,
            timeout=settings.pypi_request_timeout,
            stale_retries=settings.pypi_stale_retries,
            stale_backoff=settings.pypi_stale_backoff,
        )


@dataclass(frozen=True)
class HttpResponse:
    """What an upstream said: a status that is not worth a retry, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass
class TrafficCounts:
    """Counts of what went over the wire; ``requests`` includes the tries that failed."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    statuses: Counter[str] = field(default_factory=Counter)


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, ``None`` for none."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def retry_after(value: str | None, now: dt.datetime | None = None) -> float | None:
    """Read a ``Retry-After`` header: seconds or an HTTP date; ``None`` if it is neither."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - (now or dt.datetime.now(dt.UTC))).total_seconds())


def retry_delay(attempt: int, backoff: float, asked: float | None) -> float:
    """Seconds to wait before try number ``attempt + 1``: what was asked for, or jittered back-off.

    The jitter spreads over the upper half of the exponential step, so that many clients that
    failed together do not come back together.
    """
    step = min(MAX_RETRY_DELAY, backoff * 2.0 ** (attempt - 1))
    own = step * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
    return min(MAX_RETRY_DELAY, max(asked, own * 0.1)) if asked is not None else own


class Fetcher:
    """Ask one upstream over HTTP; use as ``async with Fetcher(base, policy) as fetcher``."""

    def __init__(self, base: str, policy: FetchPolicy, *, contact: str | None = None) -> None:
        self.base = base.rstrip("/")
        self.policy = policy
        self.traffic = TrafficCounts()
        self._contact = contact
        self._slots = asyncio.Semaphore(policy.workers)
        self._next_start = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.policy.workers, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=self.policy.timeout),
            headers={"User-Agent": user_agent(self._contact)},
            cookie_jar=aiohttp.DummyCookieJar(),
            # Not trust_env: it asks the environment anew, in a thread, for every request.
            proxy=proxy_for(self.base),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        check: Callable[[HttpResponse], T],
    ) -> T:
        """GET ``base + path`` and return ``check(answer)``; a ``InvalidBody`` from it is
        retried.
        """
        return await self._request("GET", path, None, headers, check)

    async def post(
        self,
        path: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        check: Callable[[HttpResponse], T],
    ) -> T:
        """POST a body that may safely be sent again; otherwise like ``get``."""
        return await self._request("POST", path, body, headers, check)

    async def download(
        self, path: str, target: Path, *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """GET a large body into the file ``target``; the answer returned has an empty body."""

        async def once() -> HttpResponse:
            async with self._open("GET", path, None, headers) as response:
                self._count(response)
                raise_for_retry(response, self.policy.retry_statuses)
                with target.open("wb") as file:
                    async for chunk in response.content.iter_chunked(1 << 16):
                        self.traffic.bytes += len(chunk)
                        file.write(chunk)
                return HttpResponse(response.status, response.headers, b"", str(response.url))

        return await self._with_retry(path, once)

    async def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        check: Callable[[HttpResponse], T],
    ) -> T:
        async def once() -> T:
            async with self._open(method, path, body, headers) as response:
                self._count(response)
                raise_for_retry(response, self.policy.retry_statuses)
                content = await response.read()
            self.traffic.bytes += len(content)
            return check(
                HttpResponse(response.status, response.headers, content, str(response.url))
            )

        return await self._with_retry(path, once)

    def _open(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> aiohttp.client._RequestContextManager:
        assert self._session is not None, "use Fetcher as a context manager"  # noqa: S101
        self.traffic.requests += 1
        return self._session.request(method, self.base + path, data=body, headers=headers)

    def _count(self, response: aiohttp.ClientResponse) -> None:
        self.traffic.statuses[str(response.status)] += 1

    async def _with_retry(self, path: str, once: Callable[[], Awaitable[T]]) -> T:
        """Run ``once`` until it answers; waiting keeps the slot, which slows the whole client."""
        attempt = 0
        async with self._slots:
            while True:
                attempt += 1
                await self._wait_for_turn()
                try:
                    return await once()
                except (aiohttp.ClientError, TimeoutError, InvalidBody, OSError) as error:
                    self.traffic.statuses[type(error).__name__] += not isinstance(
                        error, RetryableStatus
                    )
                    if attempt > self.policy.retries:
                        raise UpstreamError(
                            self.base, f"{path}: {describe_error(error)}"
                        ) from error
                    asked = error.asked if isinstance(error, RetryableStatus) else None
                self.traffic.retries += 1
                await asyncio.sleep(retry_delay(attempt, self.policy.backoff, asked))

    async def _wait_for_turn(self) -> None:
        """Keep request starts ``delay`` seconds apart on average without waiting for answers."""
        if self.policy.delay <= 0:
            return
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + self.policy.delay
        # Sleeping for less than the loop's resolution would only cost time.
        if start - now > 0.002:
            await asyncio.sleep(start - now)


class RetryableStatus(aiohttp.ClientError):
    """A status that is worth another try, with the pause that was asked for, in seconds."""

    def __init__(self, status: int, asked: float | None) -> None:
        self.status = status
        self.asked = asked
        super().__init__(f"HTTP status {status}")


def raise_for_retry(response: aiohttp.ClientResponse, statuses: frozenset[int]) -> None:
    """Raise ``RetryableStatus`` for a status that says nothing but that one should come back."""
    if response.status in statuses:
        raise RetryableStatus(response.status, retry_after(response.headers.get("Retry-After")))


def expect_status(answer: HttpResponse, *statuses: int) -> HttpResponse:
    """Return the answer if it has one of the statuses; another one would not change by asking."""
    if answer.status not in statuses:
        raise UpstreamError(answer.url, f"unexpected HTTP status {answer.status}")
    return answer


def describe_error(error: BaseException) -> str:
    """One short phrase for what went wrong on the wire."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
