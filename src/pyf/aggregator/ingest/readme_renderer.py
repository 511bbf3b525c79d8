"""READMEs rendered beside the work: in processes of their own, which can be ended.

Rendering is the one thing here that burns a processor, and the one that strangers write the input
for. Some processes do it while the loop goes on; one that takes too long is killed, and its README
is shown as text.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import selectors
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import IO, Any

import orjson

from ..documents.field_values import clean_document
from ..documents.readme import plain_readme

DEADLINE = 20.0
"""Seconds that one README may take; the slowest real one takes less than one."""
STARTING = 60.0
"""Seconds that a process may take for its first README beyond that, while it loads modules."""
MAX_PROCESSES = 4
"""Processes at the most; more would render faster than a registry answers."""
_BLOCK = 1 << 16
_ENDED = "rendering it ended the process, which may use 1 GiB of memory"

Fields = dict[str, Any]


class _UnavailableError(Exception):
    """The process gave no answer; the sentence says why."""


class _ProcessExitedError(_UnavailableError):
    """The process ended before it answered."""


class _RendererProcess:
    """One process, used by one thread."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pyf.aggregator.ingest.readme_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for who waits; this one ends with its input
        )
        self._fresh = True

    def ask(self, text: str, content_type: str | None, deadline: float) -> Fields:
        """Return the fields of a README. Raises ``_UnavailableError``; the process has ended
        then.
        """
        until = time.monotonic() + deadline + (STARTING if self._fresh else 0)
        try:
            stdin = _open(self._process.stdin)
            stdin.write(orjson.dumps([text, content_type]) + b"\n")
            stdin.flush()
            line = self._line(until)
        except OSError:
            self.end()
            raise _ProcessExitedError(_ENDED) from None
        except _UnavailableError:
            self.end()
            raise
        self._fresh = False
        return dict(orjson.loads(line))

    def _line(self, until: float) -> bytes:
        stdout = _open(self._process.stdout)
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise _UnavailableError("rendering it takes too long")
                block = os.read(stdout.fileno(), _BLOCK)
                if not block:
                    raise _ProcessExitedError(_ENDED)
                received += block
        return bytes(received)

    def end(self) -> None:
        """Kill the process; there is nothing of it to save."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                _open(stream).close()
            except OSError:  # what was not read yet is of no use to anybody
                continue


class ReadmeRenderer:
    """A few processes that render READMEs; they start with the first one."""

    def __init__(self, processes: int = 0, deadline: float = DEADLINE) -> None:
        self.processes = processes or max(1, min(MAX_PROCESSES, len(os.sched_getaffinity(0))))
        self._deadline = deadline
        self._own = threading.local()
        self._children: set[_RendererProcess] = set()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(self.processes, "readme")

    def submit(self, text: str, content_type: str | None) -> Future[Fields]:
        """Return the fields of a README, later: those with a value, as the documents have them."""
        return self._threads.submit(self._render, text, content_type)

    async def render(self, text: str, content_type: str | None) -> Fields:
        """Return the fields of a README."""
        return await asyncio.wrap_future(self.submit(text, content_type))

    def close(self) -> None:
        """End the processes; what is not begun is not done."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            while self._children:
                self._children.pop().end()

    def _render(self, text: str, content_type: str | None) -> Fields:
        # Halves of surrogate pairs are no text that could be sent.
        sent = text.encode(errors="replace").decode()
        try:
            try:
                fields = self._ask(sent, content_type)
            except (
                _ProcessExitedError
            ):  # perhaps killed for another reason; the README gets a second try
                fields = self._ask(sent, content_type)
        except _UnavailableError as error:
            reason = f"The description is shown as plain text because {error}."
            fields = plain_readme(sent, reason).fields()
        return clean_document(fields, partial=True)[0]

    def _ask(self, text: str, content_type: str | None) -> Fields:
        child = getattr(self._own, "child", None) or self._start()
        try:
            return child.ask(text, content_type, self._deadline)
        except _UnavailableError:
            self._discard(child)
            raise

    def _start(self) -> _RendererProcess:
        child = _RendererProcess()
        self._own.child = child
        with self._lock:
            self._children.add(child)
        return child

    def _discard(self, child: _RendererProcess) -> None:
        self._own.child = None
        with self._lock:
            self._children.discard(child)


def shared_renderer() -> ReadmeRenderer:
    """Return the one of this process; it ends with the process."""
    return _renderer_of_process(os.getpid())


@cache
def _renderer_of_process(_pid: int) -> ReadmeRenderer:
    """A process that was forked needs its own: threads and pipes are not shared."""
    made = ReadmeRenderer()
    atexit.register(made.close)
    return made


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise _UnavailableError("the process that renders it has no pipes")
    return stream
