"""The connection to the store: the official client, and errors in the project's words.

Over HTTP one client serves all threads (it keeps no session), as its makers allow. chDB answers one
query at a time for each connection, so there every thread gets one of its own; any number of them
share the engine, of which a process can have only one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import clickhouse_connect
from clickhouse_connect.driver import Client

from ..errors import ServiceUnreachable, UsageError
from . import schema
from .chdb_folder import is_open_elsewhere, make_usable
from .client_errors import ErrorTranslator, QueryFailed
from .location import Location, StoreEmpty
from .migrator import migrate, schema_state
from .schema import LOCAL_SUFFIX, Table, on_cluster, quote_identifier
from .snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
Params = Mapping[str, Any] | None

UNKNOWN_DATABASE, TIMEOUT_EXCEEDED = 81, 159
LOADS = "loads"
"""A table of every store that was filled; other programs may keep theirs in the same database."""
TRANSIENT_CODES = frozenset({202, 203, 209, 210, 242, 279, 319, 425, 999})
"""Codes of what may be gone a moment later: too many queries, network, a keeper that is away."""
RETRY_DELAYS = (0.1, 0.3, 1.0)
"""Seconds between the tries of a read."""
CHUNK_BYTES = 1024 * 1024
CONNECT_TIMEOUT = 10
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Its warnings repeat what the error says that is raised at the same time.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)


class Store:
    """A ClickHouse server, a cluster, or chDB in this process; use as a context manager.

    Values go into statements as ``{name:Type}`` parameters, never as text. Raises
    ``ServiceUnreachable`` where the server is away, ``ServiceRefused`` where it does not take the
    password, and :class:`QueryFailed` where it refuses a statement. Reads are tried again a few
    times.
    """

    def __init__(
        self,
        location: Location,
        *,
        timeout: float = 300.0,
        cluster: str | None = None,
        readonly: bool = False,
        enforce: bool = False,
        called: str = "the store",
    ) -> None:
        """``enforce`` makes the server refuse all but reads, for a user that could do more.

        ``called`` is what errors call it, before its address.
        """
        self.location = location
        self.cluster = cluster
        self.readonly = readonly
        self._timeout = timeout
        self._enforce = enforce or (readonly and location.folder is not None)
        self._own = threading.local()
        self._clients: list[Client] = []
        self._lock = threading.Lock()
        self._has_database = False
        self._name = f"{called} at {location}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections; a later call opens new ones."""
        with self._lock:
            clients, self._clients, self._own = self._clients, [], threading.local()
        for client in clients:
            client.close()

    def check(self) -> None:
        """Raise where the store cannot be worked with; ``StoreEmpty`` where a reader finds none."""
        folder = self.location.folder
        if self.readonly and folder is not None and not folder.exists():
            raise StoreEmpty(str(self))  # the engine would make the folder
        try:
            state, tables = schema_state(self), self.tables()
        except QueryFailed as error:
            if self.readonly and error.code == UNKNOWN_DATABASE:
                raise StoreEmpty(str(self)) from None
            raise
        if self.readonly and not state.applied and LOADS not in tables:
            raise StoreEmpty(str(self))
        if self.readonly and state.missing:
            raise UsageError(f"{self}: its tables are not up to date; run `pyfa store migrate`")

    def migrate(self) -> tuple[str, ...]:
        """Bring the schema up to date; return the names of the migrations that were made."""
        return migrate(self)

    def query(self, sql: str, params: Params = None) -> list[tuple[Any, ...]]:
        """The rows of a SELECT."""
        return self._with_retry(
            lambda c: [tuple(r) for r in c.query(sql, _dict(params)).result_rows]
        )

    def columns(self, sql: str, params: Params = None) -> dict[str, list[Any]]:
        """The result of a SELECT by columns."""

        def read(client: Client) -> dict[str, list[Any]]:
            found = client.query(sql, _dict(params), column_oriented=True)
            if not found.column_names:  # an answer without rows does not name its columns
                only_names = f"SELECT * FROM (\n{sql}\n) LIMIT 0"  # noqa: S608
                return {n: [] for n in client.query(only_names, _dict(params)).column_names}
            return dict(zip(found.column_names, map(list, found.result_columns), strict=True))

        return self._with_retry(read)

    def arrow(self, sql: str, params: Params = None) -> pa.Table:
        """The result of a SELECT as an Arrow table; texts are strings."""
        return self._with_retry(lambda c: c.query_arrow(sql, _dict(params), use_strings=True))

    def stream(self, sql: str, params: Params = None) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT as they come; a failure on the way raises in the middle.

        In chDB its thread can ask nothing else until the rows are read or the iterator is closed.
        """
        found = self._with_retry(lambda c: c.query_rows_stream(sql, _dict(params)))
        with self._translated_errors(), found as rows:
            for row in rows:
                yield tuple(row)

    def command(self, sql: str, params: Params = None) -> Any:
        """Run DDL or DML once; a failure is not tried again."""
        return self._once(lambda c: c.command(sql, _dict(params)))

    def insert(self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> None:
        """Insert rows of Python values; all of them or, below a million rows, none."""
        if rows:
            self._once(lambda c: c.insert(quote_identifier(table), rows, column_names=columns))

    def insert_arrow(self, table: str, data: pa.Table) -> None:
        """Insert an Arrow table whose columns have the names of the table's."""
        if data.num_rows:
            self._once(lambda c: c.insert_arrow(quote_identifier(table), data))

    def insert_file(
        self, table: str, path: Path, columns: Sequence[str] | None = None, format_: str = "Parquet"
    ) -> None:
        """Insert a file as it is, in a format of ClickHouse's; it is streamed, not held."""
        with path.open("rb") as file:
            self._once(
                lambda c: c.raw_insert(
                    quote_identifier(table), columns, file, fmt=format_, compression=None
                )
            )

    def export(self, sql: str, path: Path, params: Params = None, format_: str = "Parquet") -> None:
        """Write the result of a SELECT to a file in a format of ClickHouse's, piece by piece.

        Raises ``UsageError`` where the file cannot be written.
        """

        def write(client: Client) -> None:
            found: Any = client.raw_stream(sql, _dict(params), fmt=format_)
            with _disk_errors(path):
                file = path.open("wb", buffering=0)  # a buffer would fail once more when closed
            with found, file:
                while piece := found.read(CHUNK_BYTES):
                    with _disk_errors(path):
                        _put(file, piece)

        self._with_retry(write)

    def create(self, table: Table) -> None:
        """Make a table where it is not there yet, on all servers of a cluster."""
        for statement in table.create(self.cluster):
            self.command(statement)

    def drop(self, table: str) -> None:
        """Remove a table where it is there."""
        for statement in schema.drop(table, self.cluster):
            self.command(statement)

    def truncate(self, table: str) -> None:
        """Remove all rows of a table."""
        self.command(
            f"TRUNCATE TABLE {quote_identifier(self.parts_table(table))}"
            f"{on_cluster(self.cluster)} SYNC"
        )

    def alter(self, table: str, action: str, params: Params = None) -> None:
        """ALTER the table that holds the parts: ``DROP PARTITION {p:UInt32}``, and so on."""
        where = quote_identifier(self.parts_table(table)) + on_cluster(self.cluster)
        self.command(f"ALTER TABLE {where} {action}", params)

    def parts_table(self, table: str) -> str:
        """The name of the table that holds the parts of ``table``, for partitions to be moved."""
        return table + LOCAL_SUFFIX if self.cluster else table

    def tables(self) -> set[str]:
        """The names of all tables and views of the database."""
        return {name for (name,) in self.query("SHOW TABLES")}

    def snapshot(self) -> Snapshot:
        """The published loads at this moment."""
        return take_snapshot(self.query)

    def _with_retry(self, action: Callable[[Client], T]) -> T:
        for pause in RETRY_DELAYS:
            try:
                return self._once(action)
            except ServiceUnreachable:
                if not self._clients:
                    raise  # it never answered: whoever waits is told at once
            except QueryFailed as error:
                if error.code not in TRANSIENT_CODES:
                    raise
            time.sleep(pause)
        return self._once(action)

    def _once(self, action: Callable[[Client], T]) -> T:
        with self._translated_errors():
            return action(self._client())

    def _client(self) -> Client:
        if self.location.folder is not None:
            if not hasattr(self._own, "client"):
                self._own.client = self._connect()
            client: Client = self._own.client
            return client
        with self._lock:
            if self._clients:
                return self._clients[0]
        return self._connect()

    def _connect(self) -> Client:
        if not (self._has_database or self.readonly):
            self._make_database()
        client = self._open(self.location.database)
        with self._lock:
            self._clients.append(client)
        return client

    def _make_database(self) -> None:
        client = self._open(None)
        name = quote_identifier(self.location.database)
        try:
            client.command(f"CREATE DATABASE IF NOT EXISTS {name}{on_cluster(self.cluster)}")
        finally:
            client.close()
        self._has_database = True

    def _open(self, database: str | None) -> Client:
        where = self.location
        settings: dict[str, Any] = {"readonly": 1} if self._enforce else {}
        if where.folder is not None:
            return _open_folder(where.folder, database, settings)
        client = clickhouse_connect.get_client(
            interface=where.interface,
            host=where.host,
            port=where.port,
            username=where.user,
            password=where.password,
            database=database or "__default__",
            settings=settings,
            proxy_path=where.path,
            connect_timeout=CONNECT_TIMEOUT,
            send_receive_timeout=self._timeout,
            autogenerate_session_id=False,
            query_retries=0,
            show_clickhouse_errors="scrub",
            # On one machine packing costs more than it saves.
            compress=where.host not in LOOPBACK,
        )
        self._configure(client)
        return client

    def _configure(self, client: Client) -> None:
        """Set what the server lets this user set."""
        wanted = {"max_execution_time": int(self._timeout) or 1}
        if self.cluster:
            # What was inserted is on its shards when the statement returns.
            wanted["distributed_foreground_insert"] = 1
        for name, value in wanted.items():
            known = client.server_settings.get(name)
            if known is not None and known.readonly == 0 and not self._enforce:
                client.set_client_setting(name, value)

    def _translated_errors(self) -> ErrorTranslator:
        return ErrorTranslator(str(self))

    def __str__(self) -> str:
        return self._name


def _open_folder(folder: Path, database: str | None, settings: dict[str, Any]) -> Client:
    if is_open_elsewhere(folder):
        raise UsageError(f"the store in {folder} is open in another process")
    make_usable(folder)
    try:
        return clickhouse_connect.get_client(
            interface="chdb",
            path=str(folder),
            database=database,
            settings=settings,
            show_clickhouse_errors="scrub",
        )
    except ImportError:
        raise UsageError(
            "chdb is not installed, which chdb:///folder needs: pip install 'pyf.aggregator[local]'"
        ) from None


def _put(file: FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """A disk that is full is not a store that is away."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _dict(params: Params) -> dict[str, Any] | None:
    return dict(params) if params else None
