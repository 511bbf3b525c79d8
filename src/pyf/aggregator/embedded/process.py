"""Servers of this package as child processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ServiceUnreachable
from ..settings import child_environment

READY_PREFIX = "listening on "
"""What a server prints, followed by its address, as soon as it answers."""
STOP_TIMEOUT_S = 10.0
"""Seconds that a server gets to end by itself before it is killed."""


class ServerProcess:
    """A module run as ``python -m``; use as a context manager. ``url`` is where it listens.

    ``folder`` is its working directory, this process's one where none is named.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        command = [sys.executable, "-m", module, *arguments]
        variables = child_environment(environment or {})
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=variables, cwd=folder
        )
        try:
            self.url = self._wait_until_ready(module)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def stop(self) -> None:
        """Ask the server to end, and see that it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_ready(self, module: str) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith(READY_PREFIX):
            status = self.process.wait(STOP_TIMEOUT_S)
            raise ServiceUnreachable(module, f"it ended at its start with status {status}")
        return line.removeprefix(READY_PREFIX).strip()
