"""A mirror of a sample PyPI that knows no serials, as JSON or as HTML only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

PASSED_ON = ("Content-Type", "ETag")


class Handler(BaseHTTPRequestHandler):
    upstream = ""
    html = False
    bare = False
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = {"If-None-Match": self.headers.get("If-None-Match", "")}
        asked["Accept"] = "text/html" if self.html else self.headers.get("Accept", "*/*")
        if self.bare and self.path.startswith("/pypi/"):
            self.send_error(404)
            return
        answer = requests.get(self.upstream + self.path, headers=asked, timeout=30)
        body = answer.content
        if self.path == "/simple/" and not self.html:
            listing = answer.json()
            listing["meta"].pop("_last-serial")
            for project in listing["projects"]:
                project.pop("_last-serial")
            body = json.dumps(listing).encode()
        self.send_response(answer.status_code)
        for name in PASSED_ON:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def mirror(upstream: str, *, html: bool = False, bare: bool = False) -> Iterator[str]:
    """Run one, ``bare`` without the JSON API; its address."""
    kind = type("Mirror", (Handler,), {"upstream": upstream, "html": html, "bare": bare})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
