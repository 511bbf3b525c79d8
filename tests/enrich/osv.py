"""An OSV export: an archive with an ETag, a list of changes, single records."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


def record(id_: str, name: str, *, modified: str = "2026-07-01T00:00:00Z", **more: Any) -> Json:
    """A record that says that a package is affected below 2.0."""
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": more.pop("events", events)}],
    }
    return {
        "id": id_,
        "modified": modified,
        "summary": f"About {name}",
        "affected": [affected],
        **more,
    }


class Export:
    """What is served; ``asked`` counts requests by path, ``damage`` cuts the archive short."""

    def __init__(self) -> None:
        self.records: dict[str, Json | bytes] = {}
        self.asked: Counter[str] = Counter()
        self.damage = False
        self.lists_changes = True
        self.url = ""

    def put(self, *records: Json) -> None:
        """Publish records, or change them."""
        self.records.update((each["id"], each) for each in records)

    def archive(self) -> bytes:
        """All of them in one."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for id_ in sorted(self.records):
                # A fixed time: the same records are the same bytes, and have the same ETag.
                file.writestr(zipfile.ZipInfo(f"{id_}.json"), self.body(id_))
        return packed.getvalue()[: 100 if self.damage else None]

    def changes(self) -> bytes:
        """When each was changed, the newest first."""
        known = [each for each in self.records.values() if isinstance(each, dict)]
        lines = sorted((f"{each['modified']},{each['id']}" for each in known), reverse=True)
        return "".join(f"{line}\n" for line in lines).encode()

    def body(self, id_: str) -> bytes:
        """One record."""
        given = self.records[id_]
        return given if isinstance(given, bytes) else json.dumps(given).encode()

    def answer(self, path: str) -> bytes | None:
        """What stands at an address."""
        self.asked[path] += 1
        name = path.removeprefix("/PyPI/")
        if name == "all.zip":
            return self.archive()
        if name == "modified_id.csv":
            return self.changes() if self.lists_changes else None
        id_ = name.removesuffix(".json")
        return self.body(id_) if id_ in self.records else None


class _Handler(BaseHTTPRequestHandler):
    export: Export

    def do_GET(self) -> None:
        body = self.export.answer(self.path)
        etag = f'"{hashlib.sha256(body or b"").hexdigest()[:16]}"'
        if body is None:
            self.send_error(404)
            return
        same = self.headers.get("If-None-Match") == etag
        self.send_response(304 if same else 200)
        self.send_header("ETag", etag)
        if not same:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not same:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def export() -> Iterator[Export]:
    """Serve an export that is empty at first."""
    served = Export()
    kind = type("Handler", (_Handler,), {"export": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
