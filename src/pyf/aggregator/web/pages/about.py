"""What is counted, where it comes from, what is remembered of people; and questions."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from .. import templating
from ..site import Site

router = APIRouter(include_in_schema=False)

FRESH = 300


@router.get("/about")
def about(request: Request) -> Response:
    """What is counted, sources, limits, privacy, security."""
    site: Site = request.app.state.site
    values = {"contact": site.settings.pyf_contact, "days": site.settings.stats_retention_days}
    return templating.page(request, "about.html", values, keep=FRESH)


@router.get("/faqs")
def faqs(request: Request) -> Response:
    """Questions that people ask."""
    site: Site = request.app.state.site
    values = {
        "contact": site.settings.pyf_contact,
        "followed": site.part(site.active_profiles).value or (),
    }
    return templating.page(request, "faqs.html", values, keep=FRESH)
