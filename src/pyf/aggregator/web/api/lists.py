"""Lists: the profiles that there are, and projects that are remarkable."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from ...documents.insights import Insight
from ...profile import Profile
from ...store.insights import projects_with_insight
from ...store.scores import HealthScore
from ..leaderboards import board_profile
from ..site import Site
from .downloads import ERRORS
from .formats import add_formats, render
from .leaderboards import ProfileKey
from .models import InsightAnswer, ProfilesAnswer
from .packages import FRESH

router = APIRouter(prefix="/api", tags=["lists"])

MOST = 500


@router.get("/profiles", responses={200: {"model": ProfilesAnswer}, **ERRORS})
def profiles(request: Request) -> Response:
    """All profiles; `followed` are those that can be searched, with the releases they have."""
    site: Site = request.app.state.site
    followed = site.part(site.active_profiles)
    keys = None if followed.value is None else {profile.key for profile in followed.value}
    rows = [_profile(site, profile, keys) for profile in site.profiles]
    missing = [followed.missing] if followed.missing else []
    body = {"data": rows, "missing": missing}
    return render(request, body, None, rows=rows, keep=None if missing else FRESH)


def _profile(site: Site, profile: Profile, followed: set[str] | None) -> dict[str, Any]:
    is_followed = None if followed is None else profile.key in followed
    return {
        "key": profile.key,
        "name": profile.name,
        "description": profile.description,
        "classifiers": profile.classifiers,
        "collection": profile.collection,
        "followed": is_followed,
        "releases": site.part(lambda: site.size(profile)).value if is_followed else None,
        "page": f"/profiles/{profile.key}",
    }


@router.get("/insights/{kind}", responses={200: {"model": InsightAnswer}, **ERRORS})
def remarkable(
    request: Request,
    kind: Annotated[Insight, Path(description="What they shall be.", examples=["rising"])],
    profile: ProfileKey = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Rows at the most.")] = 100,
) -> Response:
    """Hidden gems, rising ones, those that need maintainers, and abandoned risks."""
    site: Site = request.app.state.site
    chosen = board_profile(site, profile)
    found = projects_with_insight(site.store, kind, chosen.collection if chosen else None, limit)
    rows = [_with_scores(place, each) for place, each in enumerate(found, 1)]
    about = {
        "kind": kind,
        "profile": profile,
        "calculated": max((each.calculated for each in found if each.calculated), default=None),
    }
    return render(request, {"data": rows, "meta": about}, None, rows=rows, keep=FRESH)


def _with_scores(place: int, found: HealthScore) -> dict[str, Any]:
    return {
        "place": place,
        "package": found.name,
        "health_score": found.score,
        "last_month": found.downloads,
        "momentum": found.trend,
        "stars": found.stars,
        "open_issues": found.open_issues,
        "last_release": found.uploaded.date() if found.uploaded.timestamp() else None,
        "calculated": found.calculated,
    }


add_formats(router)
