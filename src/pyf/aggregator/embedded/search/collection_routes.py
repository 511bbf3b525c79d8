"""Handlers of ``/collections``, ``/aliases``, and what belongs to a collection."""

from __future__ import annotations

from typing import Any

from .call import Answer, Call, Route
from .errors import unsupported
from .jsonl import parse_object
from .params import Given
from .resources import SYNONYM


def create_collection(call: Call) -> Answer:
    body = parse_object(call.body)
    source = call.query.get("src_name")
    if source is None:
        return Answer(call.backend.collections.create(body).as_json(), 201)
    if "copy_documents" in call.query:
        raise unsupported("Cloning documents (`copy_documents`)")
    return Answer(call.backend.collections.clone(source, body).as_json(), 201)


def list_collections(call: Call) -> Answer:
    given = Given(call.query)
    offset, limit = given.count("offset", 0), given.optional_count("limit")
    listed = call.backend.collections.all()[offset:]
    hidden = given.names("exclude_fields")
    return Answer([_without(one.as_json(), hidden) for one in listed[: limit or None]])


def get_collection(call: Call) -> Answer:
    return Answer(call.backend.collections.get(call.collection_name).as_json())


def alter_collection(call: Call) -> Answer:
    body = parse_object(call.body)
    return Answer(call.backend.collections.alter(call.collection_name, body))


def delete_collection(call: Call) -> Answer:
    deleted = call.backend.collections.delete(call.collection_name)
    call.backend.resources.forget_scope(deleted.id)
    return Answer(deleted.as_json())


def _without(shown: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key not in hidden}


def put_alias(call: Call) -> Answer:
    body = parse_object(call.body)
    target = body.get("collection_name") if isinstance(body, dict) else None
    return Answer(call.backend.collections.put_alias(call.path["alias"], target))


def list_aliases(call: Call) -> Answer:
    return Answer({"aliases": call.backend.collections.aliases()})


def get_alias(call: Call) -> Answer:
    return Answer(call.backend.collections.get_alias(call.path["alias"]))


def delete_alias(call: Call) -> Answer:
    return Answer(call.backend.collections.delete_alias(call.path["alias"]))


def list_synonyms(call: Call) -> Answer:
    scope = call.backend.collections.get(call.collection_name).id
    held = call.backend.resources.all(SYNONYM, scope)
    return Answer({"synonyms": [{"id": name} | body for name, body in held]})


def put_synonym(call: Call) -> Answer:
    scope = call.backend.collections.get(call.collection_name).id
    body = parse_object(call.body)
    return Answer(call.backend.resources.put_synonym(scope, call.path["id"], body))


def get_synonym(call: Call) -> Answer:
    scope = call.backend.collections.get(call.collection_name).id
    return Answer(call.backend.resources.synonym(scope, call.path["id"]))


def delete_synonym(call: Call) -> Answer:
    scope = call.backend.collections.get(call.collection_name).id
    call.backend.resources.synonym(scope, call.path["id"])
    call.backend.resources.delete(SYNONYM, scope, call.path["id"])
    return Answer({"id": call.path["id"]})


def refuse_curation(_: Call) -> Answer:
    raise unsupported("Curation (`overrides`)")


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
