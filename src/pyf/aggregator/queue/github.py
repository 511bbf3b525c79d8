"""GitHub's facts for projects and whole collections, in parts that end in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from celery.utils.log import get_task_logger

from ..enrich.github import GitHubOptions, GitHubResult, enrich_github
from ..enrich.github_report import ProblemReport
from ..errors import NotFound, ServiceUnreachable
from ..index import collections
from ..names import normalize_name
from ..store import Store, StoreNotSetUp, open_store
from .collection_runs import CollectionJob
from .context import WorkerContext
from .locks import Busy

log = get_task_logger(__name__)

LONGEST_WAIT = 30.0
"""Seconds for which a task waits for a limit of GitHub's; beyond that it comes back later."""
LONGEST_DELAY = 300.0
"""Seconds after which a task that waits for a limit looks again: a message that is put off for
longer than the broker's visibility timeout would be delivered twice."""
TASK = "update_github_all"
ONCE = 3_600
"""Seconds within which a new project is queued once, however many ways it came in by."""


def should_fetch(room: WorkerContext, name: str) -> bool:
    """Whether to ask GitHub now for a project that has just come into a collection.

    Without a token the 60 requests an hour are left to the weekly task, which chooses better.
    """
    if not room.settings.github_token:
        return False
    return all(room.dedup.claim([f"pyf:dedup:github:{normalize_name(name)}"], ONCE))


def collection_to_update(
    room: WorkerContext, work: Sequence[CollectionJob], rest: Mapping[str, Any] | None
) -> str | None:
    """The collection of which a fetch has just ended, if GitHub is to be asked for what is new.

    ``rest`` are the arguments of the task that goes on: with the same collection, it did not end.
    """
    if not work or not room.settings.github_token:
        return None
    collection = work[0].collection
    return None if rest and rest.get("collection_name") == collection else collection


def update_project(room: WorkerContext, name: str) -> None:
    """Bring the facts of one project to every collection that has it.

    Raises ``ServiceUnreachable`` while GitHub's limit is used up.
    """
    with _store(room) as store:
        for stock in room.active_profiles.current():
            order = GitHubOptions(
                stock.target.alias, name=name, contributors=None, longest_wait=LONGEST_WAIT
            )
            try:
                outcome = _enrich(room, store, order)
            except NotFound:
                continue  # this collection does not have it
            if outcome.stopped:
                raise ServiceUnreachable("GitHub", str(outcome.stopped))


def update_collections(
    room: WorkerContext, names: list[str] | None, not_before: float, stop: Callable[[], bool]
) -> dict[str, Any] | None:
    """Bring the facts of whole collections, all that are followed or those that are left.

    Returns the arguments of the task to go on with: ``collections`` and ``not_before``, the
    moment in Unix seconds before which GitHub is not to be asked.
    """
    if names is None:
        names = [stock.target.alias for stock in room.active_profiles.current()]
    if not names or time.time() < not_before:
        return {"collections": names, "not_before": not_before} if names else None
    first, *later = names
    try:
        with room.locks.hold(f"github:{first}"), _store(room) as store:
            if store is None:
                log.warning("GitHub's facts of collections are kept in the store: none is set up")
                return None
            outcome = _all(room, store, first, stop)
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.record_end(TASK, "refused")
        return _rest(later)
    log.info("GitHub's facts of %s: %s", first, outcome.as_dict())
    if outcome.stopped:
        return {"collections": names, "not_before": outcome.stopped.until.timestamp()}
    return _rest(names if outcome.left or outcome.contributors_left else later)


def resume_delay(arguments: dict[str, Any]) -> float:
    """Seconds after which to go on with such arguments."""
    return min(LONGEST_DELAY, max(0.0, float(arguments["not_before"]) - time.time()))


def _all(
    room: WorkerContext, store: Store, collection: str, stop: Callable[[], bool]
) -> GitHubResult:
    order = GitHubOptions(collection, contributors=None, longest_wait=LONGEST_WAIT, stop=stop)
    try:
        return _enrich(room, store, order)
    except NotFound:
        return GitHubResult()  # it was removed meanwhile


def _enrich(room: WorkerContext, store: Store | None, order: GitHubOptions) -> GitHubResult:
    collections.check_schema(room.server, collections.require(room.server, order.collection))
    with ProblemReport(None, order.collection) as problems:
        return enrich_github(room.settings, room.server, store, order, problems)


def _rest(names: list[str]) -> dict[str, Any] | None:
    return {"collections": names, "not_before": 0.0} if names else None


@contextmanager
def _store(room: WorkerContext) -> Iterator[Store | None]:
    try:
        store = open_store(room.settings, readonly=False)
    except StoreNotSetUp:
        yield None
        return
    with store:
        yield store
