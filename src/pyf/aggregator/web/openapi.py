"""The API's description: an OpenAPI 3.1 document with examples, and a page made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import RedirectResponse, Response

from .. import __version__
from . import templating
from .api import examples
from .api.formats import MEDIA_TYPES
from .problems import MEDIA_TYPE
from .response_cache import KEEP

router = APIRouter(include_in_schema=False)

TITLE = "pyf.aggregator"
PATH = "/api/openapi.json"
KEPT = 3600
ABOUT = """Downloads, facts and search of Python packages. The routes `recent`, `overall`,
`python_major`, `python_minor` and `system` answer exactly as those of pypistats.org.

Names are taken in any spelling. Every number is of whole UTC days, up to the one that
`data_through` or the header `Data-Through` names; a day that was never loaded has no row, or
`null`, and is not 0. Answers are JSON; `Accept: text/csv` or `application/jsonl`, or `.csv` and
`.jsonl` at the end of the path (not of `/api/packages/{package}`, where it could be a name's),
bring their rows as a table. Errors are problem details (RFC 9457)."""
TAGS = {
    "downloads": "Downloads over time, of one package or many.",
    "leaderboards": "The most downloaded, those that rise or fall, packages side by side.",
    "packages": "All that is known of a package.",
    "search": "Find packages.",
    "lists": "Profiles, and what is remarkable.",
}
SHOWN_HEADERS = {
    "ETag": "Send it as `If-None-Match`: 304 while nothing has changed.",
    "Last-Modified": "When the data were loaded, where only that changes the answer.",
    "Data-Through": "Last day of downloads in the answer.",
    "Link": "Next and previous page, where there are pages.",
}
LIMIT_HEADERS = {
    "RateLimit-Limit": "Requests of one client in a window.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until all are there again.",
}


@router.get("/api")
def without_slash() -> Response:
    """The page has one address."""
    return RedirectResponse("/api/", 308)


@router.get(PATH)
def openapi(request: Request) -> Response:
    """The document."""
    content = orjson.dumps(document(request.app))
    return Response(content, headers={KEEP: str(KEPT)}, media_type="application/json")


@router.get("/api/")
def page(request: Request) -> Response:
    """The document for people."""
    settings = request.app.state.site.settings
    values = {
        "groups": groups(document(request.app)),
        "origin": settings.web_url or str(request.base_url).rstrip("/"),
        "limit": settings.web_rate_limit,
        "openapi": PATH,
    }
    return templating.page(request, "api.html", values, keep=KEPT)


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the routes below ``/api/``; made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _document(app)
    return app.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=TITLE,
        version=__version__,
        openapi_version="3.1.0",
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    made["paths"] = {
        path: methods for path, methods in made["paths"].items() if path.startswith("/api/")
    }
    for path, methods in made["paths"].items():
        _complete(path, methods["get"])
    for unused in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(unused, None)
    return made


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add examples, headers and the media types that answers really have."""
    for parameter in operation.get("parameters", ()):
        parameter["example"] = _example(parameter)
    for status, response in operation["responses"].items():
        if status == "200":
            content = response["content"]
            content["application/json"]["example"] = examples.ANSWERS[path]
            for media_type in (MEDIA_TYPES["csv"], MEDIA_TYPES["jsonl"]):
                content[media_type.partition(";")[0]] = {"schema": {"type": "string"}}
            response["headers"] = _headers({**SHOWN_HEADERS, **LIMIT_HEADERS})
        else:
            shape = response["content"].pop("application/json")
            number = int(status)
            title = {"title": HTTPStatus(number).phrase, "status": number}
            shape["example"] = {**examples.PROBLEM, **(title if number != 404 else {})}
            if number != 404:
                shape["example"]["detail"] = response["description"].rstrip(".")
            response["content"][MEDIA_TYPE] = shape
        if status in ("429", "503"):
            response["headers"] = _headers({"Retry-After": "Seconds to wait."})


def _headers(texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()
    }


def _example(parameter: Mapping[str, Any]) -> Any:
    schema = parameter["schema"]
    if "examples" in schema:
        return schema["examples"][0]
    value = examples.PARAMETERS[parameter["name"]]
    return [value] if schema.get("type") == "array" else value


@dataclass(frozen=True)
class Parameter:
    """A parameter as the page shows it; ``kind`` is its type, or its values."""

    name: str
    place: str
    kind: str
    required: bool
    default: str
    text: str
    example: str


@dataclass(frozen=True)
class Operation:
    """A route as the page shows it; ``address`` is one that can be opened."""

    path: str
    anchor: str
    text: str
    parameters: tuple[Parameter, ...]
    address: str
    answer: str


@dataclass(frozen=True)
class Group:
    """Routes of one subject."""

    name: str
    text: str
    operations: tuple[Operation, ...]


def groups(made: Mapping[str, Any]) -> tuple[Group, ...]:
    """What the page shows of a document."""
    found = [(_operation(path, one["get"]), one["get"]["tags"]) for path, one in _paths(made)]
    return tuple(
        Group(tag["name"], tag["description"], tuple(o for o, tags in found if tag["name"] in tags))
        for tag in made["tags"]
    )


def _paths(made: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from made["paths"].items()


def _operation(path: str, described: Mapping[str, Any]) -> Operation:
    given = described.get("parameters", ())
    content = described["responses"]["200"]["content"]["application/json"]
    return Operation(
        path=path,
        anchor=path.strip("/").replace("/", "-").replace("{", "").replace("}", ""),
        text=described.get("description", ""),
        parameters=tuple(map(_parameter, given)),
        address=_address(path, given),
        answer=json.dumps(content["example"], indent=2, ensure_ascii=False),
    )


def _address(path: str, parameters: Any) -> str:
    """The path with its own parameters, and those of the query that have to be there."""
    query = {}
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(one["example"]), safe=""))
        elif one.get("required"):
            query[one["name"]] = one["example"]
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _parameter(one: Mapping[str, Any]) -> Parameter:
    schema, example = one["schema"], one["example"]
    default = schema.get("default")
    return Parameter(
        name=one["name"],
        place=one["in"],
        kind=_kind(schema),
        required=bool(one.get("required")),
        default="" if default in (None, "", []) else str(default),
        text=one.get("description", ""),
        example=", ".join(map(str, example)) if isinstance(example, list) else str(example),
    )


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"] if value != "")
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}, repeated"
    if schema.get("format") == "date":
        return "date"
    kind = {"string": "text", "integer": "number"}.get(schema.get("type", ""), "text")
    bounds = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    return f"{kind}, {' to '.join(bounds)}" if len(bounds) == 2 else kind
