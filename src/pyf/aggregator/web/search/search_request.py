"""What somebody asked for, read from an address and written as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ...errors import UsageError
from ...index import filters, search_defaults

PER_PAGE = 20
LAST_PAGE = 500
"""Deeper pages cost a search server more than they give anybody."""
LONGEST = 500
"""Characters of a query or of one value."""
MOST_VALUES = 50


@dataclass(frozen=True)
class Facet:
    """Something to narrow a search by: its name in addresses, its field, its label.

    ``ranges`` are (label, low, high) of a number: low belongs to a range, high does not.
    ``versions`` are listed by version instead of by how many projects have them.
    """

    name: str
    field: str
    label: str
    ranges: tuple[tuple[str, int, int], ...] = ()
    shown: int = 8
    versions: bool = False

    @property
    def facet_by(self) -> str:
        """The facet as the search server counts it."""
        if not self.ranges:
            return self.field
        parts = ", ".join(f"{label}:[{low}, {high}]" for label, low, high in self.ranges)
        return f"{self.field}({parts})"

    def filter_by(self, values: Sequence[str]) -> str:
        """Documents that have one of the values."""
        if not self.ranges:
            return filters.equals(self.field, *values)
        bounds = {label: (low, high) for label, low, high in self.ranges}
        parts = [
            f"{self.field}:[{bounds[value][0]}..{bounds[value][1] - 1}]"
            for value in values
            if value in bounds
        ]
        return f"({' || '.join(parts)})" if parts else ""


HEALTH = (("good", 75, 101), ("fair", 50, 75), ("poor", 0, 50))

FACETS: tuple[Facet, ...] = (
    Facet("framework", "framework_versions", "Framework", versions=True),
    Facet("python", "python_versions", "Python", versions=True),
    Facet("license", "license", "Licence"),
    Facet("health", "health_score", "Health", ranges=HEALTH),
    Facet("keyword", "keywords", "Keyword"),
    Facet("flag", "flags", "Warning"),
    Facet("insight", "insights", "Insight"),
)
SORTS: Mapping[str, str] = {
    "relevance": "Relevance",
    "downloads": "Downloads",
    "stars": "Stars",
    "health": "Health",
    "updated": "Last release",
    "name": "Name",
}
CURRENT = "status:!=[archived,quarantined] && github_archived:!=true"
"""Leaves out what its maintainers or the registry put away; unknown counts as current."""
PUT_AWAY = "(status:=[archived,quarantined] || github_archived:=true)"
"""The others."""


@dataclass(frozen=True)
class SearchRequest:
    """A search: words, profile, values chosen by facet, order, page, whether old ones are shown."""

    q: str = ""
    profile: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    old: bool = False

    @classmethod
    def read(cls, params: QueryParams, profile: str, q: str | None = None) -> Self:
        """Read an address; UsageError for what no page of ours would send."""
        words = (params.get("q", "") if q is None else q).strip()
        if len(words) > LONGEST:
            raise UsageError(f"a search has at most {LONGEST} characters")
        sort = params.get("sort", "")
        if sort and sort not in SORTS:
            raise UsageError(f"there is no order {sort!r}; there are {', '.join(SORTS)}")
        return cls(
            q=words,
            profile=profile,
            chosen=dict(_selected_values(params)),
            sort=sort,
            page=_page(params.get("page", "1")),
            old=params.get("old", "") == "1",
        )

    @property
    def order(self) -> str:
        """The order that holds: without words the most downloaded come first."""
        return self.sort or ("relevance" if self.q else "downloads")

    @property
    def sort_by(self) -> str:
        """The order as the search server takes it."""
        if self.order == "relevance":
            return search_defaults.exact_name_first(self.q)
        return search_defaults.SORT_ORDERS[self.order]

    def filter_by(self, *, without: str | None = None, put_away: bool = False) -> str:
        """Everything that narrows the search, apart from the facet ``without``.

        ``put_away`` leaves what this search hides instead of what it shows.
        """
        parts = [search_defaults.LATEST_FILTER]
        if put_away or not self.old:
            parts.append(PUT_AWAY if put_away else CURRENT)
        for facet in FACETS:
            values = self.chosen.get(facet.name, ())
            if values and facet.name != without:
                parts.append(facet.filter_by(values))
        return " && ".join(filter(None, parts))

    def url(self, **changes: object) -> str:
        """The address of this search with something changed; the page starts anew."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        pairs = [("q", changed.q), ("profile", changed.profile), ("sort", changed.sort)]
        pairs += [(name, value) for name, values in changed.chosen.items() for value in values]
        pairs += [("old", "1" if changed.old else "")]
        pairs += [("page", str(changed.page) if changed.page > 1 else "")]
        query = urlencode([pair for pair in pairs if pair[1]])
        return f"/?{query}" if query else "/"

    def toggle_url(self, facet: str, value: str) -> str:
        """The address with a value chosen that was not, or the other way round."""
        values = self.chosen.get(facet, ())
        kept = tuple(v for v in values if v != value) if value in values else (*values, value)
        return self.url(chosen={**self.chosen, facet: kept})


def _selected_values(params: QueryParams) -> Iterator[tuple[str, tuple[str, ...]]]:
    for facet in FACETS:
        values = tuple(dict.fromkeys(v for v in params.getlist(facet.name) if v))
        if len(values) > MOST_VALUES or any(len(value) > LONGEST for value in values):
            raise UsageError(f"too much is chosen for {facet.name}")
        if not filters.can_quote(values):
            raise UsageError(f"no {facet.name} has a backtick")
        known = {label for label, _, _ in facet.ranges}
        if known and not known.issuperset(values):
            raise UsageError(f"{facet.name} is one of {', '.join(sorted(known))}")
        if values:
            yield facet.name, values


def _page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= number <= LAST_PAGE:
        raise UsageError(f"a page is a number from 1 to {LAST_PAGE}")
    return number
