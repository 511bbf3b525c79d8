"""Backups: a folder of JSON lines with a manifest that has the checksum of every file.

The manifest is written last and in one step, so that a folder without one is no backup.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ..errors import AggregatorError, ServiceRefused, UsageError
from . import admin, collections
from .bulk_copy import REPORT_EVERY, ProgressCallback, no_progress
from .client import SearchServer
from .server_contents import ServerContents, ServerSource
from .transfer import TransferResult, transfer

MANIFEST = "manifest.json"
MANIFEST_DRAFT = f"{MANIFEST}.half"
"""There from the beginning of a backup until its manifest is whole."""
FORMAT = 1
CHUNK_BYTES = 1 << 20
DOCUMENTS = "documents-[0-9][0-9][0-9][0-9]*.jsonl"
METADATA_FILES = ("collections", "aliases", "synonyms", "presets", "stopwords", "keys")
"""Files of the backup beside those with documents, without ``.jsonl``."""


@dataclass(frozen=True)
class IndexBackupFile:
    """A file of a backup; ``collection`` for one that holds documents."""

    name: str
    lines: int
    bytes: int
    sha256: str
    collection: str = ""


@dataclass(frozen=True)
class IndexBackupManifest:
    """What a backup consists of."""

    server: str
    made: str
    files: tuple[IndexBackupFile, ...]
    left_out: tuple[str, ...] = ()

    @property
    def documents(self) -> dict[str, int]:
        """The number of documents of each collection."""
        return {file.collection: file.lines for file in self.files if file.collection}


class BackupSource:
    """A backup as a source. Its manifest is read at once, the rest when ``check`` has passed."""

    is_fixed = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.manifest, self.identity = _read_manifest(path)

    def check(self) -> None:
        """Raise ``UsageError`` unless every file is there and has its checksum."""
        for file in self.manifest.files:
            with _reading(self._path / file.name):
                digest = _digest(self._path / file.name)
            if digest != file.sha256:
                raise UsageError(
                    f"{self._path / file.name} is not as the backup wrote it: "
                    "its checksum differs from the manifest's; nothing was changed"
                )

    @cached_property
    def contents(self) -> ServerContents:
        """What the backup holds, apart from the documents."""
        rows = {name: self._rows(name) for name in METADATA_FILES}
        return ServerContents(
            schemas={row["name"]: row for row in rows["collections"]},
            documents=self.manifest.documents,
            aliases={row["name"]: row["collection_name"] for row in rows["aliases"]},
            synonyms={row["collection"]: row["synonyms"] for row in rows["synonyms"]},
            presets={row["name"]: row["value"] for row in rows["presets"]},
            stopwords={row["id"]: row["body"] for row in rows["stopwords"]},
            keys=rows["keys"],
            left_out=self.manifest.left_out,
        )

    def documents(self, collection: str) -> Iterator[bytes]:
        """Yield the documents of a collection, one JSON object a line."""
        (file,) = (file for file in self.manifest.files if file.collection == collection)
        with _reading(self._path / file.name), (self._path / file.name).open("rb") as lines:
            yield from (line.rstrip(b"\n") for line in lines)

    def _rows(self, name: str) -> list[dict[str, Any]]:
        with _reading(self._path / f"{name}.jsonl"):
            text = (self._path / f"{name}.jsonl").read_bytes()
            return [orjson.loads(line) for line in text.splitlines() if line]


def backup(
    server: SearchServer,
    path: Path,
    *,
    only: str | None = None,
    force: bool = False,
    report: ProgressCallback = no_progress,
) -> IndexBackupManifest:
    """Write a server, or ``only`` one collection of it, into a folder; return the manifest.

    A folder with a backup is refused unless ``force`` replaces it. Raises ``ServiceRefused`` when
    collections or aliases of it went or moved meanwhile.
    """
    with _writing(path):
        _prepare(path, force=force)
        live = ServerSource(server, only)
        files = [
            _write(path / f"{name}.jsonl", rows) for name, rows in _metadata_files(live.contents)
        ]
        for number, name in enumerate(live.contents.schemas, 1):
            lines = _with_progress(live, name, report)
            files.append(_write_lines(path / f"documents-{number:04}.jsonl", lines, name))
        _check_unmoved(server, live.contents)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = IndexBackupManifest(server.url, made, tuple(files), live.contents.left_out)
        _write_manifest(path, manifest)
    return manifest


def restore(
    server: SearchServer, path: Path, *, force: bool = False, report: ProgressCallback = no_progress
) -> TransferResult:
    """Bring a backup to a server; checksums come first.

    Raises ``UsageError`` for what is no whole backup, ``ServiceRefused`` when the server holds
    something of these names already; ``force`` replaces it. An interrupted one can be run again.
    """
    folder = BackupSource(path)
    folder.check()
    return transfer(folder, server, force=force, report=report)


def _prepare(path: Path, *, force: bool) -> None:
    path.mkdir(parents=True, exist_ok=True)
    manifest = path / MANIFEST
    if manifest.exists() and not force:
        raise UsageError(f"{path} holds a backup already; name another folder (-f replaces it)")
    names = [f"{name}.jsonl" for name in METADATA_FILES]
    found = [*path.glob(DOCUMENTS), *(path / name for name in names if (path / name).exists())]
    ours = manifest.exists() or (path / MANIFEST_DRAFT).exists()
    if found and not ours and not force:
        raise UsageError(
            f"{path} holds {found[0].name}, which no backup has written; name another folder "
            "(-f replaces it)"
        )
    (path / MANIFEST_DRAFT).touch()
    manifest.unlink(missing_ok=True)
    for left in path.glob(DOCUMENTS):
        left.unlink()


def _metadata_files(contents: ServerContents) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The small files in the order of ``METADATA_FILES``."""
    yield "collections", list(contents.schemas.values())
    yield "aliases", [{"name": n, "collection_name": to} for n, to in contents.aliases.items()]
    yield "synonyms", [{"collection": n, "synonyms": s} for n, s in contents.synonyms.items() if s]
    yield "presets", [{"name": n, "value": value} for n, value in contents.presets.items()]
    yield "stopwords", [{"id": n, "body": body} for n, body in contents.stopwords.items()]
    yield "keys", list(contents.keys)


def _with_progress(live: ServerSource, name: str, report: ProgressCallback) -> Iterator[bytes]:
    total, done = live.contents.documents[name], 0
    for done, line in enumerate(live.documents(name), 1):
        yield line
        if done % REPORT_EVERY == 0:
            report(name, done, total)
    report(name, done, total)


def _check_unmoved(server: SearchServer, before: ServerContents) -> None:
    """A recreation that ended in between would leave an alias without its collection.

    What is new since the start is simply not part of the backup.
    """
    leading = collections.aliases(server)
    gone = set(before.schemas) - set(admin.collection_names(server))
    moved = [alias for alias, target in before.aliases.items() if leading.get(alias) != target]
    if gone or moved:
        raise ServiceRefused(
            f"{', '.join(sorted([*gone, *moved]))} went or moved during the backup; "
            "it has no manifest, run it again"
        )


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> IndexBackupFile:
    return _write_lines(path, (orjson.dumps(row) for row in rows))


def _write_lines(path: Path, lines: Iterable[bytes], collection: str = "") -> IndexBackupFile:
    digest, count, size = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for line in lines:
            ended = line + b"\n"
            file.write(ended)
            digest.update(ended)
            count, size = count + 1, size + len(ended)
        _fsync(file.fileno())
    return IndexBackupFile(path.name, count, size, digest.hexdigest(), collection)


def _write_manifest(path: Path, manifest: IndexBackupManifest) -> None:
    body = {"format": FORMAT, **asdict(manifest)}
    half = path / MANIFEST_DRAFT
    with half.open("wb") as file:
        file.write(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
        _fsync(file.fileno())
    half.replace(path / MANIFEST)


def _fsync(descriptor: int) -> None:
    """Without it a power cut could leave a manifest before files that are not whole."""
    os.fsync(descriptor)


def _read_manifest(path: Path) -> tuple[IndexBackupManifest, str]:
    """Return the manifest and what identifies it."""
    try:
        text = (path / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"{path} is no backup, or one that was interrupted: there is no {MANIFEST} in it"
        ) from None
    except OSError as error:
        raise UsageError(f"{path / MANIFEST} cannot be read: {error.strerror}") from None
    return _parse_manifest(path, text), hashlib.sha256(text).hexdigest()[:16]


def _parse_manifest(path: Path, text: bytes) -> IndexBackupManifest:
    try:
        body = orjson.loads(text)
        if body["format"] != FORMAT:
            raise UsageError(f"{path} has a backup of format {body['format']}, not {FORMAT}")
        files = tuple(IndexBackupFile(**file) for file in body["files"])
        manifest = IndexBackupManifest(body["server"], body["made"], files, tuple(body["left_out"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise UsageError(f"{path / MANIFEST} is not readable as a manifest") from None
    names = {file.name for file in files}
    if any(Path(name).name != name for name in names):
        raise UsageError(f"{path / MANIFEST} names a file outside of the folder")
    if lacking := sorted({f"{name}.jsonl" for name in METADATA_FILES} - names):
        raise UsageError(f"{path / MANIFEST} names no {lacking[0]}")
    return manifest


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (orjson.JSONDecodeError, KeyError):
        raise UsageError(f"{path} is not readable as part of a backup") from None


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AggregatorError(f"{path} cannot be written: {error.strerror or error}") from None
