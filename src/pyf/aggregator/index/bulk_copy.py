"""Documents in bulk from one place to another, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from .client import SearchServer
from .writer import BulkWriter, RefusedDocument

ProgressCallback = Callable[[str, int, int], None]
"""Told now and then: the collection, the documents read of it so far, how many there are."""
REPORT_EVERY = 1000


@dataclass(frozen=True)
class BulkCopyResult:
    """How many documents were read and are in, and which were refused."""

    read: int
    written: int
    refused: tuple[RefusedDocument, ...]


def no_progress(_collection: str, _done: int, _total: int) -> None:
    """Report to nobody."""


def bulk_copy(
    lines: Iterable[bytes],
    server: SearchServer,
    collection: str,
    *,
    total: int = 0,
    report: ProgressCallback = no_progress,
) -> BulkCopyResult:
    """Write documents, one JSON object a line, into a collection; every answer line is read.

    A line that is no document with an id is refused by its number, counted from 1.
    """
    writer = BulkWriter(server, collection)
    unreadable: list[RefusedDocument] = []
    read = 0
    for line in lines:
        read += 1
        document = _document(line)
        if document is None:
            unreadable.append(RefusedDocument(f"line {read}", "it is no document with an id"))
        else:
            writer.upsert(document)
        if read % REPORT_EVERY == 0:
            report(collection, read, total)
    writer.flush()
    report(collection, read, total)
    return BulkCopyResult(read, writer.written, (*unreadable, *writer.refused))


def _document(line: bytes) -> dict[str, object] | None:
    """The server would make up an id for a document without one."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    usable = isinstance(value, dict) and isinstance(value.get("id"), str)
    return value if usable else None
