"""The search of the search page for programs: the same words, facets and orders."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ...errors import NotFound
from ...profile import Profile
from ..search import PER_PAGE, SearchHit, SearchRequest, SearchResults, find
from ..search.search_request import LAST_PAGE, LONGEST, MOST_VALUES
from ..site import Site
from .downloads import ERRORS
from .formats import add_formats, render
from .models import SearchAnswer

router = APIRouter(prefix="/api", tags=["search"])

FRESH = 30
SHOWN = (
    *("name", "name_normalized", "version", "summary", "license", "upload_timestamp"),
    *("download_last_month", "health_score", "github_stars", "is_vulnerable", "flags", "insights"),
)
"""Fields of a hit; `null` where they are not known."""

Values = Annotated[list[Annotated[str, Field(max_length=LONGEST)]], Field(max_length=MOST_VALUES)]


class SearchQuery(BaseModel):
    """The parameters; values of one facet widen the search, facets narrow it."""

    q: str = Field(
        "", max_length=LONGEST, description="Words; all projects without any.", examples=["forms"]
    )
    profile: str = Field(
        "",
        max_length=64,
        description="Key of a profile that is followed; the usual one otherwise.",
        examples=["plone"],
    )
    sort: Literal["", "relevance", "downloads", "stars", "health", "updated", "name"] = Field(
        "",
        description="Order; relevance with words, downloads without.",
        examples=["downloads"],
    )
    page: int = Field(
        1,
        ge=1,
        le=LAST_PAGE,
        description=f"{PER_PAGE} projects a page, {LAST_PAGE} pages at the most.",
        examples=[1],
    )
    old: Literal["0", "1"] = Field(
        "0", description="`1` finds archived and quarantined projects, too.", examples=["0"]
    )
    framework: Values = Field([], description="Versions of frameworks.", examples=[["Plone 6.1"]])
    python: Values = Field([], description="Versions of Python.", examples=[["3.13"]])
    license: Values = Field([], description="Licences.", examples=[["MIT"]])
    health: list[Literal["good", "fair", "poor"]] = Field(
        [], description="Ranges of the health score.", examples=[["good"]]
    )
    keyword: Values = Field([], description="Keywords.", examples=[["web"]])
    flag: Values = Field([], description="Warnings.", examples=[["suspected-typosquat"]])
    insight: Values = Field([], description="What is remarkable.", examples=[["rising"]])


@router.get("/search", responses={200: {"model": SearchAnswer}, **ERRORS})
def search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Find projects of a profile; values of facets with the number of projects of each."""
    site: Site = request.app.state.site
    profile = _profile(site, query.profile)
    asked = SearchRequest.read(request.query_params, profile.key)
    results = find(site.search, profile.collection, asked)
    rows = [_row(hit) for hit in results.hits]
    pages = _pages(request, results)
    body = {
        "data": rows,
        "facets": {
            counted.facet.name: [
                {"value": choice.value, "count": choice.count, "chosen": choice.chosen}
                for choice in counted.choices
            ]
            for counted in results.facets
        },
        "meta": {
            "profile": profile.key,
            "found": results.found,
            "hidden": results.hidden,
            "page": asked.page,
            "pages": min(results.pages, LAST_PAGE),
            "per_page": PER_PAGE,
            "sort": asked.order,
        },
        "links": pages,
    }
    link = {relation: url for relation, url in pages.items() if relation != "self"}
    return render(request, body, None, rows=rows, keep=FRESH, link=link)


def _profile(site: Site, key: str) -> Profile:
    followed = {profile.key: profile for profile in site.active_profiles()}
    if key and key not in followed:
        raise NotFound(f"no profile {key!r} is followed here; there are {', '.join(followed)}")
    if not followed:
        raise NotFound("no profile has been fetched yet, so there is nothing to search")
    usual = site.settings.default_profile or ""
    return followed.get(key) or followed.get(usual) or next(iter(followed.values()))


def _row(hit: SearchHit) -> dict[str, Any]:
    fields = {name: hit.document.get(name) for name in SHOWN}
    return {
        **fields,
        "highlight": {"name": str(hit.name), "summary": str(hit.summary)},
        "page": f"/packages/{hit.document['name_normalized']}",
    }


def _pages(request: Request, results: SearchResults) -> dict[str, str]:
    """The addresses of this page, the one before and the one after, as far as there are."""
    page, last = results.asked.page, min(results.pages, LAST_PAGE)
    numbers = {"self": page, "prev": page - 1, "next": page + 1}
    return {
        relation: _address(request, number)
        for relation, number in numbers.items()
        if relation == "self" or 1 <= number <= last
    }


def _address(request: Request, page: int) -> str:
    url = request.url.include_query_params(page=page)
    return f"{url.path}?{url.query}"


add_formats(router)
