"""Leaderboards as pages, API and feeds show them: of everything, or of a profile's projects."""

from __future__ import annotations

from typing import Literal

from ..profile import Profile
from ..store import queries
from .site import Site

Period = Literal["day", "week", "month"]
LEAST = {"day": 30, "week": 100, "month": 300}
"""Downloads in both periods together that a package needs to be among those that rise."""

UNFLAGGED = queries.PackageCondition("package GLOBAL NOT IN (SELECT name FROM flagged_projects)")
"""Malicious, quarantined and suspected projects stand in no list."""


def board_profile(site: Site, key: str | None) -> Profile | None:
    """The profile of that key; ProfileError for one that is not there; ``None`` for everything."""
    return site.profiles.get(key) if key else None


def top(
    site: Site, profile: Profile | None, period: Period, limit: int, offset: int = 0
) -> queries.TopPackages:
    """The most downloaded; flagged packages are left out."""
    return queries.top_packages(
        site.store,
        period,
        limit=limit,
        offset=offset,
        among=site.names(profile) if profile else None,
        condition=UNFLAGGED,
        snapshot=site.snapshot(),
    )


def momentum(
    site: Site,
    profile: Profile | None,
    period: Period,
    direction: queries.Direction,
    limit: int,
) -> queries.MomentumBoard:
    """Those that rise or fall most; flagged packages are left out."""
    return queries.momentum_board(
        site.store,
        period,
        direction=direction,
        limit=limit,
        least=LEAST[period],
        among=site.names(profile) if profile else None,
        condition=UNFLAGGED,
        snapshot=site.snapshot(),
    )
