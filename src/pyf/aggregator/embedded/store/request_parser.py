"""A request taken apart: statement, parameters, settings, and the data of an INSERT in a file."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import IO

from starlette.requests import Request

from .compression import content_decoder
from .errors import ServerError
from .statement import InsertStatement, SqlStatement, parse_insert

INSERT_HEAD_BYTES = 64 * 1024
"""Bytes of a body within which the head of an INSERT is expected."""
MAX_STATEMENT_BYTES = 64 * 1024 * 1024
"""Bytes of a statement that is held in memory."""
PARAM_PREFIX = "param_"

IGNORED = frozenset(
    {
        *("query", "database", "user", "password", "default_format", "query_id", "quota_key"),
        *("session_id", "session_timeout", "session_check", "buffer_size", "wait_end_of_query"),
        *("client_protocol_version", "role", "log_comment", "decompress", "compress"),
        *("enable_http_compression", "send_progress_in_http_headers", "stacktrace"),
        *("http_headers_progress_interval_ms", "cancel_http_readonly_queries_on_client_close"),
    }
)
"""Parameters of the address that are no settings of the engine, or mean nothing here."""


@dataclass
class ParsedRequest:
    """What is asked. ``data`` is the path of the data of ``insert``, to be removed when done."""

    statement: SqlStatement
    insert: InsertStatement | None = None
    data: Path | None = None
    params: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    database: str = ""
    format: str = "TabSeparated"
    query_id: str = ""

    def remove(self) -> None:
        """Remove the data."""
        if self.data is not None:
            self.data.unlink(missing_ok=True)


async def parse_request(request: Request, spool: Path) -> ParsedRequest:
    """Read a request; data go to a file in ``spool`` as they come. Refuses what is broken."""
    query = dict(request.query_params)
    if query.get("compress") == "1" or query.get("decompress") == "1":
        raise ServerError(48, "NOT_IMPLEMENTED", "compression of ClickHouse's own is not here")
    pieces = _decode_body(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        query |= await _form(request, pieces)
        pieces = _empty_body()
    body = _BodySpool(spool)
    try:
        if text := query.get("query", ""):
            body.take(text.encode() + b"\n")
        async for piece in pieces:
            body.take(piece)
        return _build_request(body.finish(), query, request.headers)
    except BaseException:
        body.remove()
        raise


def _build_request(
    found: tuple[SqlStatement, InsertStatement | None, Path | None],
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> ParsedRequest:
    return ParsedRequest(
        *found,
        params={
            k.removeprefix(PARAM_PREFIX): v for k, v in query.items() if k.startswith(PARAM_PREFIX)
        },
        settings={
            k: v for k, v in query.items() if k not in IGNORED and not k.startswith(PARAM_PREFIX)
        },
        database=query.get("database") or headers.get("x-clickhouse-database", ""),
        format=query.get("default_format") or headers.get("x-clickhouse-format", "TabSeparated"),
        query_id=query.get("query_id") or str(uuid.uuid4()),
    )


class _BodySpool:
    """Keeps what comes in memory until it is known to be data, and then in a file."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._head = bytearray()
        self._insert: InsertStatement | None = None
        self._file: IO[bytes] | None = None
        self._looked = False

    def take(self, piece: bytes) -> None:
        if self._file is not None:
            self._file.write(piece)
            return
        self._head += piece
        if len(self._head) >= INSERT_HEAD_BYTES and not self._looked:
            self._looked = True
            self._detect_insert()
        elif len(self._head) > MAX_STATEMENT_BYTES:
            raise ServerError(
                307, "TOO_MANY_BYTES", f"a statement is longer than {MAX_STATEMENT_BYTES} bytes"
            )

    def finish(self) -> tuple[SqlStatement, InsertStatement | None, Path | None]:
        if self._file is None:
            self._detect_insert()
        if self._file is None:
            return SqlStatement(bytes(self._head)), None, None
        self._file.close()
        return SqlStatement(bytes(self._head)), self._insert, Path(self._file.name)

    def remove(self) -> None:
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)

    def _detect_insert(self) -> None:
        self._insert = parse_insert(bytes(self._head))
        if self._insert is None:
            return
        descriptor, path = tempfile.mkstemp(dir=self._spool, suffix=".data")
        os.close(descriptor)
        self._file = Path(path).open("wb")  # noqa: SIM115 - closed when all is there
        self._file.write(self._head[self._insert.data_offset :])
        del self._head[self._insert.data_offset :]


async def _decode_body(request: Request) -> AsyncIterator[bytes]:
    coding = content_decoder(request.headers.get("content-encoding", "").strip().lower())
    async for piece in request.stream():
        yield coding.feed(piece)
    coding.finish()


async def _form(request: Request, pieces: AsyncIterator[bytes]) -> dict[str, str]:
    """The fields of a form; its files would be tables of their own, which are not here."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > MAX_STATEMENT_BYTES:
            raise ServerError(
                307, "TOO_MANY_BYTES", f"a form is longer than {MAX_STATEMENT_BYTES} bytes"
            )
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    fields = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        if part.get_filename() is not None:
            raise ServerError(48, "NOT_IMPLEMENTED", "external tables are not here")
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        fields[str(name)] = content.decode() if isinstance(content, bytes) else ""
    return fields


async def _empty_body() -> AsyncIterator[bytes]:
    for piece in tuple[bytes, ...]():
        yield piece
