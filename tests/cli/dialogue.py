"""A command whose standard input and error are a terminal, as somebody types at it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Dialogue:
    """A command under way, and what it said on its terminal so far."""

    process: subprocess.Popen[str]
    terminal: int
    said: str = field(default="")

    def read_until(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.said and time.monotonic() < deadline:
            self.said += os.read(self.terminal, 4096).decode(errors="replace")
        assert words in self.said

    def answer(self, text: str) -> None:
        os.write(self.terminal, text.encode() + b"\n")


@contextmanager
def on_a_terminal(
    folder: Path, environment: Mapping[str, str], *arguments: str
) -> Iterator[Dialogue]:
    """Run ``pyfa`` in a folder; its standard output is a pipe."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pyf.aggregator.cli.main", *arguments],
        env=environment,
        cwd=folder,
        stdin=inner,
        stderr=inner,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(inner)
    try:
        yield Dialogue(process, terminal)
    finally:
        process.kill()
        process.communicate()
        os.close(terminal)
