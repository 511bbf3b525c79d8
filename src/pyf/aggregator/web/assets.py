"""Static files under names that hold a hash of their content, so that browsers keep them."""

from __future__ import annotations

import functools
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .. import charts
from ..errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
PLOTLY = "plotly.min.js"
CHART_STYLE = "charts.css"
_SHEET_ID = re.compile(r'getElementById\("([0-9a-f]{40,64})"\)')


@dataclass(frozen=True)
class Asset:
    """A file: the path it is served under, its content and media type."""

    path: str
    content: bytes
    media_type: str


@functools.cache
def assets() -> dict[str, Asset]:
    """All static files by their plain name; read once."""
    folder = resources.files(__package__) / "static"
    found = {name: _asset(name, item.read_bytes()) for name, item in _files(folder, "")}
    chart_library = resources.files("plotly") / "package_data" / PLOTLY
    made = {PLOTLY: chart_library.read_bytes(), CHART_STYLE: charts.STYLE.encode()}
    return {**found, **{name: _asset(name, content) for name, content in made.items()}}


def address(name: str) -> str:
    """The path of a static file; KeyError for a name that is not there."""
    return assets()[name].path


@functools.cache
def chart_sheets() -> str:
    """Ids of elements that keep the chart library from adding style sheets of its own.

    It looks for an element of such an id before it writes an inline sheet, which the content
    policy would forbid; what stands in them is for maps, of which no chart here has any.
    """
    text = assets()[PLOTLY].content.decode("utf-8", "replace")
    return " ".join(dict.fromkeys(_SHEET_ID.findall(text)))


def routes() -> list[Route]:
    """The route of all static files; a name is looked up, never opened."""
    by_path = {asset.path: asset for asset in assets().values()}

    async def serve(request: Request) -> Response:
        asset = by_path.get(request.url.path)
        if asset is None:
            raise NotFound("there is no such file")
        headers = {"Cache-Control": FOREVER, "Pyf-Keep": "86400"}
        return Response(asset.content, headers=headers, media_type=asset.media_type)

    async def icon(_: Request) -> Response:
        # Browsers ask for it beside answers that cannot name an icon: README frames, JSON, SVG.
        return RedirectResponse(
            address("icon.svg"), 302, {"Cache-Control": "public, max-age=86400"}
        )

    return [
        Route("/static/{name:path}", serve, methods=["GET"]),
        Route("/favicon.ico", icon, methods=["GET"]),
    ]


def _files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        name = f"{prefix}{item.name}"
        found += _files(item, f"{name}/") if item.is_dir() else [(name, item)]
    return found


def _asset(name: str, content: bytes) -> Asset:
    stem, _, suffix = name.partition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"/static/{stem}.{digest}.{suffix}", content, media_type)
