"""Write GitHub's facts to the documents of the collection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..enrich.github import GitHubOptions, GitHubResult, enrich_github
from ..enrich.github_report import ProblemReport
from ..store import Store, StoreNotSetUp
from .context import Context
from .operation import Operation, Progress, Stop, as_details, problems_of
from .report import Report

NO_TOKEN = "without GITHUB_TOKEN, GitHub answers 60 requests an hour"  # noqa: S105 - a sentence
NO_STORE = "without a statistics store, every run asks GitHub for all facts"


@dataclass(frozen=True)
class GitHubStepOptions:
    """``limit`` is of projects, ``longest_wait`` the seconds to wait for a rate limit at once."""

    limit: int | None = None
    longest_wait: float = 300.0
    report_dir: Path | None = None


def run(context: Context, options: GitHubStepOptions, progress: Progress, stop: Stop) -> Report:
    """Fetch the facts of the projects' repositories and write them to all their documents.

    Without a token a run takes hours: it needs the store then, which keeps what was learned.
    Raises ``StoreNotSetUp`` in that case, otherwise the errors of ``enrich.github``.
    """
    has_token = bool(context.settings.github_token)
    notes = [] if has_token else [NO_TOKEN]
    with context.optional_store() as store:
        if store is None and not has_token:
            raise StoreNotSetUp()
        if store is None:
            notes.append(NO_STORE)
        result = _enrich(context, options, progress, stop, store)
    return _report(context, result, notes)


def _enrich(
    context: Context,
    options: GitHubStepOptions,
    progress: Progress,
    stop: Stop,
    store: Store | None,
) -> GitHubResult:
    with ProblemReport(options.report_dir, context.collection) as problems:
        order = GitHubOptions(
            context.collection,
            limit=options.limit,
            longest_wait=options.longest_wait,
            report=progress.update,
            on_wait=progress.wait,
            stop=stop,
        )
        return enrich_github(context.settings, context.server, store, order, problems)


def _report(context: Context, result: GitHubResult, notes: list[str]) -> Report:
    missing = (f"{result.stopped}; {result.left} projects are left",) if result.stopped else ()
    counts = {
        "projects": result.projects,
        "covered": result.with_facts,
        "requests": result.requests,
        "updated": result.written.updated,
        "unchanged": result.written.unchanged,
        "refused": len(result.written.refused),
        "failed": len(result.failed),
    }
    return Report(
        "github",
        context.collection,
        state="done" if result.complete else "partly",
        counts=counts,
        problems=problems_of(result.failed, result.written.refused),
        missing=missing,
        notes=tuple(notes),
        details=as_details(result.as_dict(), *counts),
    )


GITHUB = Operation("github", "Write GitHub's facts to the documents", GitHubStepOptions, run)
