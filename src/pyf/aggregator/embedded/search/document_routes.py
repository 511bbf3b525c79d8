"""Handlers of ``/collections/:collection/documents``, but for searching and importing."""

from __future__ import annotations

import orjson

from . import storage as tables
from .collections import Collection
from .errors import bad_request
from .jsonl import ImportOptions, export_batches, parse_document
from .params import ParamReader
from .projection import project
from .routing import ApiRequest, ApiResponse, Route
from .search import seqs_where
from .values import visible_document
from .writes import (
    UPDATE,
    delete_document,
    delete_documents,
    missing_document,
    parse_action,
    parse_dirty_values,
    truncate,
    update_documents,
    write_document,
)


def _collection(call: ApiRequest) -> Collection:
    return call.backend.collections.get(call.collection_name)


def add_document(call: ApiRequest) -> ApiResponse:
    collection = _collection(call)
    action = parse_action(call.query.get("action"))
    dirty = parse_dirty_values(call.query.get("dirty_values"), collection.schema)
    document = write_document(collection, parse_document(call.body), action, dirty)
    return ApiResponse(visible_document(collection.schema, document), 201)


def get_document(call: ApiRequest) -> ApiResponse:
    collection, document_id = _collection(call), call.path["id"]
    given = ParamReader(call.query)
    with collection.storage.read() as db:
        seq = tables.seq_of(db, collection.id, document_id)
        body = None if seq is None else tables.body_of(db, collection.id, seq)
    if body is None:
        raise missing_document(document_id)
    document = visible_document(collection.schema, orjson.loads(body))
    return ApiResponse(
        project(document, given.names("include_fields"), given.names("exclude_fields"))
    )


def update_document(call: ApiRequest) -> ApiResponse:
    collection, document_id = _collection(call), call.path["id"]
    changes = parse_document(call.body)
    if isinstance(changes, dict) and changes.setdefault("id", document_id) != document_id:
        raise bad_request("The `id` of the resource does not match the `id` in the JSON body.")
    action = parse_action(call.query.get("action") or UPDATE)
    dirty = parse_dirty_values(call.query.get("dirty_values"), collection.schema)
    document = write_document(collection, changes, action, dirty)
    return ApiResponse(visible_document(collection.schema, document))


def remove_document(call: ApiRequest) -> ApiResponse:
    collection, document_id = _collection(call), call.path["id"]
    return ApiResponse(
        visible_document(collection.schema, delete_document(collection, document_id))
    )


def _filter_by(call: ApiRequest) -> str:
    filter_by = call.query.get("filter_by", "")
    if not filter_by.strip():
        raise bad_request("Parameter `filter_by` must be provided.")
    return filter_by


def update_matching(call: ApiRequest) -> ApiResponse:
    collection, filter_by = _collection(call), _filter_by(call)
    dirty = parse_dirty_values(call.query.get("dirty_values"), collection.schema)
    changes = parse_document(call.body)
    updated = update_documents(
        collection, lambda: seqs_where(collection, filter_by), changes, dirty
    )
    return ApiResponse({"num_updated": updated})


def remove_matching(call: ApiRequest) -> ApiResponse:
    collection = _collection(call)
    if ParamReader(call.query).flag("truncate", False):
        return ApiResponse({"num_deleted": truncate(collection)})
    filter_by = _filter_by(call)
    if call.query.get("batch_size", "1") == "0":
        raise bad_request("Parameter `batch_size` must be a positive integer.")
    deleted = delete_documents(collection, lambda: seqs_where(collection, filter_by))
    return ApiResponse({"num_deleted": deleted})


def export_documents(call: ApiRequest) -> ApiResponse:
    collection, given = _collection(call), ParamReader(call.query)
    filter_by = given.text("filter_by")
    seqs = seqs_where(collection, filter_by) if filter_by.strip() else None
    lines = export_batches(
        collection, seqs, given.names("include_fields"), given.names("exclude_fields")
    )
    return ApiResponse(stream=lines)


def import_options(call: ApiRequest, collection: Collection) -> ImportOptions:
    """How an import is to be done; wrong parameters are refused before anything is read."""
    given = ParamReader(call.query)
    if given.count("batch_size", 1) == 0:
        raise bad_request("Parameter `batch_size` must be a positive integer.")
    for name in ("return_id", "return_doc"):
        if call.query.get(name, "true") not in ("true", "false"):
            raise bad_request(f"Parameter `{name}` must be a true|false.")
    return ImportOptions(
        action=parse_action(call.query.get("action")),
        dirty=parse_dirty_values(call.query.get("dirty_values"), collection.schema),
        return_id=given.flag("return_id", False),
        return_doc=given.flag("return_doc", False),
    )


_ALL = "/collections/:collection/documents"

ROUTES = (
    Route("POST", _ALL, "documents:create", add_document, writes=True),
    Route("PATCH", _ALL, "documents:update", update_matching, writes=True),
    Route("DELETE", _ALL, "documents:delete", remove_matching, writes=True),
    Route("GET", f"{_ALL}/export", "documents:export", export_documents),
    Route("GET", f"{_ALL}/:id", "documents:get", get_document),
    Route("PATCH", f"{_ALL}/:id", "documents:update", update_document, writes=True),
    Route("DELETE", f"{_ALL}/:id", "documents:delete", remove_document, writes=True),
)
