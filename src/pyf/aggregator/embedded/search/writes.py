"""Documents into a collection and out of it: one transaction per batch, an outcome per document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw
import orjson

from . import storage as tables
from .collections import Collection, save_schema
from .errors import ApiError, bad_request, not_found
from .extraction import Extractor, text_index
from .schema import CollectionSchema
from .validation import DocumentValidator, new_fields
from .values import COERCE_OR_REJECT, DIRTY_VALUES, REJECT, is_number, merge_patch

CREATE: Final = "create"
UPSERT: Final = "upsert"
UPDATE: Final = "update"
EMPLACE: Final = "emplace"
ACTIONS = frozenset({CREATE, UPSERT, UPDATE, EMPLACE})
NOT_A_DOCUMENT = "Bad JSON: not a properly formed document."
DELETE_BATCH_SIZE = 1_000
UPDATE_BATCH_SIZE = 1_000


@dataclass(frozen=True)
class WriteResult:
    """What became of one document: the stored one, or why it was refused."""

    document: dict[str, Any] | None
    error: ApiError | None = None
    document_id: str = ""


def parse_action(given: str | None) -> str:
    action = (given or CREATE).lower()
    if action not in ACTIONS:
        raise bad_request("Parameter `action` must be a create|update|upsert.")
    return action


def parse_dirty_values(given: str | None, schema: CollectionSchema) -> str:
    """Coercion is the rule where types are guessed, else a wrong value is refused."""
    dirty = (given or "").lower()
    if dirty in DIRTY_VALUES:
        return dirty
    return COERCE_OR_REJECT if schema.fallback_type else REJECT


class WriteBatch:
    """Documents on their way into a collection: checked one by one, written together."""

    def __init__(self, collection: Collection, db: apsw.Connection, dirty: str) -> None:
        self._collection = collection
        self._db = db
        self._dirty = dirty
        self._seq_by_id: dict[str, int | None] = {}
        self.pending: dict[int, dict[str, Any]] = {}
        self._bodies: dict[int, bytes] = {}
        self.created: set[int] = set()
        self.next_seq = collection.next_seq
        self.schema = collection.schema
        self._checker = DocumentValidator(self.schema)

    def prefetch(self, documents: Iterable[Any]) -> None:
        """Look up all ids of a batch in one go."""
        ids = [one["id"] for one in documents if isinstance(one, dict) and "id" in one]
        ids = [one for one in ids if isinstance(one, str)]
        self._seq_by_id.update(dict.fromkeys(ids))
        rows: Any = self._db.execute(
            f"SELECT id, seq FROM key_{self._collection.id}"  # noqa: S608
            " WHERE id IN (SELECT value FROM json_each(?))",
            (orjson.dumps(ids).decode(),),
        )
        self._seq_by_id.update(rows.fetchall())

    def add(self, document: Any, action: str) -> WriteResult:
        """Check one document and keep it for writing; refusals come back, they are not raised."""
        try:
            return WriteResult(self._add(document, action))
        except ApiError as error:
            given = document.get("id", "") if isinstance(document, dict) else ""
            return WriteResult(None, error, given if isinstance(given, str) else "")

    def _add(self, document: Any, action: str) -> dict[str, Any]:
        if not isinstance(document, dict):
            raise bad_request(NOT_A_DOCUMENT)
        seq = self._find(document, action)
        if seq is not None and action in (UPDATE, EMPLACE):
            return self._merge(seq, document)
        made = seq is None
        if seq is None:
            # The number is used up even if the document is then refused, as in Typesense.
            seq = self.next_seq
            self.next_seq += 1
            document.setdefault("id", str(seq))
        self._add_new_fields(document)
        self._checker.check_document(document, self._dirty, sorting_first=action != EMPLACE)
        self._keep(seq, document)
        if made:
            self.created.add(seq)
        return document

    def _find(self, document: dict[str, Any], action: str) -> int | None:
        """The sequence number of the document that is already there."""
        if "id" not in document:
            if action == UPDATE:
                raise bad_request("For update, the `id` key must be provided.")
            return None
        document_id = document["id"]
        if not isinstance(document_id, str):
            raise bad_request("Document's `id` field should be a string.")
        if not document_id:
            raise bad_request("The `id` should not be empty.")
        seq = self._seq_of(document_id)
        if seq is not None and action == CREATE:
            raise ApiError(409, f"A document with id {document_id} already exists.")
        if seq is None and action == UPDATE:
            raise missing_document(document_id)
        return seq

    def _seq_of(self, document_id: str) -> int | None:
        if document_id not in self._seq_by_id:
            found = tables.seq_of(self._db, self._collection.id, document_id)
            self._seq_by_id[document_id] = found
        return self._seq_by_id[document_id]

    def _merge(self, seq: int, changes: dict[str, Any]) -> dict[str, Any]:
        before = self.pending.get(seq)
        if before is None:
            body = tables.body_of(self._db, self._collection.id, seq)
            before = {} if body is None else orjson.loads(body)
        self._add_new_fields(changes)
        self._checker.check_update(changes, self._dirty)
        merged: dict[str, Any] = merge_patch(before, _with_operations(before, changes))
        self._keep(seq, merged)
        return merged

    def _keep(self, seq: int, document: dict[str, Any]) -> None:
        try:
            body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            raise bad_request("Bad JSON: the document is nested too deeply.") from None
        self._seq_by_id[document["id"]] = seq
        self.pending[seq] = document
        self._bodies[seq] = body

    def merge(self, seq: int, changes: Mapping[str, Any]) -> None:
        """A partial update of the document with this sequence number."""
        self._merge(seq, orjson.loads(orjson.dumps(changes)))

    def _add_new_fields(self, document: dict[str, Any]) -> None:
        """Add the fields to the schema that the document brings along."""
        if not self.schema.dynamic and not self.schema.enable_nested_fields:
            return
        added = new_fields(self.schema, document)
        if added:
            self.schema = self.schema.with_fields((*self.schema.fields, *added))
            self._checker = DocumentValidator(self.schema)

    def write(self) -> dict[int, dict[str, Any]]:
        """Put everything into the file; the answer is what the columns have to learn."""
        collection, db = self._collection, self._db
        text, extractor = collection.text, collection.extractor
        if self.schema is not collection.schema:
            save_schema(db, collection.id, self.schema)
            text = text_index(collection.id, self.schema)
            extractor = Extractor(self.schema)
        changes: dict[int, dict[str, Any]] = {}
        texts: list[tuple[int, dict[str, list[str]], int]] = []
        for seq, document in self.pending.items():
            tables.put_document(db, collection.id, seq, document["id"], self._bodies[seq])
            texts.append((seq, extractor.texts(document), extractor.points(document)))
            changes[seq] = extractor.columns(document)
        text.add_many(db, texts)
        save_next_seq(db, collection.id, self.next_seq)
        return changes

    def apply_to_memory(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """After the commit: let the collection in memory follow."""
        collection = self._collection
        collection.next_seq = self.next_seq
        collection.count += len(self.created)
        if self.schema is not collection.schema:
            collection.set_schema(self.schema)
        collection.apply(changes)


def write_documents(
    collection: Collection, documents: Sequence[Any], action: str, dirty: str
) -> list[WriteResult]:
    """Write a batch in one transaction; ``documents`` that are an ``ApiError`` stay refused."""
    with collection.storage.exclusive():
        with collection.storage.write() as db:
            batch = WriteBatch(collection, db, dirty)
            batch.prefetch(documents)
            outcomes = [
                WriteResult(None, one) if isinstance(one, ApiError) else batch.add(one, action)
                for one in documents
            ]
            changes = batch.write()
        batch.apply_to_memory(changes)
    return outcomes


def write_document(
    collection: Collection, document: Any, action: str, dirty: str
) -> dict[str, Any]:
    """Write one document; the stored one, or the refusal raised."""
    outcome = write_documents(collection, [document], action, dirty)[0]
    if outcome.error is not None or outcome.document is None:
        raise outcome.error or bad_request(NOT_A_DOCUMENT)
    return outcome.document


def update_documents(
    collection: Collection, find: Callable[[], Iterable[int]], changes: Any, dirty: str
) -> int:
    """Change all documents that ``find`` names by sequence number; how many there were."""
    if not isinstance(changes, dict):
        raise bad_request(NOT_A_DOCUMENT)
    changes = {name: changes[name] for name in changes if name != "id"}
    with collection.storage.exclusive():
        seqs = list(find())
        for start in range(0, len(seqs), UPDATE_BATCH_SIZE):
            with collection.storage.write() as db:
                batch = WriteBatch(collection, db, dirty)
                for seq in seqs[start : start + UPDATE_BATCH_SIZE]:
                    batch.merge(seq, changes)
                written = batch.write()
            batch.apply_to_memory(written)
    return len(seqs)


def delete_document(collection: Collection, document_id: str) -> dict[str, Any]:
    """Remove one document; as it was."""
    with collection.storage.exclusive():
        with collection.storage.read() as db:
            seq = tables.seq_of(db, collection.id, document_id)
            body = None if seq is None else tables.body_of(db, collection.id, seq)
        if seq is None or body is None:
            raise missing_document(document_id)
        _remove(collection, [seq])
    document: dict[str, Any] = orjson.loads(body)
    return document


def delete_documents(collection: Collection, find: Callable[[], Iterable[int]]) -> int:
    """Remove all documents that ``find`` names by sequence number; how many there were."""
    with collection.storage.exclusive():
        seqs = list(find())
        for start in range(0, len(seqs), DELETE_BATCH_SIZE):
            _remove(collection, seqs[start : start + DELETE_BATCH_SIZE])
    return len(seqs)


def _remove(collection: Collection, seqs: Sequence[int]) -> None:
    with collection.storage.write() as db:
        for seq in seqs:
            body = tables.body_of(db, collection.id, seq)
            if body is not None:
                collection.text.remove(db, seq)
                tables.remove_document(db, collection.id, seq, orjson.loads(body)["id"])
    collection.count -= len(seqs)
    collection.apply(dict.fromkeys(seqs))


def truncate(collection: Collection) -> int:
    """Remove all documents at once; how many there were."""
    with collection.storage.exclusive():
        with collection.storage.write() as db:
            collection.text.drop(db)
            collection.text.create(db)
            tables.drop_collection_tables(db, collection.id)
            tables.create_collection_tables(db, collection.id)
        removed, collection.count = collection.count, 0
        collection.forget_columns()
    return removed


def missing_document(document_id: str) -> ApiError:
    return not_found(f"Could not find a document with id: {document_id}")


def save_next_seq(db: apsw.Connection, collection_id: int, next_seq: int) -> None:
    db.execute("UPDATE collections SET next_seq = ? WHERE id = ?", (next_seq, collection_id))


def _with_operations(before: Mapping[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``$operations: {increment: {field: n}}`` carried out."""
    operations = changes.pop("$operations", None)
    if not isinstance(operations, dict) or not isinstance(operations.get("increment"), dict):
        return changes
    for name, step in operations["increment"].items():
        if is_number(step):
            held = before.get(name, 0)
            changes[name] = (held if is_number(held) else 0) + step
    return changes
