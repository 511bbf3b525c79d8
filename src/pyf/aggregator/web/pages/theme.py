"""The choice between light and dark, for browsers without scripts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from ..addresses import is_secure
from ..response_cache import THEME_COOKIE
from ..same_origin import local_path, must_be_ours

router = APIRouter(include_in_schema=False)

YEAR = 365 * 24 * 3600


@router.post("/theme")
def choose(
    request: Request,
    theme: Annotated[Literal["light", "dark"], Form()],
    next: Annotated[str, Form()] = "/",
) -> RedirectResponse:
    """Remember the choice in the one cookie there is for it, and go back to the page."""
    must_be_ours(request)
    answer = RedirectResponse(local_path(next), 303)
    secure = is_secure(request)
    answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="lax", secure=secure)
    return answer
