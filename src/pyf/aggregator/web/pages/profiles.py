"""The profiles that are followed, and a page for each."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ...errors import NotFound
from ...profile import Profile, did_you_mean
from .. import templating
from ..search.overview import overview
from ..site import PagePart, Site

router = APIRouter(include_in_schema=False)

FRESH = 60


@router.get("/profiles")
def profiles(request: Request) -> Response:
    """All profiles: those that are followed with what is in them, the others by name."""
    site: Site = request.app.state.site
    followed = site.part(site.active_profiles)
    keys = {profile.key for profile in followed.value or ()}
    values = {
        "followed": followed,
        "sizes": {each.key: _size(site, each) for each in followed.value or ()},
        "others": [profile for profile in site.profiles if profile.key not in keys],
    }
    return templating.page(request, "profiles.html", values, keep=FRESH)


@router.get("/profiles/{key}")
def profile(request: Request, key: str) -> Response:
    """One profile: health distribution, newest, rising and most downloaded projects."""
    site: Site = request.app.state.site
    if key not in site.profiles:
        near = did_you_mean(key, [each.key for each in site.profiles])
        raise NotFound(f"there is no profile {key!r}{near}")
    found = site.profiles.get(key)
    seen = site.part(lambda: overview(site.search, found.collection))
    values = {"profile": found, "overview": seen}
    keep = FRESH if seen.there else None
    return templating.page(request, "profile.html", values, keep=keep)


def _size(site: Site, profile: Profile) -> PagePart[int]:
    return site.part(lambda: site.size(profile))
