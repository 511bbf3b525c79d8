"""The real server in a process of its own, for tests that talk to it over a socket."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

KEY = "an-admin-key-for-tests"
MODULE = "pyf.aggregator.embedded.search"


@dataclass
class Running:
    """A running server: its process, its address, and requests with the admin key."""

    process: subprocess.Popen[str]
    url: str

    def ask(self, method: str, path: str, key: str | None = KEY, **more: Any) -> requests.Response:
        """One request; ``key`` None sends no key."""
        headers = {"X-TYPESENSE-API-KEY": key} if key else {}
        return requests.request(
            method, self.url + path, headers=headers | more.pop("headers", {}), timeout=60, **more
        )

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, name: str, *fields: dict[str, Any], **more: Any) -> Any:
        """A new collection, in place of one of that name that is there already."""
        self.ask("DELETE", f"/collections/{name}")
        answer = self.ask("POST", "/collections", json={"name": name, "fields": fields, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def load(self, name: str, lines: bytes, **params: Any) -> list[str]:
        """Import lines; the answer's lines."""
        path = f"/collections/{name}/documents/import"
        answer = self.ask("POST", path, data=lines, params=params)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    def search(self, name: str, **params: Any) -> Any:
        return self.get(f"/collections/{name}/documents/search", **params)

    def ids(self, name: str, **params: Any) -> list[str]:
        """The ids of a search's hits."""
        found = self.search(name, per_page=250, **params)
        return [hit["document"]["id"] for hit in found["hits"]]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def start(folder: Path, *arguments: str) -> Running:
    """Start a server on a free port and wait for the line that says it answers."""
    given = ("--port", "0", "--api-key", KEY, "--data-dir", str(folder), *arguments)
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, *given], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return Running(process, line.split()[-1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Running]:
    server = start(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
        if server.process.stdout:
            server.process.stdout.close()
