"""Load advisories, then write vulnerabilities and warnings to the documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..enrich import advisories
from ..enrich.security import SecurityOptions, SecurityResult, enrich_security
from ..errors import AggregatorError
from ..settings import Settings
from ..store import Store
from .context import Context
from .operation import Operation, Progress, Stop, as_details, problems_of
from .report import Report


@dataclass(frozen=True)
class SecurityStepOptions:
    """``limit`` is of projects."""

    limit: int | None = None


@dataclass(frozen=True)
class AdvisoryUpdate:
    """What came of loading advisories: the account, what is missing, records not readable."""

    account: dict[str, Any] | None
    missing: tuple[str, ...]
    unreadable: dict[str, str]


def run(context: Context, options: SecurityStepOptions, progress: Progress, stop: Stop) -> Report:
    """Load OSV's advisories and mark documents by them; by those of before where it fails.

    Raises ``StoreNotSetUp``, the errors of ``enrich.security``.
    """
    with context.open_store() as store:
        update = _load_advisories(context.settings, store)
        wanted = SecurityOptions(
            context.collection,
            limit=options.limit,
            report=lambda done, total: progress.update("projects", done, total),
            stop=stop,
        )
        result = enrich_security(store, context.server, wanted)
    return _report(context, update, result)


def _load_advisories(settings: Settings, store: Store) -> AdvisoryUpdate:
    try:
        loaded, kept = advisories.load_or_keep(settings, store)
    except AggregatorError as error:  # warnings need no advisories
        return AdvisoryUpdate(None, (f"advisories were not brought up to date: {error}",), {})
    if loaded is None:
        return AdvisoryUpdate(None, (kept,) if kept else (), {})
    return AdvisoryUpdate(loaded.as_dict(), (kept,) if kept else (), dict(loaded.unreadable))


def _report(context: Context, update: AdvisoryUpdate, result: SecurityResult) -> Report:
    complete = result.complete and not update.missing and not update.unreadable
    counts = {
        "projects": result.projects,
        "vulnerable": result.vulnerable,
        "flagged": result.malicious + result.quarantined + result.typosquats,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "refused": len(result.refused),
        "failed": len(result.failed),
    }
    return Report(
        "security",
        context.collection,
        state="done" if complete else "partly",
        counts=counts,
        problems=problems_of(result.failed, result.refused, update.unreadable),
        missing=update.missing,
        notes=tuple(result.notes),
        details={"advisories": update.account, **as_details(result.as_dict(), *counts)},
    )


SECURITY = Operation(
    "security", "Load advisories and mark documents by them", SecurityStepOptions, run
)
