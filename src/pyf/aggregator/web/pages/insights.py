"""What several facts say together, as lists."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ...documents.insights import INSIGHTS, Insight
from ...store.insights import projects_with_insight
from .. import templating
from ..leaderboards import board_profile
from ..site import Site

router = APIRouter(include_in_schema=False)

SHOWN = 25
FRESH = 300
WORDS: dict[Insight, tuple[str, str]] = {
    "hidden-gem": ("Hidden gems", "Downloaded by many, starred by few."),
    "rising": ("Rising", "Downloads grow fast, before stars show it."),
    "needs-maintainers": (
        "In need of maintainers",
        "Popular, but archived or without a release for long, with many open issues.",
    ),
    "abandoned-dependency-risk": (
        "Abandoned dependencies",
        "Popular, with a known vulnerability, and without a release for two years.",
    ),
}


@router.get("/insights")
def lists(request: Request) -> Response:
    """All kinds of insights, of everything or of a profile."""
    site: Site = request.app.state.site
    profile = board_profile(site, request.query_params.get("profile"))
    collection = profile.collection if profile else None
    found = {
        kind: site.part(partial(projects_with_insight, site.store, kind, collection, SHOWN))
        for kind in INSIGHTS
    }
    values = {
        "found": found,
        "words": WORDS,
        "profile": profile,
        "profiles": site.part(site.active_profiles).value or (),
    }
    keep = FRESH if all(part.there for part in found.values()) else None
    return templating.page(request, "insights.html", values, keep=keep)
