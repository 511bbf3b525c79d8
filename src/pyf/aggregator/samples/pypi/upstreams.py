"""Sample upstreams as context managers: in a thread of this process, or in one of their own."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields
from types import TracebackType
from typing import IO, Any, Self, cast

import requests
import uvloop

from ...errors import NotFound, ServiceUnreachable, UsageError
from .control import Control
from .options import Faults, SampleOptions
from .server import RunningServer, open_server
from .service import CONTROL

_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_NAME = "the sample index"


class Upstreams:
    """Serves in a background thread for as long as the context lasts.

    ``options`` are those of ``Options``. ``url`` and ``control`` are there inside the context.

    Raises on entering what ``server.serving`` raises.
    """

    url: str
    control: Control

    def __init__(self, **options: Any) -> None:
        self._options = SampleOptions(**options)
        self._thread = threading.Thread(target=self._serve, name="upstreams", daemon=True)
        self._started: queue.SimpleQueue[RunningServer | BaseException] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event
        self._serving: RunningServer

    def __enter__(self) -> Self:
        self._thread.start()
        started = self._started.get(timeout=_START_SECONDS)
        if isinstance(started, BaseException):
            self._thread.join()
            raise started
        self._serving, self.url = started, started.url
        self.control = Control(self._send)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _serve(self) -> None:
        try:
            uvloop.run(self._until_stopped())
        except BaseException as error:  # handed to the thread that waits for the start
            self._started.put(error)

    async def _until_stopped(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with open_server(self._options) as started:
            self._started.put(started)
            await self._stopped.wait()

    def _send(self, action: str, values: Mapping[str, Any]) -> dict[str, Any]:
        async def act() -> dict[str, Any]:
            return self._serving.service.perform(action, values)

        done = asyncio.run_coroutine_threadsafe(act(), self._loop)
        return done.result(timeout=_ANSWER_SECONDS)


class UpstreamsProcess:
    """Serves in a process of its own for as long as the context lasts.

    So a benchmark shares no interpreter with it. ``options`` are those of ``Options``.

    Raises:
        Unreachable: it did not start; the reason is what it said.
    """

    url: str
    control: Control
    _errors: IO[bytes]

    def __init__(self, **options: Any) -> None:
        given = command_line(SampleOptions(**options))
        self._command = [sys.executable, "-m", __package__ or "", "--until-eof", *given]
        self._process: subprocess.Popen[bytes]
        self._session = requests.Session()

    def __enter__(self) -> Self:
        # Errors go to a file: a full pipe that nobody reads would stop the server.
        self._errors = tempfile.TemporaryFile()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=self._errors
        )
        line = cast("IO[bytes]", self._process.stdout).readline().decode()
        if not line.startswith("listening on "):
            self._end()
            raise ServiceUnreachable(_NAME, self._error_output() or "it ended while starting")
        self.url = line.split()[-1]
        self.control = Control(self._send)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._errors.close()

    def _end(self) -> None:
        self._session.close()
        self._process.terminate()
        self._process.communicate(timeout=_ANSWER_SECONDS)

    def _error_output(self) -> str:
        with self._errors as errors:
            errors.seek(0)
            return errors.read().decode(errors="replace").strip()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def _send(self, action: str, values: Mapping[str, Any]) -> dict[str, Any]:
        address = f"{self.url}{CONTROL}{action}"
        try:
            answer = self._session.post(address, json=values, timeout=_ANSWER_SECONDS)
        except requests.RequestException as error:
            raise ServiceUnreachable(_NAME, str(error)) from error
        result: dict[str, Any] = answer.json()
        if answer.status_code == 404:
            raise NotFound(result["error"])
        if not answer.ok:
            raise UsageError(result["error"])
        return result


def command_line(options: SampleOptions) -> list[str]:
    """Return the command line that gives options to a process."""
    values = {each.name: getattr(options, each.name) for each in fields(options)}
    faults: Faults = values.pop("faults")
    values |= asdict(faults)
    values["fault_seed"], values["seed"] = faults.seed, options.seed
    values["retry_after"] = "none" if faults.retry_after is None else faults.retry_after
    prefixes = values.pop("prefixes")
    found = [f"--prefix={each}" for each in prefixes]
    for name, value in values.items():
        option = "--from" if name == "recorded" else f"--{name.replace('_', '-')}"
        if value is True:
            found.append(option)
        elif value is not None and value is not False:
            found.append(f"{option}={value}")
    return found
