"""Errors as answers: problem details (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ..errors import AggregatorError, NotFound, ServiceUnreachable, UsageError
from ..store import StoreNotSetUp
from . import templating
from .site import service_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/badge/", "/embed/", "/feeds/", "/health", "/ready")


def install(app: FastAPI) -> None:
    """Answer every error of the application in one of the two shapes."""
    app.add_exception_handler(AggregatorError, _aggregator_problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected_problem)


def problem(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """An error as the one who asked can read it."""
    title = HTTPStatus(status).phrase
    if request.url.path.startswith(FOR_PROGRAMS) or not _reads_html(request):
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": request.url.path,
        }
        return JSONResponse(body, status, headers, MEDIA_TYPE)
    page = templating.page(
        request, "error.html", {"title": title, "status": status, "detail": detail}, status=status
    )
    page.headers.update(headers or {})
    return page


def _reads_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "text/html")


async def _aggregator_problem(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFound):
        return problem(request, 404, str(error))
    if isinstance(error, UsageError):
        return problem(request, 400, str(error))
    if isinstance(error, ServiceUnreachable | StoreNotSetUp):
        log.warning("%s", error)
        service = (
            service_of(error) if isinstance(error, ServiceUnreachable) else "the statistics store"
        )
        detail = f"{service} does not answer at the moment"
        return problem(request, 503, detail, {"Retry-After": "30"})
    log.error("%s", error)
    return problem(request, 502, str(error))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return problem(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    told = [f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors()]
    return problem(request, 422, "; ".join(told))


async def _unexpected_problem(request: Request, error: Exception) -> Response:
    log.error("unexpected error at %s", request.url.path, exc_info=error)
    return problem(request, 500, "something went wrong here; it has been noted")
