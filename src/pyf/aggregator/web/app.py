"""The application: its routes, and the layers before them.

From the outside in: leave for other origins, rate limits, kept answers, security headers,
compression, who is signed in, routes. Answers are kept as they go out, compressed, with all
headers; only those of the first two layers differ for each client.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

from fastapi import Depends, FastAPI
from starlette_compress import CompressMiddleware

from .. import __version__
from ..errors import AggregatorError
from . import assets, health, problems
from .accounts.session import Accounts, SignedIn
from .answers import KeptAnswers, Shelf
from .cors import OpenToAll
from .guards import SecurityHeaders
from .origin import changes_are_ours
from .ratelimit import RateLimits
from .routers import ROUTERS
from .site import Site
from .warming import Warmer

AWAY = ("store away", None)
"""Stands for the load that is shown while nobody can say which."""


def create_app(site: Site) -> FastAPI:
    """Build the application around a site's connections."""

    shelf = Shelf()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warmer = Warmer(app, site, shelf)
        site.loads.changed.append(warmer.told)
        await asyncio.to_thread(site.loads.start)
        warming = asyncio.create_task(warmer.run())
        yield
        warming.cancel()
        await asyncio.to_thread(site.close)

    app = FastAPI(
        title="pyf.aggregator",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        dependencies=[Depends(changes_are_ours)],
    )
    app.state.site = site
    app.state.accounts = Accounts(site.settings) if site.settings.github_client_id else None
    app.include_router(health.router)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.extend(assets.routes())
    problems.install(app)
    # The layer that is added last is the outermost.
    if app.state.accounts is not None:
        app.add_middleware(SignedIn, app.state.accounts)
    app.add_middleware(CompressMiddleware, minimum_size=600)
    app.add_middleware(SecurityHeaders, site.settings, site.browser_search_url)
    app.add_middleware(KeptAnswers, lambda: shown_load(site), shelf)
    app.add_middleware(RateLimits, site.settings)
    app.add_middleware(OpenToAll)
    return app


def shown_load(site: Site) -> tuple[str, datetime | None]:
    """The name of the load that is shown, and when it came."""
    try:
        snapshot = site.snapshot()
    except AggregatorError:
        return AWAY
    return snapshot.id, snapshot.loaded_at
