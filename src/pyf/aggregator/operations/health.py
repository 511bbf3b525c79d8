"""Score the projects of the collection and write scores and insights to the documents."""

from __future__ import annotations

from dataclasses import dataclass

from ..enrich.health import HealthOptions, enrich_health
from .context import Context
from .operation import Operation, Progress, Stop, as_details, problems_of
from .report import Report


@dataclass(frozen=True)
class HealthStepOptions:
    """``limit`` is of projects."""

    limit: int | None = None


def run(context: Context, options: HealthStepOptions, progress: Progress, stop: Stop) -> Report:
    """Score all projects by the facts on their documents.

    Raises the errors of ``enrich.health``.
    """
    wanted = HealthOptions(
        context.collection,
        limit=options.limit,
        report=lambda done, total: progress.update("projects", done, total),
        stop=stop,
    )
    result = enrich_health(context.settings, context.server, wanted)
    counts = {
        "projects": result.projects,
        "mean_score": round(result.mean or 0),
        "updated": result.updated,
        "unchanged": result.unchanged,
        "refused": len(result.refused),
        "failed": len(result.failed),
    }
    return Report(
        "health",
        context.collection,
        state="done" if result.complete else "partly",
        counts=counts,
        problems=problems_of(result.failed, result.refused),
        notes=tuple(result.notes),
        details=as_details(result.as_dict(), *counts),
    )


HEALTH = Operation("health", "Score the projects and list insights", HealthStepOptions, run)
