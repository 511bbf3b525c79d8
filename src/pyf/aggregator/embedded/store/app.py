"""The store as an application: requests checked, run on threads beside the event loop, answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .chdb_engine import ChdbEngine, EngineQuery, EngineSession, StatementResult
from .compression import Encoder, content_encoder
from .errors import ServerError
from .request_parser import ParsedRequest, parse_request
from .statement import SELECTS, STREAMING_FORMATS, InsertStatement, SqlStatement
from .users import StoreUser, StoreUsers

log = logging.getLogger(__name__)
T = TypeVar("T")

WORKER_THREADS = 24
"""Statements at once; the others wait for their turn."""
MAX_BUFFERED_BYTES = 1024 * 1024
"""Bytes of an answer that are waited for before its head is sent: errors get their status so."""
CHUNK_BYTES = 256 * 1024
MIN_COMPRESSED_BYTES = 4096
"""Bytes below which an answer is not compressed."""
TEXT_TYPE = "text/plain; charset=UTF-8"
METHODS = ["GET", "POST", "HEAD"]


class StoreApplication:
    """Answers requests out of an engine."""

    def __init__(self, engine: ChdbEngine, users: StoreUsers, spool: Path, host: str) -> None:
        self._engine = engine
        self._users = users
        self._spool = spool
        self._host = host
        self._threads = ThreadPoolExecutor(WORKER_THREADS, "store")

    async def __call__(self, request: Request) -> Response:
        path = request.url.path
        if path in ("/ping", "/replicas_status"):
            return Response("Ok.\n", headers=self._headers(), media_type=TEXT_TYPE)
        try:
            if path != "/":
                return Response(f"There is no handle {path}\n", 404, media_type=TEXT_TYPE)
            return await self._answer(request)
        except ServerError as error:
            await _drain(request)
            return self._error_response(error)
        except ClientDisconnect:
            return Response(status_code=499)
        except asyncio.CancelledError:  # the server stops, and the query was ended
            return self._error_response(ServerError(236, "ABORTED", "the server is shutting down"))
        except OSError as error:
            log.exception("%s failed", path)
            await _drain(request)
            what = f"Cannot keep the data: {error.strerror}"
            return self._error_response(ServerError(243, "NOT_ENOUGH_SPACE", what))

    def close(self) -> None:
        """Let nothing run any more."""
        self._engine.close()
        self._threads.shutdown(cancel_futures=True)

    async def _answer(self, request: Request) -> Response:
        user = self._users.authenticate(request.headers, request.query_params)
        incoming = await parse_request(request, self._spool)
        try:
            session = self._session(incoming, user, request.method)
            if incoming.insert is not None:
                return await self._insert(incoming, incoming.insert, session)
        finally:
            incoming.remove()
        if not incoming.statement.tokens:
            if request.method == "POST":
                raise ServerError(62, "SYNTAX_ERROR", "Syntax error: Empty query")
            return Response("Ok.\n", headers=self._headers(), media_type=TEXT_TYPE)
        return await self._statement(request, incoming, session)

    def _session(self, incoming: ParsedRequest, user: StoreUser, method: str) -> EngineSession:
        """Check what a user may ask; give the session in which it is asked."""
        incoming.statement.check()
        settings = dict(incoming.settings)
        readonly = 0 if method == "POST" else 2
        if user.is_reader:
            readonly = 1
            incoming.statement.check_reader(self._engine.table_functions, incoming.params)
        elif readonly and "readonly" in settings:
            readonly = int(settings.pop("readonly") == "1") or readonly
        return EngineSession(incoming.database, tuple(sorted(settings.items())), readonly)

    async def _insert(
        self, incoming: ParsedRequest, insert: InsertStatement, session: EngineSession
    ) -> Response:
        query = EngineQuery(session, insert.from_file(str(incoming.data)), incoming.format)
        outcome = await self._run(lambda: self._engine.run(query))
        headers = self._headers(incoming, summary=_summary_header(outcome))
        return Response(b"", headers=headers, media_type=TEXT_TYPE)

    async def _statement(
        self, request: Request, incoming: ParsedRequest, session: EngineSession
    ) -> Response:
        statement, name = incoming.statement, incoming.format
        if statement.format is not None:
            name = statement.format.text.decode()
        query = EngineQuery(session, statement.text, name, incoming.params, not statement.is_read)
        if statement.kind in SELECTS:
            pieces = (
                self._engine.stream(query)
                if name in STREAMING_FORMATS
                else self._through_file(query)
            )
            return await self._stream_response(request, incoming, pieces, query)
        outcome = await self._run(lambda: self._engine.run(query))
        has_result = bool(outcome.body) or statement.is_read
        headers = self._headers(
            incoming, format_=name if has_result else "", summary=_summary_header(outcome)
        )
        return Response(outcome.body, headers=headers, media_type=TEXT_TYPE)

    def _through_file(self, query: EngineQuery) -> Iterator[bytes]:
        """An answer whose pieces are no whole by themselves: a file first, of any size."""
        with tempfile.TemporaryDirectory(dir=self._spool) as folder:
            path = Path(folder, "answer")
            query.sql = SqlStatement(query.sql).with_outfile(str(path), query.format)
            self._engine.run(query)
            with path.open("rb") as answer:
                while piece := answer.read(CHUNK_BYTES):
                    yield piece

    async def _stream_response(
        self, request: Request, incoming: ParsedRequest, pieces: Iterator[bytes], query: EngineQuery
    ) -> Response:
        held, is_whole = await self._run_while_connected(
            request, query, lambda: _buffer_start(pieces)
        )
        coding, compressor = content_encoder(request.headers.get("accept-encoding", ""))
        if is_whole and len(held) < MIN_COMPRESSED_BYTES:
            coding, compressor = "", None
        headers = self._headers(incoming, format_=query.format)
        if coding:
            headers["Content-Encoding"] = coding
        if is_whole:
            body = held if compressor is None else compressor.compress(held) + compressor.flush()
            return Response(body, headers=headers, media_type=TEXT_TYPE)
        headers["X-ClickHouse-Exception-Tag"] = mark = secrets.token_hex(8)
        rest = self._stream_body(query, pieces, held, compressor, mark)
        return StreamingResponse(rest, headers=headers, media_type=TEXT_TYPE)

    async def _stream_body(
        self,
        query: EngineQuery,
        pieces: Iterator[bytes],
        held: bytes,
        compressor: Encoder | None,
        mark: str,
    ) -> AsyncIterator[bytes]:
        """The answer from its beginning; an error in the middle is told and cuts it off."""
        failure: ServerError | None = None
        piece: bytes | None = held
        try:
            while piece is not None:
                yield compressor.compress(piece) if compressor else piece
                try:
                    piece = await self._run(lambda: next(pieces, None))
                except ServerError as error:
                    failure, piece = error, None
            last = _exception_marker(failure, mark) if failure else b""
            yield compressor.compress(last) + compressor.flush() if compressor else last
        except BaseException:
            self._threads.submit(self._cancel_query, pieces, query)
            raise
        if failure:
            raise ResponseAborted(str(failure))

    def _cancel_query(self, pieces: Iterator[bytes], query: EngineQuery) -> None:
        """End a query that nobody waits for."""
        self._engine.cancel(query)
        with contextlib.suppress(ValueError, AttributeError):  # it runs still, and ends by itself
            pieces.close()  # type: ignore[attr-defined]

    async def _run_while_connected(
        self, request: Request, query: EngineQuery, work: Callable[[], T]
    ) -> T:
        """Run something; cancel its query when the client goes away."""
        running = asyncio.ensure_future(self._run(work))
        gone = asyncio.ensure_future(_wait_for_disconnect(request))
        try:
            await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise ClientDisconnect
            return running.result()
        finally:
            gone.cancel()
            if not running.done():
                running.add_done_callback(lambda done: done.cancelled() or done.exception())
                self._threads.submit(self._engine.cancel, query)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _error_response(self, error: ServerError) -> Response:
        body = f"{error}\n" if "(version " in str(error) else f"{error} ({self._version})\n"
        headers = self._headers() | {"X-ClickHouse-Exception-Code": str(error.code)}
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        return Response(body, error.status, headers=headers, media_type=TEXT_TYPE)

    @property
    def _version(self) -> str:
        return f"version {self._engine.version} (chDB)"

    def _headers(
        self, incoming: ParsedRequest | None = None, *, format_: str = "", summary: str = ""
    ) -> dict[str, str]:
        headers = {
            "X-ClickHouse-Server-Display-Name": self._host,
            "X-ClickHouse-Timezone": "UTC",
        }
        if incoming is not None:
            headers["X-ClickHouse-Query-Id"] = incoming.query_id
            headers["X-ClickHouse-Summary"] = summary or "{}"
        if format_:
            headers["X-ClickHouse-Format"] = format_
        return headers


class ResponseAborted(Exception):
    """Ends the connection below an answer that cannot be finished."""


def _buffer_start(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The beginning of an answer, and whether that is all of it."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= MAX_BUFFERED_BYTES:
            return bytes(held), False
    return bytes(held), True


def _exception_marker(error: ServerError, mark: str) -> bytes:
    """An error in the middle of an answer, in the form that clients look for."""
    said = str(error).encode()
    return b"\r\n__exception__\r\n%b\r\n%b\n%d %b\r\n__exception__\r\n" % (
        mark.encode(),
        said,
        len(said) + 1,
        mark.encode(),
    )


def _summary_header(outcome: StatementResult) -> str:
    """What a statement took; ClickHouse writes numbers as texts here."""
    counts = {
        "read_rows": outcome.read_rows,
        "read_bytes": outcome.read_bytes,
        "written_rows": outcome.written_rows,
        "written_bytes": outcome.written_bytes,
    }
    return orjson.dumps({name: str(count) for name, count in counts.items()}).decode()


async def _wait_for_disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _drain(request: Request) -> None:
    """Take the rest of a refused request, so that its sender reads the refusal."""
    with contextlib.suppress(ClientDisconnect, RuntimeError):
        async for _ in request.stream():
            pass


def create_app(application: StoreApplication) -> Starlette:
    """The application behind its one address."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        application.close()

    async def endpoint(request: Request) -> Response:
        return await application(request)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=METHODS)], lifespan=lifespan)
