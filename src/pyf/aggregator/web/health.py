"""Whether the process lives, and whether what it needs answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from ..errors import AggregatorError
from .site import Site

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Dependency:
    """A service that pages need: whether it answers, otherwise why not."""

    name: str
    ok: bool
    reason: str | None = None


@router.get("/health")
def health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/ready")
def ready(request: Request) -> JSONResponse:
    """Every service that pages need, with the reason where one does not answer."""
    site: Site = request.app.state.site
    found = dependencies(site)
    shown = site.part(site.snapshot).value
    body: dict[str, Any] = {
        "ready": all(item.ok for item in found),
        "load": shown.id if shown else None,
        "dependencies": {
            item.name: {"ok": item.ok, **({"reason": item.reason} if item.reason else {})}
            for item in found
        },
    }
    return JSONResponse(body, 200 if body["ready"] else 503, {"Cache-Control": "no-store"})


def dependencies(site: Site) -> list[Dependency]:
    """Ask each service for a sign of life."""
    return [
        _check_dependency(
            "search", lambda: site.search.call(lambda client: client.operations.is_healthy())
        ),
        _check_dependency("store", lambda: site.store.query("SELECT 1")),
    ]


def _check_dependency(name: str, ask: Callable[[], object]) -> Dependency:
    try:
        ask()
    except AggregatorError as error:
        return Dependency(name, False, str(error))
    return Dependency(name, True)
