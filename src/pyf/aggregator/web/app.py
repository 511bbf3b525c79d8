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
from .accounts.session import Accounts, CurrentUser
from .cache_warmer import CacheWarmer
from .cors import PublicCORS
from .ratelimit import RateLimits
from .response_cache import ResponseCache, ResponseCacheMiddleware
from .routers import ROUTERS
from .same_origin import changes_are_ours
from .security_headers import SecurityHeaders
from .site import Site

AWAY = ("store away", None)
"""Stands for the load that is shown while nobody can say which."""


def create_app(site: Site) -> FastAPI:
    """Build the application around a site's connections."""

    shelf = ResponseCache()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warmer = CacheWarmer(app, site, shelf)
        site.loads.changed.append(warmer.on_load)
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
        app.add_middleware(CurrentUser, app.state.accounts)
    app.add_middleware(CompressMiddleware, minimum_size=600)
    app.add_middleware(SecurityHeaders, site.settings, site.browser_search_url)
    app.add_middleware(ResponseCacheMiddleware, lambda: shown_load(site), shelf)
    app.add_middleware(RateLimits, site.settings)
    app.add_middleware(PublicCORS)
    return app


def shown_load(site: Site) -> tuple[str, datetime | None]:
    """The name of the load that is shown, and when it came."""
    try:
        snapshot = site.snapshot()
    except AggregatorError:
        return AWAY
    return snapshot.id, snapshot.loaded_at
