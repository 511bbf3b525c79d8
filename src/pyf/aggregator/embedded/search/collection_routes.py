"""Handlers of ``/collections``, ``/aliases``, and what belongs to a collection."""

from __future__ import annotations

from typing import Any

from .errors import unsupported_feature
from .jsonl import parse_object
from .params import ParamReader
from .resources import SYNONYM
from .routing import ApiRequest, ApiResponse, Route


def create_collection(call: ApiRequest) -> ApiResponse:
    body = parse_object(call.body)
    source = call.query.get("src_name")
    if source is None:
        return ApiResponse(call.backend.collections.create(body).as_json(), 201)
    if "copy_documents" in call.query:
        raise unsupported_feature("Cloning documents (`copy_documents`)")
    return ApiResponse(call.backend.collections.clone(source, body).as_json(), 201)


def list_collections(call: ApiRequest) -> ApiResponse:
    given = ParamReader(call.query)
    offset, limit = given.count("offset", 0), given.optional_count("limit")
    listed = call.backend.collections.all()[offset:]
    hidden = given.names("exclude_fields")
    return ApiResponse([_without(one.as_json(), hidden) for one in listed[: limit or None]])


def get_collection(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.collections.get(call.collection_name).as_json())


def alter_collection(call: ApiRequest) -> ApiResponse:
    body = parse_object(call.body)
    return ApiResponse(call.backend.collections.alter(call.collection_name, body))


def delete_collection(call: ApiRequest) -> ApiResponse:
    deleted = call.backend.collections.delete(call.collection_name)
    call.backend.resources.forget_scope(deleted.id)
    return ApiResponse(deleted.as_json())


def _without(shown: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key not in hidden}


def put_alias(call: ApiRequest) -> ApiResponse:
    body = parse_object(call.body)
    target = body.get("collection_name") if isinstance(body, dict) else None
    return ApiResponse(call.backend.collections.put_alias(call.path["alias"], target))


def list_aliases(call: ApiRequest) -> ApiResponse:
    return ApiResponse({"aliases": call.backend.collections.aliases()})


def get_alias(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.collections.get_alias(call.path["alias"]))


def delete_alias(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.collections.delete_alias(call.path["alias"]))


def list_synonyms(call: ApiRequest) -> ApiResponse:
    scope = call.backend.collections.get(call.collection_name).id
    held = call.backend.resources.all(SYNONYM, scope)
    return ApiResponse({"synonyms": [{"id": name} | body for name, body in held]})


def put_synonym(call: ApiRequest) -> ApiResponse:
    scope = call.backend.collections.get(call.collection_name).id
    body = parse_object(call.body)
    return ApiResponse(call.backend.resources.put_synonym(scope, call.path["id"], body))


def get_synonym(call: ApiRequest) -> ApiResponse:
    scope = call.backend.collections.get(call.collection_name).id
    return ApiResponse(call.backend.resources.synonym(scope, call.path["id"]))


def delete_synonym(call: ApiRequest) -> ApiResponse:
    scope = call.backend.collections.get(call.collection_name).id
    call.backend.resources.synonym(scope, call.path["id"])
    call.backend.resources.delete(SYNONYM, scope, call.path["id"])
    return ApiResponse({"id": call.path["id"]})


def refuse_curation(_: ApiRequest) -> ApiResponse:
    raise unsupported_feature("Curation (`overrides`)")


_ONE = "/collections/:collection"

ROUTES = (
    Route("POST", "/collections", "collections:create", create_collection, writes=True),
    Route("GET", "/collections", "collections:list", list_collections),
    Route("GET", _ONE, "collections:get", get_collection),
    Route("PATCH", _ONE, "collections:update", alter_collection, writes=True),
    Route("DELETE", _ONE, "collections:delete", delete_collection, writes=True),
    Route("GET", "/aliases", "aliases:list", list_aliases),
    Route("PUT", "/aliases/:alias", "aliases:create", put_alias, writes=True),
    Route("GET", "/aliases/:alias", "aliases:get", get_alias),
    Route("DELETE", "/aliases/:alias", "aliases:delete", delete_alias, writes=True),
    Route("GET", f"{_ONE}/synonyms", "synonyms:list", list_synonyms),
    Route("PUT", f"{_ONE}/synonyms/:id", "synonyms:create", put_synonym, writes=True),
    Route("GET", f"{_ONE}/synonyms/:id", "synonyms:get", get_synonym),
    Route("DELETE", f"{_ONE}/synonyms/:id", "synonyms:delete", delete_synonym, writes=True),
    Route("GET", f"{_ONE}/overrides", "overrides:list", refuse_curation),
    Route("PUT", f"{_ONE}/overrides/:id", "overrides:create", refuse_curation),
)
