"""JSON lines in and out: parsing with the messages Typesense gives, import and export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from . import storage as tables
from .collections import Collection
from .errors import ApiError, bad_request
from .json_errors import explain_json_error
from .projection import project
from .values import visible_document
from .writes import WriteResult, write_documents

MAX_BATCH_LINES = 1_000
MAX_BATCH_BYTES = 4 * 1024 * 1024
EXPORT_BATCH_SIZE = 500


@dataclass(frozen=True)
class ImportOptions:
    """How an import writes and what its answer lines carry."""

    action: str
    dirty: str
    return_id: bool = False
    return_doc: bool = False


def parse_line(line: bytes) -> Any:
    """A document, or the refusal of a line that is not JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return bad_request(f"Bad JSON: {explain_json_error(line.decode('utf-8', 'replace'))}")


class LineBatcher:
    """Cuts a stream of bytes into batches of whole lines, small enough for one transaction."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[list[bytes]]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._add(line)

    def finish(self) -> list[bytes]:
        """What is left, a last line without its end included."""
        lines = [*self._lines, self._rest] if self._rest.strip() else self._lines
        self._lines, self._rest = [], b""
        return lines

    def _add(self, line: bytes) -> Iterator[list[bytes]]:
        if not line.strip():
            return
        self._lines.append(line)
        self._size += len(line)
        if len(self._lines) >= MAX_BATCH_LINES or self._size >= MAX_BATCH_BYTES:
            yield self._lines
            self._lines, self._size = [], 0


def import_lines(
    collection: Collection, lines: Sequence[bytes], options: ImportOptions
) -> list[bytes]:
    """Write one batch; one answer line for each line."""
    documents = [parse_line(line) for line in lines]
    outcomes = write_documents(collection, documents, options.action, options.dirty)
    return [
        orjson.dumps(_result_line(outcome, line, options), option=orjson.OPT_SORT_KEYS)
        for outcome, line in zip(outcomes, lines, strict=True)
    ]


def _result_line(outcome: WriteResult, line: bytes, options: ImportOptions) -> dict[str, Any]:
    answer: dict[str, Any] = {"success": outcome.error is None}
    if outcome.document is not None:
        if options.return_id:
            answer["id"] = outcome.document["id"]
        if options.return_doc:
            answer["document"] = outcome.document
        return answer
    if outcome.error is not None:
        answer |= {"code": outcome.error.status, "error": str(outcome.error)}
    answer["document"] = line.decode("utf-8", "replace")
    if options.return_id and outcome.document_id:
        answer["id"] = outcome.document_id
    return answer


def export_batches(
    collection: Collection,
    seqs: Sequence[int] | None,
    include: Sequence[str],
    exclude: Sequence[str],
) -> Iterator[bytes]:
    """All documents, or those with the sequence numbers, as lines in batches."""
    shown = _renderer(collection, include, exclude)
    first = True
    for bodies in _bodies(collection, seqs):
        lines = b"\n".join(shown(body) for body in bodies)
        yield lines if first else b"\n" + lines
        first = False


def _renderer(
    collection: Collection, include: Sequence[str], exclude: Sequence[str]
) -> Callable[[bytes], bytes]:
    schema = collection.schema
    if not include and not exclude and all(one.store for one in schema.fields):
        return bytes
    return lambda body: orjson.dumps(
        project(visible_document(schema, orjson.loads(body)), include, exclude),
        option=orjson.OPT_SORT_KEYS,
    )


def _bodies(collection: Collection, seqs: Sequence[int] | None) -> Iterator[list[bytes]]:
    if seqs is not None:
        for start in range(0, len(seqs), EXPORT_BATCH_SIZE):
            with collection.storage.read() as db:
                some = seqs[start : start + EXPORT_BATCH_SIZE]
                found = (tables.body_of(db, collection.id, seq) for seq in some)
                bodies = [body for body in found if body is not None]
            if bodies:
                yield bodies
        return
    after = -1
    while True:
        with collection.storage.read() as db:
            batch = list(tables.bodies_from(db, collection.id, after, EXPORT_BATCH_SIZE))
        if not batch:
            return
        after = batch[-1][0]
        yield [body for _, body in batch]


def parse_object(body: bytes) -> Any:
    """A request's JSON body; 400 where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request("Bad JSON.") from None


def parse_document(body: bytes) -> Any:
    """The JSON body of a request that writes one document."""
    parsed = parse_line(body)
    if isinstance(parsed, ApiError):
        raise parsed
    return parsed
