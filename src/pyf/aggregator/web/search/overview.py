"""What a profile's page shows: how many projects, how healthy, which are new and which rise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...index import SearchServer, search_defaults
from .results import SearchHit, check_result, hit_of
from .search_request import CURRENT, HEALTH

LISTED = 12
UNFLAGGED = "flags:!=[malicious,quarantined,suspected-typosquat]"
"""Lists leave out what is flagged; searches find it."""
USUAL = f"{search_defaults.LATEST_FILTER} && {CURRENT} && {UNFLAGGED}"


@dataclass(frozen=True)
class CollectionOverview:
    """A profile in figures and lists; ``health`` counts projects by range, best first."""

    projects: int
    archived: int
    vulnerable: int
    health: tuple[tuple[str, int], ...]
    newest: tuple[SearchHit, ...]
    rising: tuple[SearchHit, ...]
    popular: tuple[SearchHit, ...]

    @property
    def rated_count(self) -> int:
        """Projects that have a score."""
        return sum(count for _, count in self.health)


def overview(server: SearchServer, collection: str) -> CollectionOverview:
    """Ask for all of it in one request."""
    ranges = ", ".join(f"{label}:[{low}, {high}]" for label, low, high in sorted(HEALTH))
    searches = [
        _counting(collection, search_defaults.LATEST_FILTER, facet_by=f"health_score({ranges})"),
        _counting(collection, f"{search_defaults.LATEST_FILTER} && {CURRENT}"),
        _counting(collection, f"{search_defaults.LATEST_FILTER} && is_vulnerable:true"),
        _listing(collection, USUAL, search_defaults.SORT_ORDERS["updated"]),
        _listing(
            collection,
            f"{USUAL} && download_last_month:>=100",
            "download_trend(missing_values:last):desc,name_sortable:asc",
        ),
        _listing(collection, USUAL, search_defaults.SORT_ORDERS["downloads"]),
    ]
    answer = server.call(lambda client: client.multi_search.perform({"searches": searches}, {}))
    everything, current, vulnerable, newest, rising, popular = (
        check_result(result, server) for result in answer["results"]
    )
    counts = {i["value"]: int(i["count"]) for i in everything["facet_counts"][0]["counts"]}
    return CollectionOverview(
        projects=int(everything["found"]),
        archived=int(everything["found"]) - int(current["found"]),
        vulnerable=int(vulnerable["found"]),
        health=tuple((label, counts.get(label, 0)) for label, _, _ in HEALTH),
        newest=_hits(newest),
        rising=tuple(hit for hit in _hits(rising) if (hit.download_trend or 0) > 0),
        popular=tuple(hit for hit in _hits(popular) if hit.download_last_month is not None),
    )


def _counting(collection: str, filter_by: str, **more: str) -> dict[str, Any]:
    return {"collection": collection, "q": "*", "filter_by": filter_by, "per_page": 0, **more}


def _listing(collection: str, filter_by: str, sort_by: str) -> dict[str, Any]:
    asked = {"filter_by": filter_by, "sort_by": sort_by, "per_page": LISTED}
    return {**search_defaults.search_parameters(), "collection": collection, "q": "*", **asked}


def _hits(result: Mapping[str, Any]) -> tuple[SearchHit, ...]:
    return tuple(map(hit_of, result["hits"]))
