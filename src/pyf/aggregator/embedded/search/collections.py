"""The server's collections and aliases: made, altered, found again, taken away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import apsw
import orjson

from . import storage as tables
from .alter_schema import alter_fields, fit_document
from .columns import Columns
from .errors import ApiError, bad_request, collection_not_found, not_found
from .extraction import Extractor, column_fields, text_index
from .schema import CollectionSchema, SchemaField, field_from_json, parse_schema
from .storage import Storage
from .validation import DocumentValidator

LOAD_BATCH_SIZE = 2_000


class Collection:
    """One collection: its schema, its text index, its columns once something needed them."""

    def __init__(
        self,
        storage: Storage,
        collection_id: int,
        schema: CollectionSchema,
        next_seq: int,
        count: int,
    ) -> None:
        self.storage = storage
        self.id = collection_id
        self.next_seq = next_seq
        self.count = count
        self.is_gone = False
        self._columns: Columns | None = None
        self.set_schema(schema)

    def set_schema(self, schema: CollectionSchema) -> None:
        """Go on with another schema; what is indexed already stays."""
        self.schema = schema
        self.extractor = Extractor(schema)
        self.text = text_index(self.id, schema)

    @property
    def name(self) -> str:
        return self.schema.name

    def as_json(self) -> dict[str, Any]:
        return self.schema.as_json(self.count)

    def columns(self) -> Columns:
        """The columns, read from the file at first use; writers wait meanwhile."""
        if self._columns is None:
            with self.storage.exclusive():
                if self._columns is None:
                    self._columns = self._load_columns()
        return self._columns

    def _load_columns(self) -> Columns:
        columns = Columns(column_fields(self.schema))
        batch: dict[int, Mapping[str, Any] | None] = {}
        with self.storage.read() as db:
            for seq, body in tables.bodies_from(db, self.id):
                batch[seq] = self.extractor.columns(orjson.loads(body))
                if len(batch) >= LOAD_BATCH_SIZE:
                    columns.apply(batch)
                    batch = {}
        columns.apply(batch)
        return columns

    def apply(self, changes: Mapping[int, Mapping[str, Any] | None]) -> None:
        """Bring a committed write into the columns; the caller holds the writer's lock."""
        if self._columns is None:
            return
        for field in column_fields(self.schema):
            self._columns.add_field(field)
        self._columns.apply(changes)
        if self._columns.is_wasteful:
            self._columns = None

    def forget_columns(self) -> None:
        """Read the columns anew at their next use."""
        self._columns = None


class Collections:
    """All collections by name, and the aliases that lead to them."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.time) -> None:
        self._storage = storage
        self._clock = clock
        self._by_name: dict[str, Collection] = {}
        self._aliases: dict[str, str] = {}
        with storage.read() as db:
            self._load(db)

    def _load(self, db: apsw.Connection) -> None:
        rows: Any = db.execute("SELECT id, schema, next_seq FROM collections ORDER BY id")
        for collection_id, stored, next_seq in rows.fetchall():
            count: Any = db.execute(f"SELECT count(*) FROM doc_{collection_id}").get  # noqa: S608
            schema = _schema_from(stored)
            self._by_name[schema.name] = Collection(
                self._storage, collection_id, schema, next_seq, int(count)
            )
        aliases: Any = db.execute("SELECT name, collection_name FROM aliases")
        self._aliases = dict(aliases.fetchall())

    def resolve(self, name: str) -> str:
        """The collection an alias leads to; a collection's own name goes before an alias."""
        return name if name in self._by_name else self._aliases.get(name, name)

    def get(self, name: str) -> Collection:
        collection = self._by_name.get(self.resolve(name))
        if collection is None:
            raise collection_not_found()
        return collection

    def all(self) -> list[Collection]:
        """All collections, the youngest first."""
        return sorted(self._by_name.values(), key=lambda one: one.id, reverse=True)

    def create(self, body: Any) -> Collection:
        if not isinstance(body, dict):
            raise bad_request("Bad JSON.")
        return self._add(parse_schema(body, created_at=int(self._clock())))

    def clone(self, source: str, body: Any) -> Collection:
        """A new, empty collection with the schema of another one."""
        if not isinstance(body, dict) or not isinstance(body.get("name"), str):
            raise bad_request("Parameter `name` is required.")
        schema = self.get(source).schema
        return self._add(
            replace(schema, name=body["name"], metadata=None, created_at=int(self._clock()))
        )

    def _add(self, schema: CollectionSchema) -> Collection:
        with self._storage.exclusive():
            if schema.name in self._by_name:
                raise ApiError(409, f"A collection with name `{schema.name}` already exists.")
            with self._storage.write() as db:
                db.execute(
                    "INSERT INTO collections (name, schema) VALUES (?, ?)",
                    (schema.name, _dump_schema(schema)),
                )
                collection = Collection(self._storage, db.last_insert_rowid(), schema, 0, 0)
                tables.create_collection_tables(db, collection.id)
                collection.text.create(db)
            collection.columns()
            self._by_name = {**self._by_name, schema.name: collection}
        return collection

    def delete(self, name: str) -> Collection:
        with self._storage.exclusive():
            collection = self._by_name.get(self.resolve(name))
            if collection is None:
                raise not_found(f"No collection with name `{name}` found.")
            with self._storage.write() as db:
                collection.text.drop(db)
                tables.drop_collection_tables(db, collection.id)
                db.execute("DELETE FROM resources WHERE scope = ?", (collection.id,))
                db.execute("DELETE FROM collections WHERE id = ?", (collection.id,))
                collection.is_gone = True
            self._by_name = {
                one: kept for one, kept in self._by_name.items() if one != collection.name
            }
        return collection

    def alter(self, name: str, body: Any) -> dict[str, Any]:
        """Add and drop fields, set metadata; the answer repeats what was changed."""
        collection = self.get(name)
        if not isinstance(body, dict):
            raise bad_request("Bad JSON.")
        unknown = set(body) - {"fields", "metadata"}
        if unknown or not body:
            raise bad_request("Only `fields` and `metadata` can be updated at the moment.")
        with self._storage.exclusive():
            schema, answer = collection.schema, dict(body)
            if "metadata" in body:
                if not isinstance(body["metadata"], dict):
                    raise bad_request("The `metadata` value should be an object.")
                schema = replace(schema, metadata=body["metadata"])
            reindex = False
            if "fields" in body:
                fields, answer["fields"] = alter_fields(schema, body["fields"])
                schema, reindex = schema.with_fields(fields), True
            self._set_schema(collection, schema, reindex=reindex)
        return answer

    def _set_schema(
        self, collection: Collection, schema: CollectionSchema, *, reindex: bool
    ) -> None:
        with self._storage.write() as db:
            save_schema(db, collection.id, schema)
            if reindex:
                collection.text.drop(db)
                known = set(collection.schema.fields)
                added = [one for one in schema.by_name.values() if one not in known]
                _reindex(db, collection.id, schema, added)
        if reindex:
            collection.set_schema(schema)
            collection.forget_columns()
        collection.schema = schema

    def put_alias(self, name: str, target: Any) -> dict[str, str]:
        if not isinstance(target, str):
            raise bad_request("Parameter `collection_name` is required.")
        with self._storage.exclusive():
            if name in self._by_name:
                raise ApiError(500, f"Name `{name}` conflicts with an existing collection name.")
            with self._storage.write() as db:
                db.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (name, target))
            self._aliases = {**self._aliases, name: target}
        return {"collection_name": target, "name": name}

    def get_alias(self, name: str) -> dict[str, str]:
        if name not in self._aliases:
            raise collection_not_found()
        return {"collection_name": self._aliases[name], "name": name}

    def aliases(self) -> list[dict[str, str]]:
        return [self.get_alias(name) for name in sorted(self._aliases)]

    def delete_alias(self, name: str) -> dict[str, str]:
        with self._storage.exclusive():
            deleted = self.get_alias(name)
            with self._storage.write() as db:
                db.execute("DELETE FROM aliases WHERE name = ?", (name,))
            self._aliases = {one: to for one, to in self._aliases.items() if one != name}
        return deleted


def save_schema(db: apsw.Connection, collection_id: int, schema: CollectionSchema) -> None:
    db.execute(
        "UPDATE collections SET schema = ? WHERE id = ?", (_dump_schema(schema), collection_id)
    )


def _reindex(
    db: apsw.Connection, collection_id: int, schema: CollectionSchema, added: Sequence[SchemaField]
) -> None:
    """Build the text index again; 400 where a document does not fit the added fields."""
    text, extractor, checker = (
        text_index(collection_id, schema),
        Extractor(schema),
        DocumentValidator(schema),
    )
    text.create(db)
    after = -1
    while batch := list(tables.bodies_from(db, collection_id, after, LOAD_BATCH_SIZE)):
        texts = []
        for seq, body in batch:
            document = orjson.loads(body)
            fit_document(schema, document, added, checker)
            fitting = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
            if fitting != body:
                tables.put_document(db, collection_id, seq, document["id"], fitting)
            texts.append((seq, extractor.texts(document), extractor.points(document)))
        text.add_many(db, texts)
        after = batch[-1][0]


def _dump_schema(schema: CollectionSchema) -> bytes:
    return orjson.dumps(schema.as_json(0))


def _schema_from(stored: bytes) -> CollectionSchema:
    body = orjson.loads(stored)
    return CollectionSchema(
        name=body["name"],
        fields=tuple(field_from_json(one) for one in body["fields"]),
        default_sorting_field=body["default_sorting_field"],
        token_separators=tuple(body["token_separators"]),
        symbols_to_index=tuple(body["symbols_to_index"]),
        enable_nested_fields=body["enable_nested_fields"],
        metadata=body.get("metadata"),
        created_at=body["created_at"],
    )
