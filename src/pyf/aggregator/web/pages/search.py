"""The search page and the pages of profiles."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ...errors import NotFound
from ...profile import Profile
from .. import templating
from ..search import SORTS, SearchRequest, SearchResults, find
from ..search.browser_search import configuration, direct
from ..site import PagePart, Site

router = APIRouter(include_in_schema=False)

FRESH = 30
"""Seconds for which a page of hits may be shown again: the index changes minute by minute."""


@router.get("/")
def search(request: Request) -> Response:
    """What was asked for in the address, found by the server; scripts take over from there."""
    site: Site = request.app.state.site
    chosen = _profile(site, request.query_params.get("profile", ""))
    asked = SearchRequest.read(request.query_params, request.query_params.get("profile", ""))
    profile = chosen.value
    results: PagePart[SearchResults] = PagePart(
        missing=chosen.missing or "no profile has been fetched yet"
    )
    if profile is not None:
        results = site.part(lambda: find(site.search, profile.collection, asked))
    browser = site.part(lambda: direct(site, profile.collection)) if profile else PagePart(None)
    values = {
        "asked": asked,
        "results": results,
        "profile": profile,
        "profiles": site.active_profiles() if chosen.there else (),
        "sorts": SORTS,
        "config": configuration(browser.value) if browser.value else None,
        "nearest": _nearest(site, profile, results, asked),
    }
    status = 200 if results.there else 503
    keep = FRESH if results.there else None
    return templating.page(request, "search.html", values, status=status, keep=keep)


@router.get("/search/{term:path}")
def search_for(term: str) -> Response:
    """An address that is easy to write leads to the search."""
    return RedirectResponse(f"/?q={quote(term, safe='')}", 302)


def _profile(site: Site, name: str) -> PagePart[Profile | None]:
    """The profile asked for, or the one that is searched where none is named."""
    followed = site.part(site.active_profiles)
    if not followed.there:
        return PagePart(missing=followed.missing)
    by_key = {profile.key: profile for profile in followed.value or ()}
    if name and name not in by_key:
        raise NotFound(f"no profile {name!r} is followed here; there are {', '.join(by_key)}")
    usual = site.settings.default_profile or ""
    first = next(iter(by_key.values()), None)
    return PagePart(by_key.get(name) or by_key.get(usual) or first)


@dataclass(frozen=True)
class NearestNames:
    """What may help where nothing was found."""

    names: tuple[str, ...] = ()


def _nearest(
    site: Site, profile: Profile | None, results: PagePart[SearchResults], asked: SearchRequest
) -> NearestNames:
    if profile is None or results.value is None or results.value.found or not asked.q:
        return NearestNames()
    found = site.part(lambda: site.similar(profile.collection, asked.q))
    return NearestNames(tuple(found.value or ()))
