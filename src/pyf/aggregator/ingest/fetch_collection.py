"""One run from settings to summary: connects what a run needs, and lets go of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import uvloop

from ..errors import SafetyStop
from ..http import Fetcher, FetchPolicy
from ..index import SearchServer, collections
from ..index.collections import AliasTarget
from ..index.recreation import Recreation
from ..profile import Profile
from ..registries.discovery import Discovery
from ..registries.pypi import PyPI
from ..settings import Settings, mask_credentials
from .cursor import CursorStore
from .discovery import discovery_for
from .fetch_result import FetchResult
from .mismatches import Mismatches
from .runs import IngestRun, RunScope

FetchMode = Literal["full", "incremental", "refresh", "recreate"]
"""``recreate`` is a full fetch into a new version of the collection."""


@dataclass(frozen=True)
class FetchOptions:
    """What to do: ``profile.collection`` names the collection that is written.

    ``keep_old`` keeps the version before when the collection is recreated; ``step`` is told of
    its steps, with the documents done and those there are. ``stop`` and
    ``removed_before`` are those of ``Run``; a recreation is not stopped.
    """

    profile: Profile
    mode: FetchMode
    cursor_store: CursorStore
    discovery_method: str = "auto"
    scope: RunScope = field(default_factory=RunScope)
    keep_old: bool = False
    may_remove: Callable[[int, int], bool] = lambda _removed, _total: False
    report: Callable[[FetchResult, int], None] = lambda _summary, _total: None
    step: Callable[[str, int, int], None] = lambda _step, _done, _total: None
    stop: Callable[[], bool] = lambda: False
    removed_before: int = 0


def aggregate(settings: Settings, server: SearchServer, order: FetchOptions) -> FetchResult:
    """Run an order to its end and return the account of it.

    Raises the errors of ``errors.py``; ``KeyboardInterrupt`` leaves what is done done.
    """
    memory = Mismatches(
        settings.pyf_data_dir / "mismatches.sqlite", order.profile, settings.pypi_url
    )
    try:
        if order.mode == "recreate":
            return _recreate(settings, server, order, memory)
        return _run(server, _aggregate(settings, server, order, memory))
    finally:
        memory.close()


def _run(server: SearchServer, work: Coroutine[Any, Any, FetchResult]) -> FetchResult:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        # One thread beside the loop: writes keep their order, and memory stays in one arena.
        runner.get_loop().set_default_executor(ThreadPoolExecutor(1, "writer"))
        try:
            return runner.run(work)
        except KeyboardInterrupt:
            # The writer may be waiting for a server that is away, and the loop for the writer.
            server.stop_retrying()
            raise


def _recreate(
    settings: Settings, server: SearchServer, order: FetchOptions, memory: Mismatches
) -> FetchResult:
    """Copy the collection to its next version, fetch everything into that, then let it take over.

    What the old version gets meanwhile is brought over; what was copied and cannot be fetched
    now stays as it was.
    """
    with Recreation(
        server,
        order.profile.collection,
        settings.pyf_data_dir,
        keep_old=order.keep_old,
        own_synonyms=[group.as_item() for group in order.profile.synonyms],
        max_lost_share=settings.pyf_max_delete_share,
        may_lose=order.may_remove,
        report=order.step,
    ) as recreation:
        if recreation.is_switched:
            summary = FetchResult(notes=["an interrupted recreation was carried to its end"])
        else:
            recreation.copy()
            try:
                summary = _run(server, _aggregate(settings, server, order, memory, recreation))
            except SafetyStop:
                recreation.abort()
                raise
        result = recreation.finish()
        summary.refused += result.refused
        if result.kept_for:
            others = ", ".join(result.kept_for)
            summary.notes.append(f"{result.old} is kept for the alias {others}")
        return summary


def printable_url(settings: Settings) -> str:
    """The upstream's address as it may be printed."""
    return mask_credentials(settings.pypi_url)


async def _aggregate(
    settings: Settings,
    server: SearchServer,
    order: FetchOptions,
    memory: Mismatches,
    recreation: Recreation | None = None,
) -> FetchResult:
    policy = FetchPolicy.for_pypi(settings)
    async with Fetcher(settings.pypi_url, policy, contact=settings.pyf_contact) as fetcher:
        pypi = PyPI(fetcher)
        way = None
        if not order.profile.matches_all:
            way = discovery_for(order.discovery_method, pypi, settings, order.profile.match)

        def run_for(target: AliasTarget) -> IngestRun:
            return IngestRun(
                pypi=pypi,
                server=server,
                target=target,
                profile=order.profile,
                cursor_store=order.cursor_store,
                mismatches=memory,
                scope=order.scope,
                batch_size=settings.pypi_batch_size,
                max_delete_share=settings.pyf_max_delete_share,
                may_remove=order.may_remove,
                report=order.report,
                stop=order.stop,
                removed_before=order.removed_before,
            )

        if recreation is not None:
            run = run_for(recreation.target)
            run.commit = recreation.switch
            return await run.full(way, rebuild=True)
        return await _run_mode(server, order, way, run_for)


async def _run_mode(
    server: SearchServer,
    order: FetchOptions,
    way: Discovery | None,
    run_for: Callable[[AliasTarget], IngestRun],
) -> FetchResult:
    name = order.profile.collection
    if order.mode == "full":
        own = [group.as_item() for group in order.profile.synonyms]
        return await run_for(collections.ensure(server, name, own)).full(way)
    target = collections.require(server, name)
    collections.check_schema(server, target)
    run = run_for(target)
    return await (run.refresh() if order.mode == "refresh" else run.incremental(way))
