"""For administrators: loads, backfill, the queue, what failed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from ...queue import queue_admin
from ...queue.dead_letters import DeadLetter
from ...queue.download_loads import days_in_range
from ...store.loads import history, runs
from .. import freshness, templating
from ..accounts.session import User, accounts_of, user_of
from ..site import Site

router = APIRouter(prefix="/admin", include_in_schema=False)

LOADS_SHOWN = 60
FAILURES_SHOWN = 100


def admin_of(user: Annotated[User, Depends(user_of)]) -> User:
    """Who is signed in, an administrator; 403 for others."""
    if not user.is_admin:
        raise HTTPException(403, "this page is for administrators")
    return user


Admin = Annotated[User, Depends(admin_of)]


@router.get("")
def admin(request: Request, said: str = "") -> Response:
    """Everything in one view; ``said`` names what was just done."""
    accounts_of(request)
    user: User | None = getattr(request.state, "user", None)
    if user is None:
        return RedirectResponse("/account/sign-in?next=/admin", 302)
    admin_of(user)
    site: Site = request.app.state.site
    values = {
        "loads": site.part(lambda: freshness.loads(site, LOADS_SHOWN)),
        "queue": site.part(lambda: queue_admin.read_queue_state(site.settings)),
        "failures": site.part(lambda: failures(site)),
        "subject": queue_admin.subject,
        "window": runs.retention_window(history.utc_now(), site.settings.stats_retention_days),
        "done": DONE.get(said),
    }
    return templating.page(request, "admin.html", values)


DONE = {
    "queued": "The load is queued; a worker takes it up.",
    "retried": "What had failed is queued again.",
    "forgotten": "The list of failures is empty.",
}


@router.post("/backfill")
def backfill(
    request: Request,
    user: Admin,
    first: Annotated[str, Form(max_length=10)],
    last: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Queue the load of a day or a range of days."""
    site: Site = request.app.state.site
    days = days_in_range(first, last or first)
    for day in {days[0], days[-1]}:
        runs.check_in_retention(day, history.utc_now(), site.settings.stats_retention_days)
    with queue_admin.open_redis(site.settings):
        queue_admin.queue_downloads_load(site.settings, str(days[0]), str(days[-1]))
    return _redirect_with_notice("queued")


@router.post("/failures/retry")
def retry(request: Request, user: Admin) -> Response:
    """Queue everything that failed for good again."""
    site: Site = request.app.state.site
    with queue_admin.open_redis(site.settings) as client:
        queue_admin.retry_failed(client, site.settings)
    return _redirect_with_notice("retried")


@router.post("/failures/forget")
def forget(request: Request, user: Admin) -> Response:
    """Empty the list of failures."""
    site: Site = request.app.state.site
    with queue_admin.open_redis(site.settings) as client:
        queue_admin.delete_failed(client, queue_admin.list_dead_letters(client))
    return _redirect_with_notice("forgotten")


def failures(site: Site) -> list[DeadLetter]:
    """What failed for good, the latest first."""
    with queue_admin.open_redis(site.settings) as client:
        return queue_admin.list_dead_letters(client)[:FAILURES_SHOWN]


def _redirect_with_notice(what: str) -> Response:
    return RedirectResponse(f"/admin?said={quote(what)}", 303)
