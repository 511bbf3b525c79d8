"""The page of a package, and its README alone in a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from packaging.requirements import InvalidRequirement, Requirement

from ...errors import NotFound
from ...names import normalize_name
from ...store import queries
from .. import download_charts, package_facts, templating
from ..addresses import canonical_name
from ..api.suggestions import similar
from ..readme import FRAME_POLICY, document
from ..site import Site

router = APIRouter(prefix="/packages", include_in_schema=False)

FRESH = 60
"""Seconds for which a page is shown again: it holds what the index knows, too."""


@router.get("/{name}")
def package(request: Request, name: str) -> Response:
    """Facts, downloads, health, advisories, releases, README."""
    site: Site = request.app.state.site
    if (canonical := canonical_name(name)) != name:
        return RedirectResponse(f"/packages/{quote(canonical, safe='')}", 308)
    near = package_facts.ASKING.submit(near_names, site, canonical)
    try:
        found = package_facts.load_package(site, canonical)
    except NotFound as error:
        values = {"title": "Not Found", "status": 404, "detail": str(error)}
        values["near"] = near.result()
        return templating.page(request, "no_package.html", values, status=404)
    indexed = found.indexed.value
    values = {
        "package": found,
        "links": links(indexed.document) if indexed else [],
        "requirements": requirements(indexed.document.get("requires_dist") or [])
        if indexed
        else [],
        "cuts": cuts(found),
        "similar": near.result(),
        "charts": download_charts,
    }
    keep = FRESH if found.is_certain else None
    return templating.page(request, "package.html", values, keep=keep)


@router.get("/{name}/readme")
def readme(request: Request, name: str) -> Response:
    """The README as safe HTML in a page that may do nothing at all."""
    site: Site = request.app.state.site
    theme = request.query_params.get("theme", "")
    text = document(site, canonical_name(name), theme if theme in ("light", "dark") else "")
    headers = {"Content-Security-Policy": FRAME_POLICY, "Pyf-Keep": str(FRESH)}
    return HTMLResponse(text, headers=headers)


def links(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Labels and addresses that a browser may be sent to: http and https only."""
    found = dict(document.get("project_urls") or {})
    found.setdefault("Repository", document.get("github_url") or "")
    found.setdefault("Registry", document.get("package_url") or "")
    seen: dict[str, str] = {}
    for label, address in found.items():
        if is_web(address) and address not in seen.values():
            seen[str(label)] = address
    return list(seen.items())


def is_web(address: object) -> bool:
    """Whether an address leads to the web and nowhere else."""
    try:
        parts = urlsplit(str(address))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def requirements(texts: list[str]) -> list[tuple[str, str, str]]:
    """Dependencies as name, normalized name and the rest of the requirement."""
    found = []
    for text in texts:
        try:
            read = Requirement(text)
        except InvalidRequirement:
            found.append((text, "", ""))
            continue
        rest = text.partition(read.name)[2].strip()
        found.append((read.name, normalize_name(read.name), rest))
    return found


def cuts(found: package_facts.PackageFacts) -> list[tuple[str, queries.DimensionShares]]:
    """What the last month's downloads are shared out among, with labels."""
    shares = found.downloads.value.shares if found.downloads.value else ()
    labels = dict(package_facts.CUTS)
    return [(labels[each.dimension], each) for each in shares if each.shares]


def near_names(site: Site, canonical: str) -> list[str]:
    """Packages that are written alike, other than this one."""
    names = site.part(lambda: similar(site, canonical)).value or []
    return [name for name in names if normalize_name(name) != canonical]
