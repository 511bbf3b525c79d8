"""Looking at one project for all profiles, one task at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import uvloop
from celery.exceptions import SoftTimeLimitExceeded
from celery.utils.log import get_task_logger

from ..ingest.multi_profile import (
    DEFAULT_OPTIONS,
    ActiveProfile,
    InspectOptions,
    InspectResult,
    LastInspection,
    ProjectRequest,
    inspect_project,
)
from . import time_limits
from .context import WorkerContext

log = get_task_logger(__name__)

Package = str | dict[str, Any]
"""A project: its name, or ``{"package_id": name, "release_id": version}``."""


def project_request(
    package: Package, serial: int = 0, version: str | None = None
) -> ProjectRequest:
    """Read the ways in which a project may be named; ``UsageError`` if it is none."""
    if isinstance(package, dict):
        name = package.get("package_id") or package.get("name") or ""
        version = version or package.get("release_id") or package.get("version")
        serial = serial or int(package.get("serial") or 0)
        return ProjectRequest.of(str(name), serial, version)
    return ProjectRequest.of(package, serial, version)


def run_inspection(
    room: WorkerContext, wanted: ProjectRequest, terms: InspectOptions = DEFAULT_OPTIONS
) -> InspectResult:
    """Bring a project into every collection it belongs to, and take it out of the others.

    Raises ``Busy`` while somebody else looks at it (an older answer must not be written over a
    newer one), ``SoftTimeLimitExceeded`` when the time is over, and the errors of ``look``.
    """
    with room.locks.hold(f"project:{wanted.name}", needed=False):
        stocks = room.active_profiles.current()
        seen = room.seen.get(wanted.name, stocks)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcome = runner.run(_within(room, wanted, terms, seen, stocks))
        room.seen.note(wanted.name, stocks, outcome.inspection)
    room.stats.record_inspection(outcome)
    for refusal in outcome.refused:
        log.warning("%s is not in the index: %s", refusal.id, refusal.reason)
    return outcome


async def _within(
    room: WorkerContext,
    wanted: ProjectRequest,
    terms: InspectOptions,
    seen: LastInspection | None,
    stocks: Sequence[ActiveProfile],
) -> InspectResult:
    seconds = time_limits.remaining_seconds(room.soft_limit)
    try:
        async with asyncio.timeout(min(seconds, room.soft_limit)):
            return await inspect_project(
                room.upstream.source,
                room.server,
                stocks,
                wanted,
                policy=room.upstream.policy,
                seen=seen,
                terms=terms,
            )
    except TimeoutError:
        raise SoftTimeLimitExceeded from None
