"""One client of the registry for all threads of a worker process.

An event loop in a thread of its own holds the connections; tasks ask across threads and build
documents in their own, so that a slow document holds up no other task.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import uvloop
from celery.exceptions import SoftTimeLimitExceeded

from ..http import Fetcher, FetchPolicy
from ..registries.pypi import PyPI
from ..registries.pypi.simple import ProjectPage
from ..registries.results import ProjectRelease, ProjectResult
from ..settings import Settings

T = TypeVar("T")


class RegistryClient:
    """The shared client. ``policy`` is how it asks, ``source`` is for event loops elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self.policy = FetchPolicy.for_pypi(settings)
        self._loop = uvloop.new_event_loop()
        self._fetcher = Fetcher(settings.pypi_url, self.policy, contact=settings.pyf_contact)
        self._pypi = PyPI(self._fetcher)
        threading.Thread(target=self._loop.run_forever, name="upstream", daemon=True).start()
        self._submit(self._fetcher.__aenter__()).result()
        self.source = ThreadsafeSource(self._pypi, self._loop)

    def ask(self, question: Callable[[PyPI], Coroutine[Any, Any, T]], seconds: float) -> T:
        """Return the answer to a question, asked from a thread without an event loop.

        Raises ``SoftTimeLimitExceeded`` without one in so many seconds.
        """
        future = self._submit(question(self._pypi))
        try:
            return future.result(seconds)
        except TimeoutError:
            if future.done():
                raise
            future.cancel()
            raise SoftTimeLimitExceeded from None

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._submit(self._fetcher.__aexit__(None, None, None)).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


class ThreadsafeSource:
    """A ``Source`` that asks a client whose event loop runs in another thread."""

    def __init__(self, pypi: PyPI, loop: asyncio.AbstractEventLoop) -> None:
        self._pypi = pypi
        self._loop = loop

    async def project(self, name: str, *, serial: int = 0) -> ProjectResult:
        """The project, not older than ``serial``."""
        return await self._in_client_loop(self._pypi.project(name, serial=serial))

    async def release(self, name: str, version: str) -> ProjectRelease | None:
        """One release."""
        return await self._in_client_loop(self._pypi.release(name, version))

    async def page(self, name: str) -> ProjectPage | None:
        """The project's page of the Simple index."""
        return await self._in_client_loop(self._pypi.page(name))

    def _in_client_loop(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
