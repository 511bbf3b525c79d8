"""Runs an application on a socket that is bound first, so that its port is known, and ends well."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

from .errors import AggregatorError

BACKLOG = 512
STOP_WITHIN_S = 10


class PortInUse(AggregatorError):
    """Another program listens on the port."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 takes a free one. PortInUse where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortInUse(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def port_number(text: str) -> int:
    """Parse a port number of a command line; 0 means any free port.

    Raises ``argparse.ArgumentTypeError`` for anything else than 0 to 65535.
    """
    value = int(text) if text.isdigit() else -1
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (0 to 65535)")
    return value


def address_of(host: str, listener: socket.socket) -> str:
    """The URL under which a listener answers."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def uvicorn_config(application: Any, **more: Any) -> uvicorn.Config:
    """How all servers of this package run."""
    return uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=STOP_WITHIN_S,
        **more,
    )


def serve(
    config: uvicorn.Config, listener: socket.socket, ready: Callable[[], object] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called once the application answers."""
    server = _Server(config, ready or (lambda: None))
    if threading.current_thread() is threading.main_thread():
        # The server repeats a signal it stopped for once it has stopped; by then it means nothing.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])


def run_foreground(run: Callable[[Callable[[str], None]], object]) -> int:
    """Run a server as a program; return the exit status.

    ``run`` serves until a signal, and is given what says the address once it answers.
    """
    try:
        run(_print_listening)
    except AggregatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return os.EX_OK


def _print_listening(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()
