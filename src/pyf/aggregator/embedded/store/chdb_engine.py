"""chDB as an engine for many requests at once: a connection for each, in threads of the caller."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError
from .errors import EngineError, ServerError
from .statement import sql_literal

MAX_IDLE_CONNECTIONS = 32
"""Connections kept for the next requests."""
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
CHDB_MISSING = (
    "chdb is not installed, which a local statistics store needs: "
    "pip install 'pyf.aggregator[local]'"
)


@dataclass(frozen=True)
class EngineSession:
    """What a request asks for beside its statement, as the engine keeps it for a connection."""

    database: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    readonly: int = 0


@dataclass
class EngineConnection:
    """A connection of the engine. ``tag`` is what its queries are cancelled by."""

    handle: Any
    tag: str
    is_clean: bool = True


@dataclass
class EngineQuery:
    """A statement of a request; ``connection`` is set while it runs."""

    session: EngineSession
    sql: bytes
    format: str
    params: Mapping[str, str] = field(default_factory=dict)
    changes_session: bool = False
    connection: EngineConnection | None = None


@dataclass(frozen=True)
class StatementResult:
    """An answer that is small enough to be held, and what it took."""

    body: bytes
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class ChdbEngine:
    """The engine over one folder; a process can have only one of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._chdb = _chdb()
        # The engine lives as long as a connection does, and starts slowly.
        self._keeper = self._chdb.connect(self._folder)
        self._lock = threading.Lock()
        self._idle: dict[EngineSession, list[EngineConnection]] = {}
        self.version = self._execute("SELECT version()")
        names = self._execute("SELECT groupArray(lower(name)) FROM system.table_functions")
        self.table_functions = frozenset(re.findall(r"\w+", names))

    def close(self) -> None:
        """End what runs, and the engine with it."""
        self._keeper.query("KILL QUERY WHERE Settings['log_comment'] != '' SYNC", "TSV")
        for connection in (each for idle in self._idle.values() for each in idle):
            connection.handle.close()
        self._keeper.close()

    def run(self, query: EngineQuery) -> StatementResult:
        """Run a statement to its end."""
        with self._connection(query) as handle, _engine_errors():
            result = handle.query(_text(query.sql), query.format, params=dict(query.params))
            return StatementResult(
                result.bytes() or b"",
                result.storage_rows_read(),
                result.storage_bytes_read(),
                result.rows_written(),
                result.bytes_written(),
            )

    def stream(self, query: EngineQuery) -> Iterator[bytes]:
        """The answer in the pieces in which the engine finishes it."""
        with self._connection(query) as handle:
            with _engine_errors():
                found = handle.send_query(_text(query.sql), query.format, params=dict(query.params))
            try:
                while True:
                    with _engine_errors():
                        piece = next(found, None)
                    if piece is None:
                        return
                    if content := piece.bytes():
                        yield content
            finally:
                found.close()

    def cancel(self, query: EngineQuery) -> None:
        """End a query; nothing happens where it does not run."""
        if connection := query.connection:
            connection.is_clean = False
            with self._chdb.connect(self._folder) as handle:
                tag = sql_literal(connection.tag)
                handle.query(f"KILL QUERY WHERE Settings['log_comment'] = {tag} ASYNC", "TSV")

    @contextmanager
    def _connection(self, query: EngineQuery) -> Iterator[Any]:
        """A connection of the query's session, a used one if there is; failed ones are closed."""
        with self._lock:
            idle = self._idle.get(query.session)
            connection = idle.pop() if idle else None
        connection = connection or self._open(query.session)
        query.connection = connection
        try:
            yield connection.handle
        except BaseException:
            connection.is_clean = False
            raise
        finally:
            query.connection = None
            if not (
                connection.is_clean
                and not query.changes_session
                and self._keep_connection(query, connection)
            ):
                connection.handle.close()

    def _keep_connection(self, query: EngineQuery, connection: EngineConnection) -> bool:
        """Keep a connection for the next request of its kind, where there is room."""
        with self._lock:
            if sum(map(len, self._idle.values())) >= MAX_IDLE_CONNECTIONS:
                return False
            self._idle.setdefault(query.session, []).append(connection)
        return True

    def _open(self, session: EngineSession) -> EngineConnection:
        handle, tag = self._chdb.connect(self._folder), uuid.uuid4().hex
        try:
            with _engine_errors():
                _prepare(handle, session, tag)
        except BaseException:
            handle.close()
            raise
        return EngineConnection(handle, tag)

    def _execute(self, sql: str) -> str:
        return bytes(self._keeper.query(sql, "TSVRaw").bytes()).decode().strip()


def _prepare(handle: Any, session: EngineSession, tag: str) -> None:
    own = {"log_comment": tag, "session_timezone": "UTC"}
    if session.readonly:
        own["readonly"] = str(session.readonly)
    use = f"USE {_name(session.database)}; " if session.database else ""
    handle.query(f"{use}SET {_pairs(own)}", "TSV")
    if session.settings:
        handle.query(f"SET {_pairs(dict(session.settings))}", "TSV")


@contextmanager
def _engine_errors() -> Iterator[None]:
    """Give what the engine says its form; it raises RuntimeError or a class without a base."""
    try:
        yield
    except (ServerError, OSError, GeneratorExit):
        raise
    except Exception as error:
        raise EngineError(str(error)) from error


def _pairs(settings: Mapping[str, str]) -> str:
    for name in settings:
        if not _SETTING.fullmatch(name):
            raise ServerError(115, "UNKNOWN_SETTING", f"Setting {name} is neither a builtin one")
    return ", ".join(f"{name} = {sql_literal(value)}" for name, value in settings.items())


def _name(text: str) -> str:
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError:
        raise ServerError(62, "SYNTAX_ERROR", "the statement is not UTF-8 text") from None


def _chdb() -> Any:
    try:
        import chdb
    except ImportError:
        raise UsageError(CHDB_MISSING) from None
    return chdb
