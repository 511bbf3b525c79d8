"""Handlers that search: one search by GET, many by POST, and the presets they may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from .api_keys import SEARCH, Grant
from .errors import ApiError, bad_request, unsupported_feature
from .jsonl import parse_object
from .params import ParamReader, as_strings, parse_search
from .resources import EVERYWHERE, PRESET
from .routing import ApiRequest, ApiResponse, Backend, Route
from .search import Search, open_view

KEY_PARAMETER = "x-typesense-api-key"
MAX_SEARCHES = 50


def search_one(call: ApiRequest) -> ApiResponse:
    return ApiResponse(
        _run_search(call.backend, call.collection_name, dict(call.query), call.grant)
    )


def search_many(call: ApiRequest) -> ApiResponse:
    """Each search gets a slot of the answer; a failing one its code and error."""
    searches, common = _searches(call)
    grants = [_authorize(call, one) for one in searches]
    if not searches:
        raise ApiError(500, "Embedded params parsing error.")
    limits = ParamReader(as_strings({**common, **grants[0].embedded}))
    if len(searches) > limits.count("limit_multi_searches", MAX_SEARCHES):
        raise bad_request("Number of multi searches exceeds `limit_multi_searches` parameter.")
    if limits.flag("union", False):
        raise unsupported_feature("Union of searches (`union`)")
    results = [
        _search_result(call.backend, {**common, **as_strings(one)}, grant)
        for one, grant in zip(searches, grants, strict=True)
    ]
    return ApiResponse({"results": results})


def _searches(call: ApiRequest) -> tuple[list[dict[str, Any]], dict[str, str]]:
    body = parse_object(call.body)
    common = dict(call.query)
    if not isinstance(body, dict):
        raise bad_request("Bad JSON.")
    preset = call.backend.resources.get(PRESET, EVERYWHERE, common.get("preset", ""))
    searches = body.get("searches", (preset or {}).get("searches"))
    if searches is None:
        raise bad_request("Missing `searches` array.")
    if not isinstance(searches, list) or not all(isinstance(one, dict) for one in searches):
        raise bad_request("The value of `searches` must be an array of objects.")
    if body.get("union"):
        raise unsupported_feature("Union of searches (`union`)")
    return searches, common


def _authorize(call: ApiRequest, search: Mapping[str, Any]) -> Grant:
    """A search may carry a key of its own; else the request's key counts."""
    key = search.get(KEY_PARAMETER, call.api_key)
    name = search.get("collection", call.query.get("collection", ""))
    return call.backend.keys.authorize(key if isinstance(key, str) else None, SEARCH, [str(name)])


def _search_result(backend: Backend, values: dict[str, str], grant: Grant) -> dict[str, Any]:
    try:
        return _run_search(backend, values.get("collection", ""), values, grant)
    except ApiError as error:
        return {"code": error.status, "error": str(error)}


def _run_search(
    backend: Backend, name: str, values: dict[str, str], grant: Grant
) -> dict[str, Any]:
    collection = backend.collections.get(name)
    values, filters = _merge_params(backend, values, grant)
    params = parse_search(values, filters, backend.resources.synonyms_of(collection.id))
    if params.stopwords:
        words = backend.resources.stopwords(params.stopwords)["stopwords"]
        params = replace(params, text=replace(params.text, stopwords=frozenset(words)))
    with open_view(collection) as view:
        return Search(view, params).run()


def _merge_params(
    backend: Backend, values: dict[str, str], grant: Grant
) -> tuple[dict[str, str], list[str]]:
    """The parameters with preset and key taken in, and the filters that hold besides.

    What a key embeds cannot be changed by the request, and its filter is parsed by itself, so
    that no text of a client can reach out of its own filter.
    """
    filters = []
    if preset := values.get("preset"):
        held = as_strings(_preset(backend, preset))
        filters.append(held.pop("filter_by", ""))
        values = {**held, **values}
    embedded = as_strings(grant.embedded)
    filters.append(embedded.pop("filter_by", ""))
    return {**values, **embedded}, filters


def _preset(backend: Backend, preset: str) -> dict[str, Any]:
    """A stored preset, or one given as JSON in the parameter itself."""
    if preset.startswith("{"):
        try:
            given = orjson.loads(preset)
        except orjson.JSONDecodeError:
            raise bad_request("Parameter `preset` is not valid JSON.") from None
        return given if isinstance(given, dict) else {}
    return backend.resources.get(PRESET, EVERYWHERE, preset) or {}


def put_preset(call: ApiRequest) -> ApiResponse:
    body = parse_object(call.body)
    return ApiResponse(call.backend.resources.put_preset(call.path["name"], body))


def list_presets(call: ApiRequest) -> ApiResponse:
    held = call.backend.resources.all(PRESET, EVERYWHERE)
    return ApiResponse({"presets": [{"name": name, "value": value} for name, value in held]})


def get_preset(call: ApiRequest) -> ApiResponse:
    return ApiResponse(call.backend.resources.preset(call.path["name"]))


def delete_preset(call: ApiRequest) -> ApiResponse:
    deleted = call.backend.resources.preset(call.path["name"])
    call.backend.resources.delete(PRESET, EVERYWHERE, call.path["name"])
    return ApiResponse(deleted)


ROUTES = (
    Route("GET", "/collections/:collection/documents/search", SEARCH, search_one),
    Route("POST", "/multi_search", SEARCH, search_many, checked=False),
    Route("GET", "/presets", "presets:list", list_presets),
    Route("PUT", "/presets/:name", "presets:create", put_preset, writes=True),
    Route("GET", "/presets/:name", "presets:get", get_preset),
    Route("DELETE", "/presets/:name", "presets:delete", delete_preset, writes=True),
)
