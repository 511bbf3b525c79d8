"""Asking the search server, and what it found as typed values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from ...errors import AggregatorError, NotFound, ServiceUnreachable
from ...index import SearchServer, search_defaults
from ..document_view import DocumentView
from .search_request import FACETS, PER_PAGE, Facet, SearchRequest

MARK_BEGIN, MARK_END = "\x01", "\x02"
"""Where words were found; characters that no text of a document has."""
MOST_VALUES = 60


@dataclass(frozen=True)
class SearchHit(DocumentView):
    """A project found: its document, and name and summary with the words found marked."""

    name: Markup
    summary: Markup


@dataclass(frozen=True)
class FacetChoice:
    """A value of a facet, how many projects have it, whether it is chosen."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class FacetCounts:
    """A facet with its values: chosen ones first, then by version or by count."""

    facet: Facet
    choices: tuple[FacetChoice, ...]


@dataclass(frozen=True)
class SearchResults:
    """One page of what was found. ``hidden`` projects are archived or put away."""

    asked: SearchRequest
    found: int
    hits: tuple[SearchHit, ...]
    facets: tuple[FacetCounts, ...]
    hidden: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.found // PER_PAGE)


def find(server: SearchServer, collection: str, asked: SearchRequest) -> SearchResults:
    """Search; one request, whatever is chosen."""
    active = [facet for facet in FACETS if asked.chosen.get(facet.name)]
    searches = list(_searches(asked, collection, active))
    answer = server.call(lambda client: client.multi_search.perform({"searches": searches}, {}))
    main, *others = [check_result(result, server) for result in answer["results"]]
    hidden = 0 if asked.old else int(others.pop()["found"])
    counts = {item["field_name"]: item["counts"] for item in main["facet_counts"]}
    for facet, other in zip(active, others, strict=True):
        counts[facet.field] = other["facet_counts"][0]["counts"]
    return SearchResults(
        asked=asked,
        found=int(main["found"]),
        hits=tuple(map(hit_of, main["hits"])),
        facets=tuple(_facet_counts(facet, counts.get(facet.field, ()), asked) for facet in FACETS),
        hidden=hidden,
    )


def _searches(
    asked: SearchRequest, collection: str, active: list[Facet]
) -> Iterator[dict[str, Any]]:
    """The hits; then for each facet that narrows them its counts without itself; then the old."""
    usual = {
        **search_defaults.search_parameters(),
        "collection": collection,
        "q": asked.q or "*",
        "max_facet_values": MOST_VALUES,
    }
    free = [facet.facet_by for facet in FACETS if facet not in active]
    yield {
        **usual,
        "filter_by": asked.filter_by(),
        "sort_by": asked.sort_by,
        "facet_by": ",".join(free),
        "per_page": PER_PAGE,
        "page": asked.page,
        "highlight_fields": "name,summary",
        "highlight_full_fields": "name,summary",
        "highlight_start_tag": MARK_BEGIN,
        "highlight_end_tag": MARK_END,
    }
    for facet in active:
        without = asked.filter_by(without=facet.name)
        yield {**usual, "filter_by": without, "facet_by": facet.facet_by, "per_page": 0}
    if not asked.old:
        yield {**usual, "filter_by": asked.filter_by(put_away=True), "per_page": 0}


def check_result(result: Mapping[str, Any], server: SearchServer) -> Mapping[str, Any]:
    """One answer of several; an error among them is told as of a search alone."""
    if "error" not in result:
        return result
    code, error = result.get("code"), str(result["error"])
    if code == 404:
        raise NotFound(f"the search server does not have it: {error}")
    if code in (0, 408, 503):
        raise ServiceUnreachable("the search server", error)
    raise AggregatorError(f"the search server refused the search: {error}")


def hit_of(hit: Mapping[str, Any]) -> SearchHit:
    """Read one hit of an answer."""
    document = hit["document"]
    highlights = hit.get("highlight", {})
    return SearchHit(
        document,
        mark_words(highlights.get("name"), str(document["name"])),
        mark_words(highlights.get("summary"), str(document.get("summary", ""))),
    )


def mark_words(highlight: Mapping[str, Any] | None, text: str) -> Markup:
    """Escape a text and mark the words found in it."""
    found = str((highlight or {}).get("value") or (highlight or {}).get("snippet") or text)
    parts = re.split(f"{MARK_BEGIN}([^{MARK_END}]*){MARK_END}", found)
    pieces = [
        Markup("<mark>{}</mark>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    ]
    return Markup("").join(pieces)


def _facet_counts(facet: Facet, counts: Any, asked: SearchRequest) -> FacetCounts:
    chosen = asked.chosen.get(facet.name, ())
    listed = {str(item["value"]): int(item["count"]) for item in counts if item["count"]}
    for value in chosen:
        listed.setdefault(value, 0)
    values = newest_first(listed) if facet.versions else list(listed)
    choices = [FacetChoice(value, listed[value], value in chosen) for value in values]
    return FacetCounts(facet, tuple(sorted(choices, key=lambda choice: not choice.chosen)))


def newest_first(counts: Mapping[str, int]) -> list[str]:
    """Values like ``Plone 6.1``, newest first; ``Plone 6`` stands before all of its versions. Pure.

    Of several names the one with the most frequent version comes first.
    """
    split = {value: _name_and_version(value) for value in counts}
    most: dict[str, int] = {}
    for value, (name, _) in split.items():
        most[name] = max(most.get(name, 0), counts[value])
    return sorted(counts, key=lambda value: (-most[split[value][0]], *split[value]))


def _name_and_version(value: str) -> tuple[str, tuple[int, ...]]:
    """The words and the numbers of a version, these negative, so that newer ones are less."""
    name, _, version = value.rpartition(" ")
    return name, tuple(-int(number) for number in re.findall("[0-9]+", version))
