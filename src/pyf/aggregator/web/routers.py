"""All routers of the site, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from . import feeds, openapi, sitemap
from .accounts import dashboard, signing, unsubscribing
from .api import boards, downloads, finding, listing, packages
from .badges import routes as badges
from .pages import about, admin, insights, leaderboards, package, profiles, search, status, theme

ROUTERS: tuple[APIRouter, ...] = (
    downloads.router,
    boards.router,
    packages.packages,
    packages.router,
    finding.router,
    listing.router,
    openapi.router,
    badges.router,
    search.router,
    package.router,
    leaderboards.router,
    insights.router,
    profiles.router,
    theme.router,
    feeds.router,
    sitemap.router,
    about.router,
    status.router,
    admin.router,
    signing.router,
    unsubscribing.router,
    dashboard.router,
)
