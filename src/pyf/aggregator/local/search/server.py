"""Runs the local search server in the foreground until it is told to stop."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.local.search.app import create_app
from pyf.aggregator.local.search.storage import FolderUnusable

__all__ = ["PortInUse", "admin_key", "create_app", "run"]

KEY_FILE = "admin.key"
BACKLOG = 512
STOP_WITHIN_S = 10
# Searches and health checks wait less for an import that runs beside them.
SWITCH_INTERVAL_S = 0.0005


class PortInUse(AggregatorError):
    """Another program listens on the port."""


def admin_key(data_dir: Path) -> str:
    """The admin key of a data folder, made at first use and readable by its owner only."""
    path = data_dir / KEY_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise FolderUnusable(f"cannot use the folder {data_dir}: {error.strerror}") from None
    key = secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


def run(
    host: str,
    port: int,
    api_key: str | None,
    data_dir: Path,
    *,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is called with the address once it answers.

    Port 0 takes a free one; without a key the one of the data folder counts. Raises
    :class:`PortInUse` where something else listens already.
    """
    listener = _listen(host, port)
    try:
        application = create_app(data_dir, api_key or admin_key(data_dir))
    except AggregatorError:
        listener.close()
        raise
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}"
    server = _Server(config, lambda: ready(url) if ready else None)
    if threading.current_thread() is threading.main_thread():
        # The server repeats a signal it stopped for once it has stopped; by then it means nothing.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _listen(host: str, port: int) -> socket.socket:
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
