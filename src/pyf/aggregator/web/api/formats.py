"""How the API answers: JSON, CSV or JSON lines; kept until the next load; with the data's date."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from ...store import Snapshot
from ..response_cache import KEEP, UNTIL_LOAD

Format = Literal["json", "csv", "jsonl"]
MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
}
SUFFIXES: Mapping[str, Format] = {".json": "json", ".csv": "csv", ".jsonl": "jsonl"}
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


def requested_format(request: Request) -> Format:
    """The format asked for: by the suffix of the route, else by ``Accept``, else JSON."""
    # Not by that of the address: names of packages may end so, too.
    route = getattr(request.scope.get("route"), "path", "")
    for suffix, form in SUFFIXES.items():
        if route.endswith(suffix):
            return form
    accepted = request.headers.get("accept", "")
    if "text/csv" in accepted:
        return "csv"
    return "jsonl" if "jsonl" in accepted or "ndjson" in accepted else "json"


def render(
    request: Request,
    body: Mapping[str, Any],
    snapshot: Snapshot | None,
    *,
    rows: Sequence[Mapping[str, Any]] | None = None,
    keep: int | str | None = UNTIL_LOAD,
    link: Mapping[str, str] | None = None,
) -> Response:
    """Answer with ``body`` as JSON, or with ``rows`` (the body itself where there are none).

    ``keep`` is as a page has it; ``link`` are addresses by relation for the header ``Link``.
    """
    form = requested_format(request)
    content = _content(form, body, [body] if rows is None else rows)
    headers = {"Vary": "Accept", **({KEEP: str(keep)} if keep is not None else {})}
    if link:
        headers["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for rel, url in link.items())
    if snapshot is not None and snapshot.data_through is not None:
        headers["Data-Through"] = snapshot.data_through.isoformat()
    return Response(content, headers=headers, media_type=MEDIA_TYPES[form])


def meta(snapshot: Snapshot) -> dict[str, Any]:
    """What every answer beyond pypistats.org's says of its data."""
    return {
        "data_through": snapshot.data_through,
        "loaded_at": snapshot.loaded_at,
        "counted": "downloads without known mirrors and unknown installers, UTC days",
    }


def add_formats(router: APIRouter) -> None:
    """Give every route of a router its twins that end with a format; undocumented, being many."""
    for route in [each for each in router.routes if isinstance(each, APIRoute)]:
        path = route.path.removeprefix(router.prefix)
        for suffix in SUFFIXES:
            router.add_api_route(
                path + suffix, route.endpoint, methods=["GET"], include_in_schema=False
            )


def _content(form: Format, body: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bytes:
    if form == "json":
        return orjson.dumps(body)
    if form == "jsonl":
        return b"".join(orjson.dumps(row) + b"\n" for row in rows)
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(RISKY) else text
