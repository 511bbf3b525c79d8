"""The store as Parquet files, one for each table and partition, and back again.

A manifest is written last and names every file: a folder without one holds no backup. What is
restored is noted in the store itself, so that a restore that was cut short goes on where it
stopped, and one file that was half in is taken out and put in again.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from ..errors import NotFound, ServiceRefused, UsageError
from .client import Store
from .migrations import MIGRATIONS_TABLE, all_migrations
from .migrations.m006_daily import DAILY_VIEW
from .migrator import schema_state
from .overview import table_names
from .schema import Column, Table, quote_identifier
from .snapshot import Snapshot

MANIFEST = "manifest.json"
UNFINISHED_MARKER = "backup.begun"
"""A file in a folder into which a backup is being written, or was when it was interrupted."""
RESTORING = Table(
    "restoring",
    (Column("backup", "String"), Column("file", "String")),
    order_by=("file",),
)
"""Which files of which backup are in; it is there only while a restore is not done."""
DOWNLOADS = "downloads"
FED_TABLES = (DAILY_VIEW.name, DAILY_VIEW.target)
"""They are made of the downloads, as those are inserted."""
BackupProgress = Callable[[str, int], None]
"""Called with the name of each file when it is done, and its rows."""


@dataclass(frozen=True)
class StoreBackupFile:
    """A file of a backup: the rows of one partition of a table."""

    name: str
    table: str
    partition: str
    rows: int


@dataclass(frozen=True)
class StoreBackupManifest:
    """What a backup holds. ``migrations`` are the numbers of the schema it was made of."""

    id: str
    migrations: tuple[int, ...]
    files: tuple[StoreBackupFile, ...]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(file.rows for file in self.files)


def backup(
    store: Store, folder: Path, report: BackupProgress, *, force: bool = False
) -> StoreBackupManifest:
    """Write a store into a folder; one that holds a backup is overwritten with ``force`` only.

    Of the downloads, the rows of the loads published at the beginning are taken. After an
    interruption, months of them that are there as a whole are not written again as long as the
    same loads are published. Raises ``UsageError`` for a folder that cannot be taken.
    """
    snapshot, made = store.snapshot(), tuple(sorted(schema_state(store).applied))
    # Loads come first: what is published later is then in neither of the files.
    tables = sorted(set(table_names(store)) - {MIGRATIONS_TABLE.name, RESTORING.name, *FED_TABLES})
    goes_on = _prepare(folder, orjson.dumps([snapshot.id, made]), force, tables)
    files = []
    for table in sorted(tables, key=lambda name: name != "loads"):
        for file in _write(store, table, folder, snapshot, goes_on):
            report(file.name, file.rows)
            files.append(file)
    done = StoreBackupManifest(secrets.token_hex(8), made, tuple(files))
    _finish(folder, done, tables)
    return done


def _prepare(folder: Path, mark: bytes, force: bool, tables: Sequence[str]) -> bool:
    """Make room for a backup; return whether it goes on with one that was interrupted.

    ``mark`` says of what state of the store it is.
    """
    manifest, begun = folder / MANIFEST, folder / UNFINISHED_MARKER
    if manifest.exists() and not force:
        raise UsageError(f"{folder} holds a backup already; --force overwrites it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (manifest.exists() or begun.exists()) and any(folder.glob("*.parquet")):
            raise UsageError(f"{folder} holds Parquet files of no backup; name an empty folder")
        if begun.exists() and begun.read_bytes() == mark:
            return True
        # In this order it can be told at any moment whose the files are.
        begun.write_bytes(b"")
        manifest.unlink(missing_ok=True)
        for old in _files(folder, tables):
            old.unlink()
        begun.write_bytes(mark)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}") from None
    return False


def _files(folder: Path, tables: Sequence[str]) -> list[Path]:
    """The files in a folder that have names as those of a backup."""
    return [path for path in folder.glob("*-*.parquet") if path.name.rpartition("-")[0] in tables]


def _finish(folder: Path, done: StoreBackupManifest, tables: Sequence[str]) -> None:
    """Write the manifest, whole or not at all; then what made it is in nobody's way."""
    draft = folder / f"{MANIFEST}.part"
    draft.write_bytes(orjson.dumps(dataclasses.asdict(done), option=orjson.OPT_INDENT_2))
    named = {file.name for file in done.files}
    for path in _files(folder, tables):
        if path.name not in named:
            path.unlink()
    draft.replace(folder / MANIFEST)
    (folder / UNFINISHED_MARKER).unlink()


def read_manifest(folder: Path) -> StoreBackupManifest:
    """The manifest of a backup; NotFound where there is none, Refused where it cannot be read."""
    try:
        told = orjson.loads((folder / MANIFEST).read_bytes())
        files = tuple(StoreBackupFile(**file) for file in told["files"])
        return StoreBackupManifest(told["id"], tuple(told["migrations"]), files)
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no complete backup: {MANIFEST} is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServiceRefused(f"{folder / MANIFEST} cannot be read: {error}") from None


def restore(
    store: Store, folder: Path, report: BackupProgress, *, force: bool = False
) -> StoreBackupManifest:
    """Bring a backup into a store that is empty; with ``force`` what it holds is removed first.

    Run again after an interruption it goes on with the files that are missing.
    """
    manifest = read_manifest(folder)
    if unknown := set(manifest.migrations) - {migration.number for migration in all_migrations()}:
        numbers = ", ".join(f"{number:03}" for number in sorted(unknown))
        raise UsageError(f"the backup was made by a newer version (migration {numbers})")
    _check_files(folder, manifest)
    store.migrate()
    done = _begin(store, manifest, force)
    for file in manifest.files:
        if file.name not in done:
            _restore_file(store, file, folder)
            store.insert(RESTORING.name, [(manifest.id, file.name)], ("backup", "file"))
            report(file.name, file.rows)
    store.drop(RESTORING.name)
    return manifest


def _write(
    store: Store, table: str, folder: Path, snapshot: Snapshot, goes_on: bool
) -> list[StoreBackupFile]:
    where, params = "1", {"loads": snapshot.load_ids()}
    if table == DOWNLOADS:
        where = "load_id IN {loads:Array(UInt64)}"
    of = f"FROM {quote_identifier(table)} WHERE {where}"
    found = store.query(f"SELECT _partition_id, count() {of} GROUP BY 1 ORDER BY 1", params)
    files = [StoreBackupFile(f"{table}-{part}.parquet", table, part, int(n)) for part, n in found]
    for file in files:
        sql = f"SELECT * {of} AND _partition_id = {{part:String}}"
        path = folder / file.name
        if goes_on and table == DOWNLOADS and _is_complete_file(path, file.rows):
            continue
        store.export(sql, path, {**params, "part": file.partition})
        if (rows := _rows(path)) != file.rows and table == DOWNLOADS:
            raise ServiceRefused(f"{path} has {rows} rows, the store had {file.rows}; run it again")
    return [dataclasses.replace(file, rows=_rows(folder / file.name)) for file in files]


def _check_files(folder: Path, manifest: StoreBackupManifest) -> None:
    """Look at all files before anything is changed."""
    for file in manifest.files:
        path = folder / file.name
        try:
            rows = _rows(path)
        except (OSError, ValueError) as error:
            raise ServiceRefused(f"{path} cannot be read: {error}") from None
        if rows != file.rows:
            raise ServiceRefused(f"{path} has {rows} rows, the manifest says {file.rows}")


def _begin(store: Store, manifest: StoreBackupManifest, force: bool) -> set[str]:
    """See that the store can take the backup; return the files that are in already."""
    if RESTORING.name in store.tables():
        noted = store.query("SELECT backup, file FROM restoring")
        if {backup_id for backup_id, _ in noted} <= {manifest.id}:
            return {name for _, name in noted}
    held = [
        name for name in table_names(store) if name != MIGRATIONS_TABLE.name and _count(store, name)
    ]
    held = [name for name in held if name != RESTORING.name]
    if held and not force:
        raise UsageError(f"{store} is not empty ({', '.join(held)}); --force replaces its rows")
    for name in held:
        store.truncate(name)
    store.drop(RESTORING.name)
    store.create(RESTORING)
    return set()


def _restore_file(store: Store, file: StoreBackupFile, folder: Path) -> None:
    """Put a file in; what an earlier try put in of it is taken out first."""
    try:
        for table in (
            file.table,
            *((DAILY_VIEW.target,) if file.table == DAILY_VIEW.source else ()),
        ):
            store.alter(table, "DROP PARTITION ID {part:String}", {"part": file.partition})
        store.insert_file(file.table, folder / file.name)
    except OSError as error:
        raise ServiceRefused(f"{folder / file.name} cannot be read: {error.strerror}") from None


def _count(store: Store, table: str) -> int:
    ((count,),) = store.query(f"SELECT count() FROM {quote_identifier(table)}")  # noqa: S608
    return int(count)


def _is_complete_file(path: Path, rows: int) -> bool:
    """Whether a file is there as a whole: what tells its rows is written last."""
    try:
        return _rows(path) == rows
    except (OSError, ValueError):
        return False


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)
