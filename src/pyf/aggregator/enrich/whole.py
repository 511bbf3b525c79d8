"""Everything that can be known of a profile's projects, brought to its collection in one run.

Each step is what a command of its own does. A step that cannot be done for lack of something that
was never set up is skipped, one that fails does not keep the others from being done; a run says
of each how it ended. The schedule of the queue does the same, each step at its own time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import AggregatorError
from ..index import RefusedDocument, SearchServer, collections
from ..ingest.cursor import CursorStore
from ..ingest.fetch_collection import FetchMode, aggregate
from ..ingest.fetch_collection import FetchOptions as FetchOrder
from ..ingest.runs import RunScope
from ..profile import Profile
from ..settings import Settings
from ..store import Store, StoreNotSetUp, open_store
from . import advisories
from .downloads import DownloadsOptions as DownloadsWanted
from .downloads import enrich_downloads
from .github import GitHubOptions as GitHubOrder
from .github import enrich_github
from .github_report import ProblemReport
from .health import HealthOptions as HealthWanted
from .health import enrich_health
from .security import SecurityOptions as SecurityWanted
from .security import enrich_security

State = Literal["done", "partly", "skipped", "failed"]


@dataclass(frozen=True)
class Job:
    """What a run works for: the collection is ``profile.collection``.

    ``full`` fetches every project even where a serial was reached before. ``limit`` is of projects,
    in each step. ``report`` is called within a step with what is done, how much of it, and how
    much there is; ``told`` with the seconds that a limit is waited for, at the most
    ``longest_wait`` at once. ``may_remove`` is asked as that of ``ingest.session.Order``.
    """

    settings: Settings
    server: SearchServer
    profile: Profile
    since: CursorStore
    full: bool = False
    way: str = "auto"
    limit: int | None = None
    longest_wait: float = 300.0
    ask_api: bool = True
    report_dir: Path | None = None
    may_remove: Callable[[int, int], bool] = lambda _removed, _total: False
    report: Callable[[str, int, int], None] = lambda _what, _done, _total: None
    told: Callable[[float], None] = lambda _seconds: None

    @property
    def collection(self) -> str:
        """The collection that is written."""
        return self.profile.collection

    def report_projects(self, done: int, total: int) -> None:
        """Report what is done project by project."""
        self.report("projects", done, total)


@dataclass(frozen=True)
class Did:
    """How a step ended: ``figures`` are what a summary shows, ``missing`` what is not there.

    ``account`` is all of it for machines. ``reason`` says why a step was skipped or failed.
    """

    state: State
    figures: Mapping[str, int] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    missing: Sequence[str] = ()
    reason: str = ""
    exit_status: int = 0


@dataclass(frozen=True)
class Step:
    """One part of a run. ``run`` raises ``AggregatorError`` where it fails as a whole."""

    name: str
    run: Callable[[Job], Did]


@dataclass(frozen=True)
class Ended:
    """A step that was done, and its seconds."""

    step: str
    did: Did
    seconds: float


@dataclass
class Whole:
    """The account of a run, step by step in their order."""

    collection: str
    ended: list[Ended] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when every step is done that could be begun."""
        return all(each.did.state in ("done", "skipped") for each in self.ended)

    @property
    def exit_status(self) -> int:
        """0, 4 where something is missing, or that of the first failure where nothing was done."""
        failures = [each.did.exit_status for each in self.ended if each.did.state == "failed"]
        was_any_done = any(each.did.state in ("done", "partly") for each in self.ended)
        if failures and not was_any_done:
            return failures[0]
        return 0 if self.complete else 4

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(each.seconds for each in self.ended)

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        return {
            "collection": self.collection,
            "complete": self.complete,
            "seconds": round(self.seconds, 3),
            "steps": [
                {
                    "step": each.step,
                    "state": each.did.state,
                    "seconds": round(each.seconds, 3),
                    "reason": each.did.reason,
                    "account": each.did.account,
                }
                for each in self.ended
            ],
        }


def fetch(job: Job) -> Did:
    """Bring what changed since the serial reached, or everything where there is none."""
    begun = job.since.read(job.collection) and collections.resolve(job.server, job.collection)
    mode: FetchMode = "incremental" if begun and not job.full else "full"
    order = FetchOrder(
        job.profile,
        mode,
        job.since,
        discovery_method=job.way,
        scope=RunScope(limit=job.limit),
        may_remove=job.may_remove,
        report=lambda summary, total: job.report("projects", summary.seen, total),
        step=job.report,
    )
    done = aggregate(job.settings, job.server, order)
    return Did(
        "done" if done.complete else "partly",
        {"matched": done.matched, "indexed": done.indexed, "removed": done.removed},
        {"mode": mode, **done.as_dict()},
        done.notes,
        [*_failed(done.failed), *_refused(done.refused)],
    )


def github(job: Job) -> Did:
    """Bring GitHub's facts; they are kept in the store, and only with a token worth it without."""
    has_token = bool(job.settings.github_token)
    notes = [] if has_token else ["without GITHUB_TOKEN, GitHub answers 60 requests an hour"]
    with _store(job.settings, needed=not has_token) as store:
        if store is None:
            notes.append("without a statistics store, every run asks GitHub for all facts")
        with ProblemReport(job.report_dir, job.collection) as problems:
            order = GitHubOrder(
                job.collection,
                limit=job.limit,
                longest_wait=job.longest_wait,
                report=job.report,
                on_wait=job.told,
            )
            done = enrich_github(job.settings, job.server, store, order, problems)
    missing = [f"{done.stopped}; {done.left} projects are left"] if done.stopped else []
    return Did(
        "done" if done.complete else "partly",
        {
            "projects": done.projects,
            "with facts": done.with_facts,
            "requests": done.requests,
            "documents updated": done.written.updated,
        },
        done.as_dict(),
        notes,
        [*missing, *_failed(done.failed), *_refused(done.written.refused)],
    )


def downloads(job: Job) -> Did:
    """Bring download counts; there have to be some in the store, else it would take hours."""
    with open_store(job.settings) as store:
        if store.snapshot().data_through is None:
            return Did("skipped", reason="no downloads are loaded yet; `pyfa stats load` does it")
    wanted = DownloadsWanted(
        job.collection,
        limit=job.limit,
        ask_api=job.ask_api,
        progress=lambda source, done, total: job.report(f"projects from {source}", done, total),
    )
    done = enrich_downloads(job.settings, job.server, wanted)
    return Did(
        "done" if done.complete else "partly",
        {
            "projects": done.projects,
            "counted": done.from_store + done.from_api,
            "documents updated": done.updated,
        },
        done.as_dict(),
        done.notes,
        [*_failed(done.failed), *_refused(done.refused)],
    )


def security(job: Job) -> Did:
    """Bring the advisories up to date, and what follows to documents; else by those there are."""
    account: dict[str, Any] = {}
    missing: list[str] = []
    with open_store(job.settings, readonly=False) as store:
        try:
            loaded, kept = advisories.load_or_keep(job.settings, store)
            account["advisories"] = loaded.as_dict() if loaded else None
            missing += [kept] if kept else []
            missing += _unreadable(loaded.unreadable if loaded else {})
        except AggregatorError as error:  # flags need none
            missing.append(f"advisories were not brought up to date: {error}")
        wanted = SecurityWanted(job.collection, limit=job.limit, report=job.report_projects)
        done = enrich_security(store, job.server, wanted)
    return Did(
        "partly" if missing or not done.complete else "done",
        {
            "projects": done.projects,
            "vulnerable documents": done.vulnerable,
            "flagged": done.malicious + done.quarantined + done.typosquats,
            "documents updated": done.updated,
        },
        {**account, **done.as_dict()},
        done.notes,
        [*missing, *_failed(done.failed), *_refused(done.refused)],
    )


def health(job: Job) -> Did:
    """Judge all projects by what the steps before have brought."""
    wanted = HealthWanted(job.collection, limit=job.limit, report=job.report_projects)
    done = enrich_health(job.settings, job.server, wanted)
    return Did(
        "done" if done.complete else "partly",
        {
            "projects": done.projects,
            "mean": round(done.mean or 0),
            "documents updated": done.updated,
        },
        done.as_dict(),
        done.notes,
        [*_failed(done.failed), *_refused(done.refused)],
    )


STEPS = (
    Step("fetch", fetch),
    Step("github", github),
    Step("downloads", downloads),
    Step("security", security),
    Step("health", health),
)
"""All steps, each behind those whose facts it needs."""


def run(
    job: Job,
    steps: Sequence[Step] = STEPS,
    begun: Callable[[str], None] = lambda _step: None,
    ended: Callable[[Ended], None] = lambda _ended: None,
    skip: Collection[str] = (),
) -> Whole:
    """Do the steps one after the other; tell of each as it begins and as it has ended.

    Raises the error of a step that leaves no documents that others could work on.
    """
    whole = Whole(job.collection)
    for step in steps:
        if step.name in skip:
            continue
        begun(step.name)
        start = time.monotonic()
        did = _do(job, step)
        whole.ended.append(Ended(step.name, did, time.monotonic() - start))
        ended(whole.ended[-1])
    return whole


def _do(job: Job, step: Step) -> Did:
    try:
        return step.run(job)
    except StoreNotSetUp as error:
        return Did("skipped", reason=str(error))
    except AggregatorError as error:
        target = collections.resolve(job.server, job.collection)
        if target is None or not collections.document_count(job.server, target.collection):
            raise
        return Did("failed", reason=str(error), exit_status=error.exit_status)


@contextmanager
def _store(settings: Settings, *, needed: bool) -> Iterator[Store | None]:
    """The store for writing; None where none was set up and it is not ``needed``."""
    try:
        store = open_store(settings, readonly=False)
    except StoreNotSetUp:
        if needed:
            raise
        yield None
        return
    with store:
        yield store


def _failed(failed: Mapping[str, str]) -> list[str]:
    return [f"no answer for {name}: {why}" for name, why in failed.items()]


def _unreadable(records: Mapping[str, str]) -> list[str]:
    return [f"advisory {id_} cannot be read: {why}" for id_, why in records.items()]


def _refused(refused: Sequence[RefusedDocument]) -> list[str]:
    return [f"refused {item.id}: {item.reason}" for item in refused]
