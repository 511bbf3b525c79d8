"""Search as pages and the API offer it: what was asked, how the server is asked, what it found."""

from __future__ import annotations

from .asked import FACETS, PER_PAGE, SORTS, Asked, Facet
from .found import Choice, Counted, Hit, Results, find

__all__ = [
    "FACETS",
    "PER_PAGE",
    "SORTS",
    "Asked",
    "Choice",
    "Counted",
    "Facet",
    "Hit",
    "Results",
    "find",
]
