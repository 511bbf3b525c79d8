"""All routers of the site, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from . import feeds, openapi, sitemap
from .accounts import dashboard, login, unsubscribe
from .api import downloads, lists, packages
from .api import leaderboards as api_leaderboards
from .api import search as api_search
from .badges import routes as badges
from .pages import about, admin, insights, leaderboards, package, profiles, search, status, theme

ROUTERS: tuple[APIRouter, ...] = (
    downloads.router,
    api_leaderboards.router,
    packages.packages,
    packages.router,
    api_search.router,
    lists.router,
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
    login.router,
    unsubscribe.router,
    dashboard.router,
)
