"""How a frontend searches, as data: fields and weights, filters, facets, orders.

The pages, the demo and the documentation take their search parameters from here, so that the same
words find the same projects everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = [
    "FACETS",
    "LATEST_FILTER",
    "LIST_FIELDS",
    "MORE_FACETS",
    "SEARCH_FIELDS",
    "SORT_ORDERS",
    "SearchField",
    "exact_name_first",
    "facet_parameters",
    "search_parameters",
]


@dataclass(frozen=True, slots=True)
class SearchField:
    """A field that is searched: its weight, of 15 at the most, and how loosely it matches.

    ``prefix``: the last word may be the beginning of a longer one. ``typos``: letters that may be
    wrong in a word. ``infix``: whether the first word may stand inside a longer one.
    """

    name: str
    weight: int
    prefix: bool = True
    typos: int = 1
    infix: Literal["off", "fallback"] = "off"


SEARCH_FIELDS: tuple[SearchField, ...] = (
    SearchField("name", 15, typos=2, infix="fallback"),
    SearchField("keywords", 8),
    SearchField("summary", 5),
    # Long texts hold nearly every word: only what is spelled right and whole counts there.
    SearchField("description", 1, prefix=False, typos=0),
)
"""Heaviest first: the server takes a query apart by the rules of the first field."""

LATEST_FILTER = "is_latest:true"
"""The filter that leaves one document for each project: the release the registry calls latest."""

FACETS: tuple[str, ...] = ("framework_versions", "python_versions", "license")
"""Counted beside every list of projects."""

MORE_FACETS: tuple[str, ...] = (
    *("classifiers", "keywords", "author", "maintainer"),
    *("status", "registry", "is_prerelease", "yanked"),
    *("github_topics", "github_archived", "flags", "is_vulnerable", "insights", "stale"),
)
"""Further fields that are worth offering."""

LIST_FIELDS: tuple[str, ...] = (
    *("name", "version", "summary", "license", "keywords"),
    *("framework_versions", "python_versions", "requires_python"),
    *("upload_timestamp", "status", "yanked", "package_url", "name_normalized"),
    *("download_last_month", "download_trend", "github_stars", "github_archived"),
    *("health_score", "is_vulnerable", "flags", "insights", "stale"),
)
"""What a line of a list shows. A whole document holds the README, of up to half a megabyte."""

SORT_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "relevance": "_text_match:desc,upload_timestamp:desc",
        "updated": "upload_timestamp:desc",
        "name": "name_sortable:asc",
        "version": "version_sortable:desc",
        "downloads": "download_last_month(missing_values:last):desc,name_sortable:asc",
        "stars": "github_stars(missing_values:last):desc,name_sortable:asc",
        "health": "health_score(missing_values:last):desc,name_sortable:asc",
    }
)
"""``sort_by`` by the name of the order; ``version`` is for the releases of one project."""

_COMPLETIONS = 50
"""Words that the last one may be the beginning of; the server's own default, 4, hides projects."""

_RUN = re.compile(r"[-_.\s]+")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9@/-]")


def search_parameters() -> dict[str, str | int]:
    """Return the parameters of a search for projects; ``q``, page and facets are the caller's."""
    return {
        "query_by": _each("name"),
        "query_by_weights": _each("weight"),
        "prefix": _each("prefix"),
        "num_typos": _each("typos"),
        "infix": _each("infix"),
        "text_match_type": "max_weight",
        "prioritize_token_position": "true",
        "max_candidates": _COMPLETIONS,
        "filter_by": LATEST_FILTER,
        "sort_by": SORT_ORDERS["relevance"],
        "include_fields": ",".join(LIST_FIELDS),
    }


def facet_parameters(*, values: int = 20) -> dict[str, str | int]:
    """Return the parameters that count the usual facets, ``values`` of each."""
    return {"facet_by": ",".join(FACETS), "max_facet_values": values}


def exact_name_first(query: str) -> str:
    """Return the ``sort_by`` that puts the project of that very name first.

    Names are compared as PEP 503 wants it; names that begin so come next, then the rest by
    relevance. What cannot be a name is sorted by relevance alone.
    """
    name = _NOT_IN_A_NAME.sub("", _RUN.sub("-", query.strip().lower())).strip("-")
    if not name:
        return SORT_ORDERS["relevance"]
    exact, begins = f"(name_normalized:={name}):2", f"(name_normalized:={name}*):1"
    return f"_eval([{exact},{begins}]):desc,{SORT_ORDERS['relevance']}"


def _each(attribute: str) -> str:
    """One value for each searched field, as the server reads them."""
    return ",".join(str(getattr(field, attribute)).lower() for field in SEARCH_FIELDS)
