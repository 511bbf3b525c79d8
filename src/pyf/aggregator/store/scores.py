"""Health scores in the store: one row for each project of a collection, the last one computed.

Names are in PEP 503 form, moments UTC with zone. Raises what ``Store`` raises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .client import Store

BATCH_SIZE = 5_000
"""Rows of one insertion."""
_COLUMNS = (
    *("collection", "name", "score", "formula", "insights", "downloads", "trend", "stars"),
    *("open_issues", "uploaded", "breakdown", "gone", "calculated"),
)
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class HealthScore:
    """A project's score by a version of the formula, and the facts that lists show of it.

    ``breakdown`` is JSON. Facts are None where they are not known; ``uploaded`` is the latest
    release's date, the beginning of 1970 where it is not known. ``calculated`` is known of what
    was read from the store.
    """

    name: str
    score: int
    formula: int
    insights: tuple[str, ...] = ()
    downloads: int | None = None
    trend: float | None = None
    stars: int | None = None
    open_issues: int | None = None
    uploaded: dt.datetime = _NEVER
    breakdown: str = "{}"
    calculated: dt.datetime | None = None


def put_scores(
    store: Store, collection: str, scores: Iterable[HealthScore], calculated: dt.datetime
) -> None:
    """Write scores; each replaces what was there of the same project in the collection."""
    rows = [
        (
            *(collection, each.name, each.score, each.formula, list(each.insights)),
            *(each.downloads, each.trend, each.stars, each.open_issues, each.uploaded),
            *(each.breakdown, False, calculated),
        )
        for each in scores
    ]
    for part in _batches(rows):
        store.insert("scores", part, _COLUMNS)


def drop_older(store: Store, collection: str, calculated: dt.datetime) -> None:
    """Let go of the projects of a collection that nothing was written of since a moment."""
    # The inner query has no alias that could stand in the way of a column.
    store.command(
        "INSERT INTO scores SELECT * REPLACE (true AS gone, "
        "fromUnixTimestamp64Milli({moment:Int64}, 'UTC') AS calculated) FROM ("
        "SELECT * FROM scores FINAL WHERE collection = {collection:String} AND NOT gone "
        "AND calculated < fromUnixTimestamp64Milli({moment:Int64}, 'UTC'))",
        {"collection": collection, "moment": round(calculated.timestamp() * 1000)},
    )


def project_score(store: Store, name: str) -> HealthScore | None:
    """The score of a project that was computed last, in whichever collection."""
    rows = store.query(
        "SELECT name, score, formula, insights, downloads, trend, stars, open_issues, uploaded, "
        "breakdown, calculated FROM scores FINAL WHERE name = {name:String} AND NOT gone "
        "ORDER BY calculated DESC LIMIT 1",
        {"name": name},
    )
    return parse_row(rows[0]) if rows else None


def parse_row(row: Sequence[object]) -> HealthScore:
    """A row in the order of the fields of ``HealthScore``."""
    values = list(row)
    values[3] = tuple(values[3]) if isinstance(values[3], list | tuple) else ()
    for place in (8, 10):
        moment = values[place]
        if isinstance(moment, dt.datetime) and moment.tzinfo is None:
            values[place] = moment.replace(tzinfo=dt.UTC)
    return HealthScore(*values)  # type: ignore[arg-type]


def _batches(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    for start in range(0, len(rows), BATCH_SIZE):
        yield rows[start : start + BATCH_SIZE]
