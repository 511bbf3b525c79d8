"""Write download counts to the documents of the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ..enrich.downloads import DownloadsOptions, enrich_downloads
from ..store import open_store
from .context import Context
from .operation import Operation, Progress, Stop, as_details, problems_of
from .report import Report


@dataclass(frozen=True)
class DownloadsStepOptions:
    """``limit`` is of projects; without ``ask_api`` only the store is asked."""

    limit: int | None = None
    ask_api: bool = True


def run(context: Context, options: DownloadsStepOptions, progress: Progress, stop: Stop) -> Report:
    """Write the counts of the store, and of the API for what the store lacks.

    Skipped while no downloads are loaded: asking the API for every project would take hours.
    Raises ``StoreNotSetUp``, the errors of ``enrich.downloads``.
    """
    with open_store(context.settings) as store:
        if store.snapshot().data_through is None:
            reason = "no downloads are loaded yet; `pyfa stats load` does it"
            return Report("downloads", context.collection, state="skipped", reason=reason)
    wanted = DownloadsOptions(
        context.collection,
        limit=options.limit,
        ask_api=options.ask_api,
        progress=lambda source, done, total: progress.update(
            f"projects from {source}", done, total
        ),
        stop=stop,
    )
    result = enrich_downloads(context.settings, context.server, wanted)
    counts = {
        "projects": result.projects,
        "covered": result.from_store + result.from_api,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "refused": len(result.refused),
        "failed": len(result.failed),
    }
    return Report(
        "downloads",
        context.collection,
        state="done" if result.complete else "partly",
        counts=counts,
        problems=problems_of(result.failed, result.refused),
        notes=tuple(result.notes),
        details=as_details(result.as_dict(), *counts),
    )


DOWNLOADS = Operation(
    "downloads", "Write download counts to the documents", DownloadsStepOptions, run
)
