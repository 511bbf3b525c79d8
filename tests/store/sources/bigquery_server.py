"""BigQuery's REST interface for one query: keeps what it was asked, gives rows in pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIELDS = ("dimension", "package", "category", "downloads")
PAGE = 2


@dataclass
class BigQueryServer:
    """``jobs`` are the configurations asked for; ``size`` is what a dry run tells."""

    rows: list[tuple[str, str, str, int]]
    size: int = 46_000_000_000
    jobs: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0
    tokens: int = 0
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """The answer to one request."""
        parts = urlsplit(path)
        if parts.path == "/token":
            self.tokens += 1
            return {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
        if method == "POST":
            self.jobs.append(json.loads(body))
            return self._job(self.jobs[-1])
        if "/queries/" in parts.path:
            return self._results(parse_qs(parts.query))
        return self._job(self.jobs[-1])

    def _job(self, asked: dict[str, Any]) -> dict[str, Any]:
        reference = asked.get("jobReference") or {"projectId": "p", "jobId": "dry"}
        table = {"projectId": "p", "datasetId": "d", "tableId": "t"}
        configuration = asked["configuration"]
        configuration["query"].setdefault("destinationTable", table)
        return {
            "kind": "bigquery#job",
            "jobReference": {**reference, "location": "US"},
            "configuration": configuration,
            "status": {"state": "DONE"},
            "statistics": {
                "totalBytesProcessed": str(self.size),
                "query": {"totalBytesProcessed": str(self.size), "statementType": "SELECT"},
            },
        }

    def _results(self, query: dict[str, list[str]]) -> dict[str, Any]:
        types = ("STRING", "STRING", "STRING", "INTEGER")
        fields = [{"name": n, "type": t} for n, t in zip(FIELDS, types, strict=True)]
        answer: dict[str, Any] = {
            "jobComplete": True,
            "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
            "schema": {"fields": fields},
            "totalRows": str(len(self.rows)),
        }
        if query.get("maxResults") == ["0"]:
            return answer
        start = int(query.get("pageToken", ["0"])[0])
        self.pages += 1
        chosen = self.rows[start : start + PAGE]
        answer["rows"] = [{"f": [{"v": str(value)} for value in row]} for row in chosen]
        if start + PAGE < len(self.rows):
            answer["pageToken"] = str(start + PAGE)
        return answer


@contextmanager
def serving(server: BigQueryServer) -> Iterator[BigQueryServer]:
    """Run it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            answer = json.dumps(server.answer(self.command, self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.05,))
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
