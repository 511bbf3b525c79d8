"""Handlers of keys, stopwords, and what tells about or maintains the server itself."""

from __future__ import annotations

from pathlib import Path

from .errors import ApiError, bad_request, not_found, unsupported_feature
from .jsonl import parse_object
from .resources import EVERYWHERE, STOPWORDS
from .routing import ApiRequest, ApiResponse, Route
from .stats import metrics
from .storage import FILE_NAME

TYPESENSE_VERSION = "29.0"
LEADER_STATE = 1


def health(_: ApiRequest) -> ApiResponse:
    return ApiResponse({"ok": True})


def debug(_: ApiRequest) -> ApiResponse:
    return ApiResponse({"state": LEADER_STATE, "version": TYPESENSE_VERSION})


def show_stats(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.stats.as_json())


def show_metrics(call: ApiRequest) -> ApiResponse:
    return ApiResponse(metrics(call.backend.storage.path))


def no_op(_: ApiRequest) -> ApiResponse:
    """For maintenance that this server has no need of."""
    return ApiResponse({"success": True})


def snapshot(call: ApiRequest) -> ApiResponse:
    """Write a whole copy of the file into a folder; a server can be started on it."""
    given = call.query.get("snapshot_path")
    if not given:
        raise bad_request("Parameter `snapshot_path` is required.")
    target = Path(given) / FILE_NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ApiError(409, f"There is a snapshot in `{given}` already.")
    call.backend.storage.copy_to(target)
    return ApiResponse({"success": True}, 201)


def no_schema_changes(_: ApiRequest) -> ApiResponse:
    return ApiResponse([])


def _key_id(call: ApiRequest) -> int:
    if not call.path["id"].isdecimal():
        raise not_found("Not found.")
    return int(call.path["id"])


def create_key(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.keys.create(parse_object(call.body)).as_json(whole=True), 201)


def list_keys(call: ApiRequest) -> ApiResponse:
    return ApiResponse({"keys": [key.as_json(whole=False) for key in call.backend.keys.all()]})


def get_key(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.keys.get(_key_id(call)).as_json(whole=False))


def delete_key(call: ApiRequest) -> ApiResponse:
    return ApiResponse({"id": call.backend.keys.delete(_key_id(call)).id})


def put_stopwords(call: ApiRequest) -> ApiResponse:
    body = parse_object(call.body)
    return ApiResponse(call.backend.resources.put_stopwords(call.path["id"], body))


def list_stopwords(call: ApiRequest) -> ApiResponse:
    held = call.backend.resources.all(STOPWORDS, EVERYWHERE)
    return ApiResponse({"stopwords": [{"id": name} | body for name, body in held]})


def get_stopwords(call: ApiRequest) -> ApiResponse:
    return ApiResponse({"stopwords": call.backend.resources.stopwords(call.path["id"])})


def delete_stopwords(call: ApiRequest) -> ApiResponse:
    call.backend.resources.stopwords(call.path["id"])
    call.backend.resources.delete(STOPWORDS, EVERYWHERE, call.path["id"])
    return ApiResponse({"id": call.path["id"]})


def refuse_unsupported(what: str) -> Route:
    """A route that says what is not there."""

    def handler(_: ApiRequest) -> ApiResponse:
        raise unsupported_feature(what)

    return Route("*", "", "", handler)


# First parts of paths that belong to what Typesense has and this server has not.
UNSUPPORTED_ROUTES = {
    "analytics": refuse_unsupported("Analytics (`/analytics`)"),
    "conversations": refuse_unsupported("Conversational search (`/conversations`)"),
    "nl_search_models": refuse_unsupported("Natural language search (`/nl_search_models`)"),
    "stemming": refuse_unsupported("Stemming dictionaries (`/stemming`)"),
    "limits": refuse_unsupported("Rate limiting (`/limits`)"),
    "personalization": refuse_unsupported("Personalization (`/personalization`)"),
    "synonym_sets": refuse_unsupported("Synonym sets of Typesense 30 (`/synonym_sets`)"),
    "curation_sets": refuse_unsupported("Curation (`/curation_sets`)"),
}

ROUTES = (
    Route("GET", "/health", "", health),
    Route("GET", "/debug", "debug:list", debug),
    Route("GET", "/stats.json", "stats.json:list", show_stats),
    Route("GET", "/metrics.json", "metrics.json:list", show_metrics),
    Route("POST", "/operations/snapshot", "operations:create", snapshot, writes=True),
    Route("POST", "/operations/cache/clear", "operations:create", no_op),
    Route("POST", "/operations/db/compact", "operations:create", no_op),
    Route("GET", "/operations/schema_changes", "operations:list", no_schema_changes),
    Route("POST", "/keys", "keys:create", create_key, writes=True),
    Route("GET", "/keys", "keys:list", list_keys),
    Route("GET", "/keys/:id", "keys:get", get_key),
    Route("DELETE", "/keys/:id", "keys:delete", delete_key, writes=True),
    Route("GET", "/stopwords", "stopwords:list", list_stopwords),
    Route("PUT", "/stopwords/:id", "stopwords:create", put_stopwords, writes=True),
    Route("GET", "/stopwords/:id", "stopwords:get", get_stopwords),
    Route("DELETE", "/stopwords/:id", "stopwords:delete", delete_stopwords, writes=True),
)
