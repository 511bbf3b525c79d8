"""Fetch projects from the registry into the collection: what changed, or everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..index import collections
from ..ingest.fetch_collection import FetchMode, FetchOptions, aggregate
from ..ingest.runs import RunScope
from .context import Context
from .operation import Operation, Progress, Stop, as_details, problems_of
from .report import Report


@dataclass(frozen=True)
class FetchStepOptions:
    """``full`` fetches every project even where a serial was reached before.

    ``limit`` is of projects. ``may_remove(removed, total)`` is asked when more documents would be
    removed than ``PYF_MAX_DELETE_SHARE`` allows.
    """

    full: bool = False
    discovery_method: str = "auto"
    limit: int | None = None
    may_remove: Callable[[int, int], bool] = lambda _removed, _total: False


def run(context: Context, options: FetchStepOptions, progress: Progress, stop: Stop) -> Report:
    """Fetch what changed since the serial reached, everything where there is none.

    Raises the errors of ``ingest.fetch_collection.aggregate``.
    """
    mode = _mode(context, full=options.full)
    order = FetchOptions(
        context.profile,
        mode,
        context.cursor_store,
        discovery_method=options.discovery_method,
        scope=RunScope(limit=options.limit),
        may_remove=options.may_remove,
        report=lambda result, total: progress.update("projects", result.seen, total),
        step=progress.update,
        stop=stop,
    )
    result = aggregate(context.settings, context.server, order)
    counts = {
        "projects": result.seen,
        "matched": result.matched,
        "unchanged_projects": result.unchanged,
        "indexed": result.indexed,
        "removed": result.removed,
        "refused": len(result.refused),
        "failed": len(result.failed),
        "requests": result.requests,
        "retries": result.retries,
    }
    return Report(
        "fetch",
        context.collection,
        state="done" if result.complete else "partly",
        counts=counts,
        problems=problems_of(result.failed, result.refused),
        notes=tuple(result.notes),
        details={"mode": mode, **as_details(result.as_dict(), "seen", "unchanged", *counts)},
    )


def _mode(context: Context, *, full: bool) -> FetchMode:
    reached = context.cursor_store.read(context.collection)
    has_collection = reached and collections.resolve(context.server, context.collection)
    return "incremental" if has_collection and not full else "full"


FETCH = Operation("fetch", "Fetch projects from PyPI into the collection", FetchStepOptions, run)
