"""Health scores and insights brought to the documents of a collection, and kept in the store.

The documents of the latest releases are read once, as a stream; they hold the facts that the steps
before have brought from GitHub and from the store. Only what was computed of them is held, then
written to all documents of each project.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..documents import health_weights
from ..documents.health import HealthFacts, health_score
from ..documents.health_facts import FACT_FIELDS, facts_of
from ..documents.insights import find_insights
from ..index import SearchServer, filters
from ..settings import Settings
from ..store import Store, StoreNotSetUp, open_store, scores
from ..store.scores import HealthScore
from .document_updates import Facts, UpdateOptions, UpdateResult, facts_by_name, update_documents

FIELDS = ("health_score", "health_score_breakdown", "health_score_version", "insights")
STAMP = "health_score_last_calculated"
PYPI = filters.equals("registry", "pypi")
LATEST = f"{PYPI} && is_latest:=true"
FRESH_SECONDS = 20 * 3600
"""A score that did not change is stamped anew once a day."""
NO_STORE = "there is no statistics store: scores stand in the index only, without lists"


@dataclass(frozen=True)
class HealthOptions:
    """Which projects of a collection: beyond ``after``, ``limit`` of them at most.

    ``now`` is a moment of the day (UTC) to judge by, in Unix seconds; 0 is the present.
    """

    collection: str
    after: str = ""
    limit: int | None = None
    now: int = 0
    report: Callable[[int, int], None] = lambda _done, _total: None
    stop: Callable[[], bool] = lambda: False

    @property
    def is_whole(self) -> bool:
        """True when no project is left out."""
        return not self.after and self.limit is None


@dataclass
class HealthResult(UpdateResult):
    """The account: the mean score, and how many projects each insight holds of."""

    mean: float | None = None
    insights: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        mean = None if self.mean is None else round(self.mean, 1)
        return {**super().as_dict(), "mean": mean, "insights": dict(self.insights)}


def enrich_health(settings: Settings, server: SearchServer, wanted: HealthOptions) -> HealthResult:
    """Judge the collection's projects on PyPI and bring the scores to all their documents.

    Raises the errors of the search server, and ``ServiceUnreachable`` where there is a store that
    does not answer. What was written stays.
    """
    begun = time.monotonic()
    now = wanted.now or int(time.time())
    judged = dict(
        _select_projects(_scored_projects(server, wanted.collection, end_of_day(now)), wanted)
    )
    order = UpdateOptions(
        wanted.collection,
        FIELDS,
        stamp=STAMP,
        fresh_from=now - FRESH_SECONDS,
        report=wanted.report,
        stop=wanted.stop,
    )
    facts = facts_by_name({name: _fields(scored, now) for name, scored in judged.items()})
    account = HealthResult(**vars(update_documents(server, order, judged, facts)))
    if not account.stopped_after:
        _store_scores(settings, wanted, judged, now, account)
    if judged:
        account.mean = sum(each.score for each in judged.values()) / len(judged)
    account.insights.update(name for each in judged.values() for name in each.insights)
    account.seconds = time.monotonic() - begun
    return account


def end_of_day(now: int) -> int:
    """The last second of the day, UTC: ages and what is told of them are the same all day long."""
    return now - now % health_weights.DAY + health_weights.DAY - 1


def score_document(document: Mapping[str, Any], now: int, newest_upload: int = 0) -> HealthScore:
    """Return the score of the project of which this is the latest release's document.

    ``newest_upload`` is when another release came, for a latest one without a date.
    """
    facts = facts_of(document, newest_upload)
    health = health_score(facts, now)
    return HealthScore(
        str(document.get("name_normalized") or ""),
        health.score,
        health_weights.VERSION,
        find_insights(facts, now),
        uploaded=dt.datetime.fromtimestamp(_storable(facts), dt.UTC),
        breakdown=orjson.dumps(health.breakdown()).decode(),
        downloads=facts.downloads,
        trend=facts.download_trend,
        stars=facts.stars,
        open_issues=facts.open_issues,
    )


def _storable(facts: HealthFacts) -> int:
    """The date of the release within what the store's type holds."""
    return min(max(0, facts.uploaded), 2**32 - 1)


def _scored_projects(
    server: SearchServer, collection: str, now: int
) -> Iterator[tuple[str, HealthScore]]:
    others = _newest_uploads(server, collection)
    fields = ("name_normalized", *FACT_FIELDS)
    for document in _export(server, collection, LATEST, fields):
        scored = score_document(document, now, others.get(str(document.get("name_normalized")), 0))
        yield scored.name, scored


def _newest_uploads(server: SearchServer, collection: str) -> dict[str, int]:
    """When the newest other release came, by the name of each project with an undated latest."""
    undated = _export(server, collection, f"{LATEST} && upload_timestamp:=0", ("name_normalized",))
    newest: dict[str, int] = {}
    for names in filters.in_batches(str(document["name_normalized"]) for document in undated):
        chosen = f"{PYPI} && upload_timestamp:>0 && {filters.equals('name_normalized', *names)}"
        for document in _export(
            server, collection, chosen, ("name_normalized", "upload_timestamp")
        ):
            name = str(document["name_normalized"])
            newest[name] = max(newest.get(name, 0), int(document["upload_timestamp"]))
    return newest


def _export(
    server: SearchServer, collection: str, chosen: str, fields: Sequence[str]
) -> Iterator[dict[str, Any]]:
    parameters = {"filter_by": chosen, "include_fields": ",".join(fields)}
    yield from map(orjson.loads, server.export(collection, parameters))


def _select_projects(
    judged: Iterator[tuple[str, HealthScore]], wanted: HealthOptions
) -> list[tuple[str, HealthScore]]:
    if wanted.is_whole:
        return list(judged)
    return sorted((pair for pair in judged if pair[0] > wanted.after), key=lambda pair: pair[0])[
        : wanted.limit
    ]


def _fields(scored: HealthScore, now: int) -> Facts:
    return {
        "health_score": scored.score,
        "health_score_breakdown": orjson.loads(scored.breakdown),
        "health_score_version": scored.formula,
        "insights": list(scored.insights) or None,
        STAMP: now,
    }


def _store_scores(
    settings: Settings,
    wanted: HealthOptions,
    judged: Mapping[str, HealthScore],
    now: int,
    account: HealthResult,
) -> None:
    """Write the scores to the store; a run over all projects lets go of those that left."""
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    try:
        with open_store(settings, readonly=False) as store:
            _write_scores(store, wanted, judged, moment)
    except StoreNotSetUp:
        account.notes.append(NO_STORE)


def _write_scores(
    store: Store, wanted: HealthOptions, judged: Mapping[str, HealthScore], moment: dt.datetime
) -> None:
    scores.put_scores(store, wanted.collection, judged.values(), moment)
    if wanted.is_whole:
        scores.drop_older(store, wanted.collection, moment)
