"""Handlers of keys, stopwords, and what tells about or maintains the server itself."""

from __future__ import annotations

from pathlib import Path

from .call import Answer, Call, Route
from .errors import ApiError, bad_request, not_found, unsupported
from .jsonl import parse_object
from .resources import EVERYWHERE, STOPWORDS
from .stats import metrics
from .storage import FILE_NAME

SPOKEN_VERSION = "29.0"
LEADER = 1


def health(_: Call) -> Answer:
    return Answer({"ok": True})


def debug(_: Call) -> Answer:
    return Answer({"state": LEADER, "version": SPOKEN_VERSION})


def show_stats(call: Call) -> Answer:
    return Answer(call.backend.stats.as_json())


def show_metrics(call: Call) -> Answer:
    return Answer(metrics(call.backend.storage.path))


def done(_: Call) -> Answer:
    """For maintenance that this server has no need of."""
    return Answer({"success": True})


def snapshot(call: Call) -> Answer:
    """Write a whole copy of the file into a folder; a server can be started on it."""
    given = call.query.get("snapshot_path")
    if not given:
        raise bad_request("Parameter `snapshot_path` is required.")
    target = Path(given) / FILE_NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ApiError(409, f"There is a snapshot in `{given}` already.")
    call.backend.storage.copy_to(target)
    return Answer({"success": True}, 201)


def no_schema_changes(_: Call) -> Answer:
    return Answer([])


def _key_id(call: Call) -> int:
    if not call.path["id"].isdecimal():
        raise not_found("Not found.")
    return int(call.path["id"])


def create_key(call: Call) -> Answer:
    return Answer(call.backend.keys.create(parse_object(call.body)).as_json(whole=True), 201)


def list_keys(call: Call) -> Answer:
    return Answer({"keys": [key.as_json(whole=False) for key in call.backend.keys.all()]})


def get_key(call: Call) -> Answer:
    return Answer(call.backend.keys.get(_key_id(call)).as_json(whole=False))


def delete_key(call: Call) -> Answer:
    return Answer({"id": call.backend.keys.delete(_key_id(call)).id})


def put_stopwords(call: Call) -> Answer:
    body = parse_object(call.body)
    return Answer(call.backend.resources.put_stopwords(call.path["id"], body))


def list_stopwords(call: Call) -> Answer:
    held = call.backend.resources.all(STOPWORDS, EVERYWHERE)
    return Answer({"stopwords": [{"id": name} | body for name, body in held]})


def get_stopwords(call: Call) -> Answer:
    return Answer({"stopwords": call.backend.resources.stopwords(call.path["id"])})


def delete_stopwords(call: Call) -> Answer:
    call.backend.resources.stopwords(call.path["id"])
    call.backend.resources.delete(STOPWORDS, EVERYWHERE, call.path["id"])
    return Answer({"id": call.path["id"]})


def refuse(what: str) -> Route:
    """A route that says what is not there."""

    def handler(_: Call) -> Answer:
        raise unsupported(what)

    return Route("*", "", "", handler)


# First parts of paths that belong to what Typesense has and this server has not.
NOT_HERE = {
    "analytics": refuse("Analytics (`/analytics`)"),
    "conversations": refuse("Conversational search (`/conversations`)"),
    "nl_search_models": refuse("Natural language search (`/nl_search_models`)"),
    "stemming": refuse("Stemming dictionaries (`/stemming`)"),
    "limits": refuse("Rate limiting (`/limits`)"),
    "personalization": refuse("Personalization (`/personalization`)"),
    "synonym_sets": refuse("Synonym sets of Typesense 30 (`/synonym_sets`)"),
    "curation_sets": refuse("Curation (`/curation_sets`)"),
}

ROUTES = (
    Route("GET", "/health", "", health),
    Route("GET", "/debug", "debug:list", debug),
    Route("GET", "/stats.json", "stats.json:list", show_stats),
    Route("GET", "/metrics.json", "metrics.json:list", show_metrics),
    Route("POST", "/operations/snapshot", "operations:create", snapshot, writes=True),
    Route("POST", "/operations/cache/clear", "operations:create", done),
    Route("POST", "/operations/db/compact", "operations:create", done),
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
