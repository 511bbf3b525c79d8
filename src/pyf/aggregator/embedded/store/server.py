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
from ...running_stack.stack_state import StackFolderUnusable
from ...serving import address_of, listen, serve, uvicorn_config
from ...store import Location, Store
from .app import ResponseAborted, StoreApplication, create_app
from .chdb_engine import ChdbEngine
from .users import load_users

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
    with _lock_folder(data_dir):
        listener = listen(host, port)
        try:
            spool, folder = _empty_spool(data_dir), (data_dir / FOLDER).resolve()
            users = load_users(data_dir)
            application = StoreApplication(ChdbEngine(folder), users, spool, socket.gethostname())
            # Whoever may only read could not make the tables.
            with Store(Location("chdb", folder=folder)) as store:
                store.migrate()
        except BaseException:
            listener.close()
            raise
        logging.getLogger("uvicorn.error").addFilter(_is_not_abort)
        url = address_of(host, listener)
        config = uvicorn_config(create_app(application))
        # Whoever waits for a query that takes longer is cut off: it is ended, not waited for.
        config.timeout_graceful_shutdown = STOP_WITHIN_S
        serve(config, listener, lambda: ready(url) if ready else None)


@contextmanager
def _lock_folder(data_dir: Path) -> Iterator[None]:
    """Hold the folder: the engine has no second process beside it."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StackFolderUnusable(data_dir, error) from None
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


def _empty_spool(data_dir: Path) -> Path:
    """An empty folder for what is on its way; what a killed server left there is removed."""
    folder = data_dir / SPOOL
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        (data_dir / FOLDER).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StackFolderUnusable(data_dir, error) from None
    return folder


def _is_not_abort(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about anything but an answer that was cut off on purpose."""
    return not (record.exc_info and isinstance(record.exc_info[1], ResponseAborted))
