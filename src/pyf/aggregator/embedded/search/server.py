"""Runs the local search server in the foreground until it is told to stop."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from ...errors import AggregatorError
from ...serving import PortInUse, address_of, listen, serve, uvicorn_config
from .app import create_app
from .storage import DataFolderError

__all__ = ["PortInUse", "admin_key", "create_app", "run"]

KEY_FILE = "admin.key"
# Searches and health checks wait less for an import that runs beside them.
SWITCH_INTERVAL_S = 0.0005


def admin_key(data_dir: Path) -> str:
    """The admin key of a data folder, made at first use and readable by its owner only."""
    path = data_dir / KEY_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise DataFolderError(f"cannot use the folder {data_dir}: {error.strerror}") from None
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
    listener = listen(host, port)
    try:
        application = create_app(data_dir, api_key or admin_key(data_dir))
    except AggregatorError:
        listener.close()
        raise
    url = address_of(host, listener)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    serve(uvicorn_config(application), listener, lambda: ready(url) if ready else None)
