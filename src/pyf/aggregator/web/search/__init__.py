"""Search as pages and the API offer it: what was asked, how the server is asked, what it found."""

from __future__ import annotations

from .results import FacetChoice, FacetCounts, SearchHit, SearchResults, find
from .search_request import FACETS, PER_PAGE, SORTS, Facet, SearchRequest

__all__ = [
    "FACETS",
    "PER_PAGE",
    "SORTS",
    "Facet",
    "FacetChoice",
    "FacetCounts",
    "SearchHit",
    "SearchRequest",
    "SearchResults",
    "find",
]
