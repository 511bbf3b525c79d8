"""Running the sample upstreams: in this thread until a signal, or inside a running loop."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import uvloop

from ...errors import AggregatorError
from .http_protocol import HttpConnection
from .options import SampleOptions
from .service import SampleService

_BACKLOG = 1024


class ListenError(AggregatorError):
    """The address cannot be listened on, mostly because another process does."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(f"cannot listen on {host}:{port}: {reason}")


class RunningServer(NamedTuple):
    """A server that is listening."""

    service: SampleService
    url: str


@asynccontextmanager
async def open_server(options: SampleOptions) -> AsyncIterator[RunningServer]:
    """Listen for as long as the context lasts, in the running event loop.

    Raises:
        ListenError: the port is in use, or the host is not one of this machine.
        UsageError: the folder of recorded answers holds none.
    """
    service = SampleService(options)
    connections: set[HttpConnection] = set()
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(
            lambda: HttpConnection(service, connections),
            options.host,
            options.port,
            backlog=_BACKLOG,
        )
    except OSError as error:
        used = error.errno == errno.EADDRINUSE
        reason = "the port is in use" if used else error.strerror or str(error)
        raise ListenError(options.host, options.port, reason) from error
    port = server.sockets[0].getsockname()[1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    try:
        yield RunningServer(service, f"http://{host}:{port}")
    finally:
        server.close()
        for connection in list(connections):
            connection.abort()
        await server.wait_closed()


def run(
    options: SampleOptions, *, ready: Callable[[str], None] | None = None, until_eof: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the URL once it listens.

    ``until_eof`` also ends it with standard input, so that it does not outlive a parent.
    Has to be called in the main thread. Raises what ``serving`` raises.
    """
    uvloop.run(_until_signal(options, ready, until_eof))


async def _until_signal(
    options: SampleOptions, ready: Callable[[str], None] | None, until_eof: bool
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if until_eof:
        loop.add_reader(0, lambda: None if os.read(0, 4096) else stopped.set())
    async with open_server(options) as (_, url):
        _freeze_garbage_collector()
        if ready is not None:
            ready(url)
        await stopped.wait()


def _freeze_garbage_collector() -> None:
    """Keep the collector off what lives for ever; it would take a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
