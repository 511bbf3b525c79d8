"""Runs the local statistics store in the foreground until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import AggregatorError
from ...running_stack.state import FolderUnusable
from ...serving import address_of, configuration, listen, serve
from ...store import Location, Store
from .app import Application, CutOff, create_app
from .engine import Engine
from .users import users_of

FOLDER = "store"
STOP_WITHIN_S = 2
SPOOL = "store.spool"
LOCK = "store.lock"


class StoreInUse(AggregatorError):
    """Another process has the store of this folder open."""


def run(
    host: str, port: int, data_dir: Path, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is called with the address once it answers.

    Raises ``PortInUse``, :class:`StoreInUse`, ``FolderUnusable``, and UsageError without chdb.
    """
    with _taken(data_dir):
        listener = listen(host, port)
        try:
            spool, folder = _spool(data_dir), (data_dir / FOLDER).resolve()
            users = users_of(data_dir)
            application = Application(Engine(folder), users, spool, socket.gethostname())
            # Whoever may only read could not make the tables.
            with Store(Location("chdb", folder=folder)) as store:
                store.migrate()
        except BaseException:
            listener.close()
            raise
        logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
        url = address_of(host, listener)
        config = configuration(create_app(application))
        # Whoever waits for a query that takes longer is cut off: it is ended, not waited for.
        config.timeout_graceful_shutdown = STOP_WITHIN_S
        serve(config, listener, lambda: ready(url) if ready else None)


@contextmanager
def _taken(data_dir: Path) -> Iterator[None]:
    """Hold the folder: the engine has no second process beside it."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderUnusable(data_dir, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            raise StoreInUse(
                f"the store in {data_dir} is open already (pid {pid or 'unknown'})"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


def _spool(data_dir: Path) -> Path:
    """An empty folder for what is on its way; what a killed server left there is removed."""
    folder = data_dir / SPOOL
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        (data_dir / FOLDER).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(data_dir, error) from None
    return folder


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about anything but an answer that was cut off on purpose."""
    return not (record.exc_info and isinstance(record.exc_info[1], CutOff))
