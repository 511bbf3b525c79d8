"""A proxy before the store that does something when a certain statement comes by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import requests


@dataclass
class Trap:
    """``spring`` is called when a statement with ``text`` comes: before or after it is sent.

    Whoever asks gets no answer then; with ``is_for_good`` to nothing that comes later either.
    """

    text: str
    is_before: bool
    spring: Callable[[], object] = lambda: None
    is_for_good: bool = False
    is_sprung: bool = False

    def catches(self, statement: str) -> bool:
        """Whether this is the statement it waits for."""
        if self.is_sprung:
            return self.is_for_good
        return self.text in statement


@contextmanager
def proxied(target: str, trap: Trap) -> Iterator[str]:
    """Run a proxy before ``target``; gives its ``host:port``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self._body()
            statement = unquote_plus(self.path) + body[:4000].decode("utf-8", "replace")
            caught = trap.catches(statement)
            if caught and trap.is_before:
                return self._spring()
            headers = {k: v for k, v in self.headers.items() if k.lower() not in DROPPED}
            answer = requests.request(
                self.command, target + self.path, data=body, headers=headers, timeout=60
            )
            if caught:
                return self._spring()
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in DROPPED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            return None

        do_GET = do_POST  # noqa: N815

        def _spring(self) -> None:
            trap.is_sprung = True
            trap.spring()
            self.close_connection = True

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


DROPPED = {"connection", "content-length", "content-encoding", "host", "transfer-encoding", "date"}
