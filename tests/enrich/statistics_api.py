"""A statistics API of the usual shape over a real socket, with the figures that a test gives."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Rows = Mapping[tuple[str, str], list[tuple[str, date, int]]]
"""Category, day and downloads by package and dimension."""


class StatisticsApi:
    """``asked`` counts requests by path; the first ``refuse`` of them get a 429."""

    def __init__(self, rows: Rows, refuse: int = 0) -> None:
        self.rows = dict(rows)
        self.refuse = refuse
        self.asked: Counter[str] = Counter()
        self.url = ""

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        self.asked[path] += 1
        if self.refuse > 0:
            self.refuse -= 1
            return 429, b"<html>Too Many Requests</html>", {"Retry-After": "0.01"}
        *_, package, dimension = path.split("/")
        rows = self.rows.get((package, dimension), [])
        if not rows and dimension in ("overall", "recent"):
            return 404, b"<html>404</html>", {}
        data = [{"category": c, "date": d.isoformat(), "downloads": n} for c, d, n in rows]
        body = {"data": data, "package": package, "type": f"{dimension}_downloads"}
        return 200, json.dumps(body).encode(), {}


@contextmanager
def statistics_api(rows: Rows, refuse: int = 0) -> Iterator[StatisticsApi]:
    """Run it on a free port."""
    api = StatisticsApi(rows, refuse)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = api.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
