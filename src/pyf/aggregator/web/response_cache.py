"""Answers that are kept until the next load, ready to be sent again byte for byte.

A route says with the header ``Pyf-Keep`` for how many seconds its answer is good, or ``load``
where only a new load changes it. The key holds the load that was shown, so that no answer of an
older one is ever sent, and everything else that makes answers differ: path, query, encoding,
``Accept`` and the theme. Requests with a session are never answered from here.
"""

from __future__ import annotations

import email.utils
import functools
import hashlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEEP = "Pyf-Keep"
"""Internal header; it is taken off before an answer goes out."""
UNTIL_LOAD = "load"
SESSION_COOKIE = "pyf_session"
THEME_COOKIE = "theme"
THEMES = ("light", "dark")
BROWSER_SECONDS = 300
"""How long a browser may show an answer without asking; then it asks with its ETag."""
ENCODINGS = ("br", "zstd", "gzip")

OVERHEAD = 3000
"""Bytes that an answer takes besides its body: its key and headers."""
MOST_COUNTED = 20_000
"""Addresses of which it is counted how often they are asked for."""


class RequestKey(NamedTuple):
    """What makes answers differ besides the load that is shown."""

    host: str
    path: str
    query: str
    encoding: str
    accept: str
    theme: str


Key = tuple[str, RequestKey]
Told = Mapping[bytes, str]
Version = Callable[[], tuple[str, datetime | None]]
K = TypeVar("K")


@dataclass(frozen=True)
class CachedResponse:
    """An answer: status, headers as they go out, body, its ETag, when it is too old."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: bytes
    expires: float

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.body) + OVERHEAD


class ResponseCache:
    """Answers by key, the least recently used dropped when there is no more room."""

    def __init__(self, size: int = 256 * 1024 * 1024) -> None:
        self._kept: OrderedDict[Key, CachedResponse] = OrderedDict()
        self._guard = threading.Lock()
        self._room = size
        self._uses: Counter[RequestKey] = Counter()

    def get(self, key: Key) -> CachedResponse | None:
        """The answer, unless it is too old."""
        with self._guard:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.expires < time.monotonic():
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            self._uses[key[1]] += 1
            return kept

    def put(self, key: Key, kept: CachedResponse) -> None:
        """Keep an answer."""
        with self._guard:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = kept
            self._room -= kept.size
            self._uses[key[1]] += 1
            if len(self._uses) > MOST_COUNTED:
                self._uses = Counter(dict(self._uses.most_common(MOST_COUNTED // 2)))
            while self._room < 0:
                self._drop(next(iter(self._kept)))

    def most_requested(self, most: int) -> list[RequestKey]:
        """What was asked for most, whatever the load; static files are none of it.

        Each time the counts are halved, so that what was popular long ago is forgotten.
        """
        with self._guard:
            listed = self._uses.most_common()
            self._uses = Counter({asked: uses // 2 for asked, uses in listed if uses > 1})
        return [asked for asked, _ in listed if not asked.path.startswith("/static/")][:most]

    def _drop(self, key: Key) -> None:
        self._room += self._kept.pop(key).size


class ResponseCacheMiddleware:
    """The layer before the application; ``version`` names the load that is shown."""

    def __init__(self, app: ASGIApp, version: Version, shelf: ResponseCache) -> None:
        self.app = app
        self.shelf = shelf
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        told = _request_headers(scope)
        load, loaded_at = self._version()
        key = _key(scope, told, load)
        kept = self.shelf.get(key) if key else None
        if kept is None:
            kept = await self._ask(scope, receive, send, loaded_at)
            if kept is None:
                return
            if key and kept.expires > time.monotonic():
                self.shelf.put(key, kept)
        await _send(kept, told, scope["method"], send)

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, loaded_at: datetime | None
    ) -> CachedResponse | None:
        """Let the application answer; one that may be kept is gathered instead of sent."""
        gathered = _ResponseCollector(send)
        # An answer to HEAD has no body to keep; one encoding asked for leaves no other to choose.
        asked = {**scope, "method": "GET", "headers": _one_encoding(scope)}
        await self.app(asked, receive, gathered)
        return gathered.to_cached(loaded_at)


class _ResponseCollector:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._keep: str | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._keep = Headers(raw=message["headers"]).get(KEEP)
            if self._keep is not None:
                self._start = message
                return
        if self._start is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))

    def to_cached(self, loaded_at: datetime | None) -> CachedResponse | None:
        if self._start is None:
            return None
        body = b"".join(self._body)
        seconds = 24 * 3600.0 if self._keep == UNTIL_LOAD else float(self._keep or 0)
        etag = b'W/"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
        out = [
            (name, value)
            for name, value in self._start["headers"]
            if name.lower() not in (KEEP.lower().encode(), b"content-length")
        ]
        names = {name.lower() for name, _ in out}
        out += [(b"content-length", str(len(body)).encode()), (b"etag", etag)]
        if b"cache-control" not in names:
            age = int(min(seconds, BROWSER_SECONDS))
            out.append((b"cache-control", f"public, max-age={age}".encode()))
        if self._keep == UNTIL_LOAD and loaded_at is not None:
            moment = email.utils.format_datetime(loaded_at, usegmt=True)
            out.append((b"last-modified", moment.encode()))
        return CachedResponse(self._start["status"], out, body, etag, time.monotonic() + seconds)


def _request_headers(scope: Scope) -> Told:
    """The headers of a request by name; one that is repeated has all its values."""
    # Starlette's view of them looks through the whole list for each name.
    told: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        told[name] = f"{told[name]}, {text}" if name in told else text
    return told


def _key(scope: Scope, told: Told, load: str) -> Key | None:
    cookie = told.get(b"cookie", "")
    if SESSION_COOKIE in cookie or b"authorization" in told:
        return None
    asked = RequestKey(
        told.get(b"host", ""),
        scope["path"],
        scope["query_string"].decode("latin-1"),
        _encoding(told.get(b"accept-encoding", "")),
        _format(told.get(b"accept", "")),
        next((name for name in THEMES if f"{THEME_COOKIE}={name}" in cookie), "") if cookie else "",
    )
    return load, asked


@functools.lru_cache(512)
def _format(accepted: str) -> str:
    """What makes answers differ of an ``Accept``, of which every browser has its own."""
    known = ("text/csv", "jsonl", "ndjson", "text/html")
    found = ",".join(each for each in known if each in accepted)
    return found or ("*/*" if accepted else "")


@functools.lru_cache(512)
def _encoding(accepted: str) -> str:
    """The first of the encodings that the browser can read."""
    refused = {
        part.partition(";")[0].strip()
        for part in accepted.split(",")
        if part.replace(" ", "").endswith((";q=0", ";q=0.0"))
    }
    named = {part.partition(";")[0].strip() for part in accepted.split(",")} - refused
    return next((name for name in ENCODINGS if name in named), "identity")


def _one_encoding(scope: Scope) -> list[tuple[bytes, bytes]]:
    accepted = _request_headers(scope).get(b"accept-encoding", "")
    others = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return [*others, (b"accept-encoding", _encoding(accepted).encode())]


async def _send(kept: CachedResponse, told: Told, method: str, send: Send) -> None:
    if kept.status == 200 and _not_modified(kept, told):
        names = (b"etag", b"cache-control", b"last-modified", b"vary", b"access-control")
        short = [pair for pair in kept.headers if pair[0].lower().startswith(names)]
        await send({"type": "http.response.start", "status": 304, "headers": short})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": kept.status, "headers": kept.headers})
    body = b"" if method == "HEAD" else kept.body
    await send({"type": "http.response.body", "body": body})


def _not_modified(kept: CachedResponse, told: Told) -> bool:
    known = told.get(b"if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in tags or kept.etag.decode().removeprefix("W/") in tags
    since = told.get(b"if-modified-since")
    if since is None:
        return False
    changed = next((v.decode() for n, v in kept.headers if n == b"last-modified"), None)
    return since == changed
