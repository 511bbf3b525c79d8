"""The packages that somebody tracks, in one view, and what is sent about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from ...accounts import digests
from ...errors import UsageError
from ...index import filters
from ...store import queries
from .. import download_charts, templating
from ..addresses import canonical_name, package_path
from ..document_view import DocumentView
from ..same_origin import local_path
from ..site import PagePart, Site
from .owned_packages import OwnedPackages
from .session import User, accounts_of, user_of

router = APIRouter(prefix="/dashboard", include_in_schema=False)

DAYS = 90
LINES = 8
"""Packages that the chart shows: those most downloaded."""
FIELDS = (
    "name,name_normalized,version,upload_timestamp,health_score,is_vulnerable,flags,"
    "github_open_issues,github_archived,status"
)
Signed = Annotated[User, Depends(user_of)]


@dataclass(frozen=True)
class PackageFigures:
    """What the store counts of the packages, all of one load."""

    counts: queries.BulkCounts
    course: queries.PackageComparison | None


@dataclass(frozen=True)
class TrackedPackage(DocumentView):
    """A package of the list with the document of its latest release, empty where none is indexed.

    ``counted`` is ``None`` for a package without downloads.
    """

    name: str
    counted: queries.PackageCounts | None


@router.get("")
def dashboard(request: Request) -> Response:
    """The list; whoever is not signed in is sent to do so."""
    accounts = accounts_of(request)
    user: User | None = getattr(request.state, "user", None)
    if user is None:
        return RedirectResponse("/account/sign-in?next=/dashboard", 302)
    site: Site = request.app.state.site
    names = accounts.book.tracked_packages(user.id)
    counted = site.part(lambda: figures(site, names))
    indexed = site.part(lambda: documents(site, names))
    values = {
        "rows": rows(names, indexed, counted),
        "figures": counted,
        "indexed": indexed,
        "suggested": site.part(lambda: owners(request).packages(user.login, names)),
        "can_mail": bool(site.settings.smtp_host and user.email),
        "charts": download_charts,
    }
    return templating.page(request, "dashboard.html", values)


@router.get("/track")
def ask_to_track(request: Request, package: str) -> Response:
    """Ask whether a package is to be tracked; pages that are kept for everybody lead here."""
    accounts_of(request)
    name = canonical_name(package)
    if getattr(request.state, "user", None) is None:
        here = quote(f"/dashboard/track?package={quote(name, safe='')}", safe="/")
        return RedirectResponse(f"/account/sign-in?next={here}", 302)
    values = {"name": name, "back": package_path(name)}
    return templating.page(request, "track.html", values)


@router.post("/track")
def track(
    request: Request,
    user: Signed,
    package: Annotated[list[str], Form()],
    next: Annotated[str, Form()] = "/dashboard",
) -> Response:
    """Add packages to the list."""
    names = [canonical_name(name) for text in package for name in text.replace(",", " ").split()]
    for name in names:
        accounts_of(request).book.track(user.id, name)
    return RedirectResponse(local_path(next), 303)


@router.post("/untrack")
def untrack(request: Request, user: Signed, package: Annotated[str, Form()]) -> Response:
    """Take a package from the list."""
    accounts_of(request).book.untrack(user.id, package)
    return RedirectResponse("/dashboard", 303)


@router.post("/digest")
def digest(
    request: Request,
    user: Signed,
    every: Annotated[Literal["", "week", "month"], Form()] = "",
    mail: Annotated[str, Form()] = "",
    webhook: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Say how often a digest is wanted, and where; mail goes to the verified address only."""
    accounts = accounts_of(request)
    email, address = user.email if mail else "", webhook.strip()
    if mail and not (email and accounts.settings.smtp_host):
        raise HTTPException(400, "GitHub names no verified address, or this site sends no mail")
    if every and address:
        digests.check_webhook(accounts.settings, address)
    if every and not (email or address):
        raise UsageError("say where the digest is to go: by mail, or to a webhook")
    accounts.book.set_digest(user.id, every, email, address)
    return RedirectResponse("/dashboard#digests", 303)


def figures(site: Site, names: Sequence[str]) -> PackageFigures:
    """Ask the store for the packages' figures and the course of the last days."""
    snapshot = site.snapshot()
    counted = queries.bulk_counts(site.store, names, snapshot=snapshot)
    last = snapshot.data_through
    most = sorted(counted.packages, key=lambda name: -counted.packages[name].last_month)
    if last is None or not most:
        return PackageFigures(counted, None)
    start = last - timedelta(days=DAYS - 1)
    course = queries.compare_packages(site.store, most[:LINES], start=start, snapshot=snapshot)
    return PackageFigures(counted, course)


def documents(site: Site, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The latest releases of packages, by name, from all followed profiles."""
    found: dict[str, Mapping[str, Any]] = {}
    for profile in site.active_profiles() if names else ():
        for batch in filters.in_batches(names):
            asked = {
                "q": "*",
                "filter_by": f"{filters.equals('name_normalized', *batch)} && is_latest:true",
                "include_fields": FIELDS,
                "per_page": 250,
            }
            for document in site.documents(profile, asked):
                found.setdefault(str(document["name_normalized"]), document)
    return found


def rows(
    names: Sequence[str],
    indexed: PagePart[dict[str, Mapping[str, Any]]],
    counted: PagePart[PackageFigures],
) -> list[TrackedPackage]:
    """The packages, the most downloaded first."""
    known = counted.value.counts.packages if counted.value else {}
    made = [
        TrackedPackage((indexed.value or {}).get(name, {}), name, known.get(name)) for name in names
    ]
    return sorted(made, key=lambda row: (-(row.counted.last_month if row.counted else 0), row.name))


def owners(request: Request) -> OwnedPackages:
    """Who owns what, read once in a while for the whole process."""
    state = request.app.state
    if not hasattr(state, "owners"):
        state.owners = OwnedPackages(state.site)
    found: OwnedPackages = state.owners
    return found
