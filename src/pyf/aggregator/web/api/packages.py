"""Everything that is known of a package, and the recent downloads of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ...errors import NotFound, ServiceUnreachable, UsageError
from ...store import catalog, queries
from .. import package_facts
from ..site import Site
from .downloads import ERRORS, Package, package_name
from .formats import add_formats, meta, render
from .models import ManyAnswer, PackageAnswer

packages = APIRouter(prefix="/api", tags=["packages"])
router = APIRouter(prefix="/api", tags=["downloads"])

FRESH = 60
"""Seconds for which an answer is good that holds what the index knows, too."""
MOST_NAMES = 200
APART = frozenset(
    (
        *("vulnerabilities", "health_score", "health_score_version", "health_score_breakdown"),
        *("health_score_last_calculated", *package_facts.HEAVY.split(",")),
    )
)
"""Fields that have a place of their own in the answer, or none."""


@packages.get("/packages/{package}", responses={200: {"model": PackageAnswer}, **ERRORS})
def everything(request: Request, package: Package) -> Response:
    """All facts, health with its breakdown, advisories, releases, downloads.

    What could not be asked is `null` and told in `missing`; the rest is there.
    """
    site: Site = request.app.state.site
    found = package_facts.load_package(site, package_name(package))
    if not found.is_known:
        away = "the search server" if found.indexed.missing else "the statistics store"
        raise ServiceUnreachable(away, found.indexed.missing or str(found.downloads.missing))
    snapshot = found.downloads.value.recent.snapshot if found.downloads.value else None
    body = package_body(found)
    return render(request, body, snapshot, keep=FRESH if found.is_certain else None)


def package_body(found: package_facts.PackageFacts) -> dict[str, Any]:
    """A package as the API answers it."""
    indexed, listed, counted = found.indexed.value, found.listed.value, found.downloads.value
    document: Mapping[str, Any] = indexed.document if indexed else {}
    told = (found.indexed.missing, found.listed.missing, found.downloads.missing)
    return {
        "package": found.normalized,
        "name": found.name,
        "profiles": [profile.key for profile in indexed.profiles] if indexed else [],
        "facts": facts_of(document) if indexed else None,
        "health": _health(document),
        "advisories": document.get("vulnerabilities"),
        "releases": [dict(release.document) for release in indexed.releases] if indexed else None,
        "catalog": _catalog_fields(listed) if listed else None,
        "downloads": _downloads(counted) if counted else None,
        "missing": list(dict.fromkeys(filter(None, told))),
        "links": links(found.normalized),
        "meta": meta(counted.recent.snapshot) if counted else None,
    }


def facts_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document, by name, without those that stand elsewhere."""
    return {name: document[name] for name in sorted(document) if name not in APART}


def links(name: str) -> dict[str, str]:
    """Where more is told of a package: addresses on this site."""
    path = quote(name, safe="")
    kinds = ("recent", "overall", "python_major", "python_minor", "system")
    more = ("installer", "country", "version")
    return {
        "self": f"/api/packages/{path}",
        "page": f"/packages/{path}",
        **{kind: f"/api/packages/{path}/{kind}" for kind in (*kinds, *more)},
        "badge": f"/badge/{path}/month.svg",
    }


def _health(document: Mapping[str, Any]) -> dict[str, Any] | None:
    if document.get("health_score") is None:
        return None
    seconds = document.get("health_score_last_calculated")
    return {
        "score": document["health_score"],
        "formula": document.get("health_score_version"),
        "calculated": datetime.fromtimestamp(seconds, UTC) if seconds else None,
        "breakdown": document.get("health_score_breakdown"),
    }


def _catalog_fields(project: catalog.CatalogProject) -> dict[str, Any]:
    return {
        "latest": project.latest or None,
        "releases": project.releases,
        "summary": project.summary,
        "author": project.author,
        "classifiers": project.classifiers,
        "project_urls": dict(project.project_urls),
        "status": project.status or None,
        "first_upload": project.first_upload or None,
        "last_upload": project.last_upload or None,
        "gone": project.gone,
        "serial": project.serial,
    }


def _downloads(counted: queries.PackageStats) -> dict[str, Any]:
    recent, total, rank = counted.recent, counted.total, counted.rank
    change = counted.growth.change
    return {
        "last_day": recent.last_day,
        "last_week": recent.last_week,
        "last_month": recent.last_month,
        "total": total.downloads,
        "total_with_mirrors": total.with_mirrors,
        "since": total.first,
        "rank": rank.rank,
        "of": rank.of,
        "percentile": rank.percentile,
        "growth": change.growth if change else None,
        "momentum": change.momentum if change else None,
        "shares": {
            shares.dimension: [
                {"category": each.category, "downloads": each.downloads, "share": each.share}
                for each in (*shares.shares, *([shares.rest] if shares.rest else ()))
            ]
            for shares in counted.shares
            if shares.shares
        },
    }


@router.get("/recent", responses={200: {"model": ManyAnswer}, **ERRORS})
def recent_of_many(
    request: Request,
    name: Annotated[
        list[str],
        Query(
            description=f"Packages, repeated or separated by commas; at most {MOST_NAMES}.",
            examples=[["flask", "requests"]],
            min_length=1,
            max_length=MOST_NAMES,
        ),
    ],
) -> Response:
    """Recent downloads of up to 200 packages at once, without mirrors.

    Names of which no download is known stand in `meta.unknown`.
    """
    site: Site = request.app.state.site
    wanted = several((part for text in name for part in text.split(",")), MOST_NAMES)
    if queries.ALL in wanted:
        raise UsageError(f"{queries.ALL} is asked for alone: /api/packages/{queries.ALL}/recent")
    found = queries.bulk_counts(site.store, wanted, snapshot=site.snapshot())
    known = [package for package in wanted if package in found.packages]
    if not known:
        raise NotFound("no downloads are known of any of these packages")
    rows = [_row(package, found.packages[package]) for package in known]
    about = {
        **meta(found.snapshot),
        "unknown": [package for package in wanted if package not in found.packages],
    }
    return render(request, {"data": rows, "meta": about}, found.snapshot, rows=rows)


def several(names: Iterable[str], most: int) -> list[str]:
    """Normalized names, each once; UsageError for none or too many."""
    wanted = list(dict.fromkeys(package_name(name.strip()) for name in names if name.strip()))
    if not 1 <= len(wanted) <= most:
        raise UsageError(f"1 to {most} packages can be asked for at once")
    return wanted


def _row(package: str, counts: queries.PackageCounts) -> dict[str, Any]:
    return {
        "package": package,
        "last_day": counts.last_day,
        "last_week": counts.last_week,
        "last_month": counts.last_month,
        "total": counts.total,
        "rank": counts.rank,
        "momentum": counts.trend,
    }


add_formats(router)
