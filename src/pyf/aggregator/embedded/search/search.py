"""One search: which documents match, in what order, with which facets and groups."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import apsw
import numpy as np
import numpy.typing as npt
import orjson

from . import storage as tables
from .collections import Collection
from .columns import Columns, Mask, Rows
from .errors import bad_request, collection_not_found, not_found
from .facets import FacetInput, count_facet, parse_facet_query, parse_facets
from .filter_syntax import FilterNode, parse_filter
from .filters import FilterContext, evaluate_filter
from .groups import group_fields, group_ids, page_of_groups
from .params import SearchParams
from .projection import project, refuse_joins
from .schema import CollectionSchema
from .sorting import SortContext, SortKey, parse_sort, sort_rows
from .text import TextMatches, TextQuery, highlight
from .values import visible_document

Value = TypeVar("Value")
Positions = npt.NDArray[np.int64]


class CollectionView:
    """A collection as one reader sees it: the file's state and the rows known at the start."""

    def __init__(self, collection: Collection, db: apsw.Connection, columns: Columns) -> None:
        self.collection = collection
        self.schema: CollectionSchema = collection.schema
        self.text = collection.text
        self.db = db
        self.columns = columns
        self.row_count = self.columns.row_count

    def filter_mask(self, node: FilterNode) -> Mask:
        """A mask over the rows: where a filter holds."""
        context = FilterContext(self.columns, self.row_count, self._text, self._seq_of)
        return evaluate_filter(context, node)

    def _text(self, field: str, value: str, exact: bool, prefix: bool) -> Rows:
        return self.text.filter(self.db, field, value, exact=exact, prefix=prefix)

    def _seq_of(self, document_id: str) -> int | None:
        return tables.seq_of(self.db, self.collection.id, document_id)

    def rows_where(self, filters: Sequence[str]) -> Rows | None:
        """The rows where all filters hold; None where there are no filters."""
        mask: Mask | None = None
        for text in filters:
            node = parse_filter(self.schema, text)
            if node is not None:
                held = self.filter_mask(node)
                mask = held if mask is None else mask & held
        return None if mask is None else np.flatnonzero(mask)

    def live_rows(self) -> Rows:
        rows = self.columns.live_rows()
        return rows if len(rows) == 0 or rows[-1] < self.row_count else rows[rows < self.row_count]

    def document(self, row: int) -> dict[str, Any] | None:
        """A stored document; None where it was removed while the search ran."""
        body = tables.body_of(self.db, self.collection.id, int(self.columns.seqs[row]))
        return None if body is None else visible_document(self.schema, orjson.loads(body))


@dataclass(frozen=True)
class SearchMatches:
    """The rows that match, ascending, with their text scores (None for a wildcard search)."""

    rows: Rows
    text: TextMatches | None = None
    scores: Rows | None = None


@contextlib.contextmanager
def open_view(collection: Collection) -> Iterator[CollectionView]:
    """A view for the time of a block. Columns come first: reading them reads the file."""
    columns = collection.columns()
    with collection.storage.read() as db:
        view = CollectionView(collection, db, columns)
        if collection.is_gone:
            raise collection_not_found()
        yield view


def seqs_where(collection: Collection, filter_by: str) -> list[int]:
    """The sequence numbers of all documents that a filter lets through."""
    with open_view(collection) as view:
        rows = view.rows_where([filter_by])
        if rows is None:
            raise bad_request("Parameter `filter_by` must be provided.")
        found: list[int] = view.columns.seqs[rows].tolist()
    return found


class Search:
    """One search over a view of a collection."""

    def __init__(self, view: CollectionView, params: SearchParams) -> None:
        self.view = view
        self.params = params
        self.query = _checked_query(view.schema, params)

    def run(self) -> dict[str, Any]:
        """The whole answer, in Typesense's shape."""
        began = time.perf_counter()
        params, view = self.params, self.view
        refuse_joins(params.include_fields)
        facets = parse_facets(view.schema, params.facet_by)
        facet_query = parse_facet_query(params.facet_query, params.facet_query_num_typos)
        if facet_query and facet_query.field not in {one.field.name for one in facets}:
            raise bad_request(
                "Facet query refers to a facet field that is not part of `facet_by` parameter."
            )
        grouped = bool(params.group_by)
        groups = self._group_ids if grouped else None
        found = FacetInput(view.columns, view.row_count, self.matches.rows, groups)
        tags = (params.highlight.start_tag, params.highlight.end_tag)
        answer: dict[str, Any] = {
            "facet_counts": [
                count_facet(found, one, limit=params.max_facet_values, query=facet_query, tags=tags)
                for one in facets
            ],
        }
        answer |= self._grouped_result() if grouped else self._ungrouped_result()
        answer |= {
            "out_of": view.columns.live_count,
            "page": params.page,
            "request_params": {
                "collection_name": view.schema.name,
                "first_q": params.q,
                "per_page": params.per_page,
                "q": params.q,
            },
            "search_cutoff": False,
            "search_time_ms": int((time.perf_counter() - began) * 1000),
        }
        return {key: answer[key] for key in answer if key not in self._excluded_parts}

    @property
    def _excluded_parts(self) -> frozenset[str]:
        """Parts of the answer that ``exclude_fields`` may name beside fields."""
        return frozenset(self.params.exclude_fields) & {"out_of", "search_time_ms"}

    @cached_property
    def sort_keys(self) -> tuple[SortKey, ...]:
        return parse_sort(self.view.schema, self.params.sort_by, wildcard=self._is_wildcard)

    @property
    def _is_wildcard(self) -> bool:
        return self.params.is_wildcard or not self.params.q.strip()

    @cached_property
    def matches(self) -> SearchMatches:
        view = self.view
        _ = self.sort_keys  # a malformed sort_by is refused before any work is done
        filtered = view.rows_where(self.params.filters)
        if self.params.is_wildcard:
            return SearchMatches(view.live_rows() if filtered is None else filtered)
        if filtered is not None and not len(filtered):
            return SearchMatches(filtered, scores=np.zeros(0, dtype=np.int64))
        allowed = None if filtered is None else view.columns.seqs[filtered]
        text = view.text.search(view.db, self.query, allowed)
        rows, found = view.columns.rows_of(text.seqs, view.row_count)
        return SearchMatches(rows, text, text.scores[found])

    def _sort_positions(self, wanted: int | None) -> Positions:
        """Positions into the matching rows, best first."""
        matches = self.matches
        sizes = np.bincount(self._group_ids)[self._group_ids] if self.params.group_by else None
        context = SortContext(self.view.columns, matches.scores, self.view.filter_mask, sizes)
        return sort_rows(context, self.sort_keys, matches.rows, wanted)

    def _ungrouped_result(self) -> dict[str, Any]:
        params = self.params
        end = params.offset + params.per_page
        positions = self._sort_positions(end)[params.offset :].tolist() if params.per_page else []
        return {"found": len(self.matches.rows), "hits": self._hits(positions)}

    @cached_property
    def _group_ids(self) -> Positions:
        fields = group_fields(self.view.schema, self.params.group_by)
        return group_ids(
            self.view.columns,
            fields,
            self.matches.rows,
            missing_together=self.params.group_missing_values,
        )

    def _grouped_result(self) -> dict[str, Any]:
        params = self.params
        count, groups = page_of_groups(
            self._group_ids,
            self._sort_positions(None),
            params.offset,
            params.per_page,
            params.group_limit,
        )
        shown = []
        for group in groups:
            shown.append(
                {
                    "found": group.found,
                    "group_key": self._group_key(group.positions[0]),
                    "hits": self._hits(group.positions),
                }
            )
        return {
            "found": count,
            "found_docs": len(self.matches.rows),
            "grouped_hits": [one for one in shown if one["hits"]],
        }

    def _group_key(self, position: int) -> list[Any]:
        document = self.view.document(int(self.matches.rows[position])) or {}
        return [document[name] for name in self.params.group_by if name in document]

    def _hits(self, positions: Sequence[int]) -> list[dict[str, Any]]:
        hits = (self._hit(int(position)) for position in positions)
        return [hit for hit in hits if hit is not None]

    def _hit(self, position: int) -> dict[str, Any] | None:
        matches, params = self.matches, self.params
        row = int(matches.rows[position])
        document = self.view.document(row)
        if document is None:
            return None
        shown = project(document, params.include_fields, params.exclude_fields)
        hit: dict[str, Any] = {"document": shown, "highlight": {}, "highlights": []}
        text = matches.text
        if text is None or text.wildcard or matches.scores is None:
            return hit
        seq = int(self.view.columns.seqs[row])
        marked, listed = highlight(self.view.text, document, text, params.highlight)
        return hit | {
            "highlight": marked,
            "highlights": listed,
            "text_match": int(matches.scores[position]),
            "text_match_info": text.info(seq),
        }


def _checked_query(schema: CollectionSchema, params: SearchParams) -> TextQuery:
    """The text query with patterns in ``query_by`` resolved and its fields checked."""
    names: list[str] = []
    places: list[int] = []
    for place, pattern in enumerate(params.query_by):
        for name in schema.match_field_names(pattern):
            if _is_searched(schema, name, by_pattern="*" in pattern):
                names.append(name)
                places.append(place)
    if not names and not params.is_wildcard:
        raise bad_request("No search fields specified for the query.")
    text = params.text
    return replace(
        text,
        query_by=tuple(names),
        weights=_expand_per_field(text.weights, params.query_by, places),
        prefix=_expand_per_field(text.prefix, params.query_by, places),
        num_typos=_expand_per_field(text.num_typos, params.query_by, places),
        infix=_expand_per_field(text.infix, params.query_by, places),
    )


def _is_searched(schema: CollectionSchema, name: str, *, by_pattern: bool) -> bool:
    field = schema.by_name.get(name)
    if field is not None and field.is_text:
        return True
    if by_pattern:
        return False
    if field is None or not field.index:
        raise not_found(f"Could not find a field named `{name}` in the schema.")
    raise bad_request(f"Field `{name}` should be a string or a string array.")


def _expand_per_field(
    values: tuple[Value, ...], query_by: Sequence[str], places: Sequence[int]
) -> tuple[Value, ...]:
    """Values given per name of ``query_by``, for the fields that those names stand for."""
    if len(values) != len(query_by):
        return values
    return tuple(values[place] for place in places)
