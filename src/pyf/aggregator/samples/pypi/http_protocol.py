"""HTTP/1.1 on a connection: parsing with httptools, answering in the order of arrival.

Written by hand rather than on a web framework for two reasons: a benchmark measures clients
against it, so it has to cost little, and broken answers need the bare connection.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qsl, unquote

import httptools

from .faults import Fault
from .http_messages import SampleRequest, SampleResponse
from .service import CONTROL, SampleService

_MAX_BODY_BYTES = 8 * 1024 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)
_BODILESS = (204, 304)
_REFUSALS = (Fault.OUTAGE, Fault.TOO_MANY, Fault.UNAVAILABLE)


class _Date:
    """The Date header, written once a second."""

    def __init__(self) -> None:
        self._second, self._line = 0, b""

    def line(self) -> bytes:
        if (now := int(time.time())) != self._second:
            self._second = now
            self._line = f"\r\nDate: {formatdate(now, usegmt=True)}".encode()
        return self._line


_DATE = _Date()


class HttpConnection(asyncio.Protocol):
    """One client connection; ``open_ones`` holds those that are open."""

    def __init__(self, service: SampleService, open_ones: set[HttpConnection]) -> None:
        self._service = service
        self._open = open_ones
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[SampleRequest, bool]] = deque()
        self._busy = False
        self._transport: asyncio.Transport
        self._task: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()

    # -- connection -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a new connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)
        self._service.stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a closed connection."""
        self._open.discard(self)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._transport.close()
        except httptools.HttpParserError:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # -- parser callbacks -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._received = 0

    def on_url(self, url: bytes) -> None:
        """Collect the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body, up to a limit."""
        self._received += len(body)
        if self._received > _MAX_BODY_BYTES:
            self._transport.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            self._transport.close()
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Queue the request, and begin with it when no other is under way."""
        path, _, query = self._url.decode("latin-1").partition("?")
        request = SampleRequest(
            method=self._parser.get_method().decode("ascii"),
            path=unquote(path) if "%" in path else path,
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            headers=self._headers,
            body=b"".join(self._body),
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        if not self._busy:
            self._advance()

    # -- answering --------------------------------------------------------------------------

    def _advance(self) -> None:
        while self._waiting and not self._busy:
            request, keep = self._waiting.popleft()
            self._busy = True
            if request.path.startswith(CONTROL):
                self._send(request, self._service.control(request), keep)
            else:
                self._begin(request, keep)

    def _begin(self, request: SampleRequest, keep: bool) -> None:
        stats = self._service.stats
        stats.begin(request.headers.get("user-agent", ""))
        stats.requests[self._service.kind_of(request)] += 1
        fate = self._service.fates.next_decision(request.path)
        if fate.delay > 0:
            self._loop.call_later(fate.delay, self._answer_late, request, keep, fate.fault)
        else:
            self._answer(request, keep, fate.fault)

    def _answer_late(self, request: SampleRequest, keep: bool, fault: Fault | None) -> None:
        self._answer(request, keep, fault)
        self._advance()

    def _answer(self, request: SampleRequest, keep: bool, fault: Fault | None) -> None:
        if fault in _REFUSALS:
            self._finish(request, keep, fault, self._service.refusal(request, fault))
            return
        answer = self._service.answer(request)
        if isinstance(answer, SampleResponse):
            self._finish(request, keep, fault, answer)
        else:
            self._task = asyncio.ensure_future(self._wait(request, keep, fault, answer))

    async def _wait(
        self,
        request: SampleRequest,
        keep: bool,
        fault: Fault | None,
        answer: Awaitable[SampleResponse],
    ) -> None:
        try:
            self._finish(request, keep, fault, await answer)
        except Exception:
            self.abort()  # rather than let the client wait for ever; the loop logs the error
            raise
        self._advance()

    def _finish(
        self, request: SampleRequest, keep: bool, fault: Fault | None, answer: SampleResponse
    ) -> None:
        stats = self._service.stats
        stats.in_flight -= 1
        if self._transport.is_closing():
            return  # the client went away while its answer was on the way
        if fault is not None:
            stats.faults[fault.value] += 1
        if fault is Fault.RESET:
            self._reset()
            return
        if answer.cacheable and _etag_matches(request.headers.get("if-none-match"), answer):
            answer = answer.not_modified
        stats.statuses[str(answer.status)] += 1
        stats.bytes_sent += len(answer.body)
        self._send(request, answer, keep, fault)

    def _send(
        self, request: SampleRequest, answer: SampleResponse, keep: bool, fault: Fault | None = None
    ) -> None:
        body, extra = self._encode_body(request, answer)
        if fault is Fault.MALFORMED:
            body = body[: len(body) // 2]
        length = b"" if answer.status in _BODILESS else b"\r\nContent-Length: %d" % len(body)
        cut = fault is Fault.TRUNCATED and bool(body)
        keep = keep and not cut
        sent = b"" if request.method == "HEAD" else body[: len(body) // 2] if cut else body
        close = b"" if keep else b"\r\nConnection: close"
        parts = (answer.head, extra, _DATE.line(), length, close, b"\r\n\r\n", sent)
        self._transport.write(b"".join(parts))
        self._busy = False
        if not keep:
            self._waiting.clear()
            self._transport.close()

    def _encode_body(self, request: SampleRequest, answer: SampleResponse) -> tuple[bytes, bytes]:
        """Return the body and the header line that goes with its encoding."""
        if len(answer.body) < self._service.gzip_from:
            return answer.body, b""
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return answer.body, b""
        return answer.gzip_body, b"\r\nContent-Encoding: gzip"

    def _reset(self) -> None:
        """Close so that the client sees a reset instead of an orderly end."""
        self._waiting.clear()
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()


def _etag_matches(given: str | None, answer: SampleResponse) -> bool:
    if not given:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in given.split(",")]
    return "*" in tags or answer.etag in tags
