"""How fresh each source is, and what is away."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from .. import freshness, templating
from ..health import dependencies
from ..site import Site

router = APIRouter(include_in_schema=False)

FRESH = 15


@router.get("/status")
def status(request: Request) -> Response:
    """Services and sources, each with a sentence."""
    site: Site = request.app.state.site
    now = datetime.now(UTC)
    services = dependencies(site)
    values = {"sources": freshness.sources(site, now), "services": services, "now": now}
    keep = FRESH if all(each.ok for each in services) else None
    return templating.page(request, "status.html", values, keep=keep)
