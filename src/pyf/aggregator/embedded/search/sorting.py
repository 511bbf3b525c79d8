"""``sort_by``: its grammar, and ordering rows by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .columns import Columns, Mask, NumberColumn, Rows, StringColumn
from .errors import bad_request, not_found, unsupported_feature
from .filter_syntax import FilterNode, parse_filter
from .schema import CollectionSchema

MAX_SORT_FIELDS = 3
TEXT_MATCH = "_text_match"
SEQ_ID = "_seq_id"
GROUP_FOUND = "_group_found"
MALFORMED = "Parameter `sort_by` is malformed."
WEIGHTED_CONDITION = re.compile(r"\((?P<filter>.*)\)\s*:\s*(?P<score>-?\d+)\s*$", re.DOTALL)

SortValues = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class SortKey:
    """One part of ``sort_by``.

    ``buckets`` cuts text matches into that many equal parts, ``bucket_size`` into parts of that
    size; ``conditions`` belong to ``_eval``: the first filter that holds gives its score.
    """

    name: str
    descending: bool
    missing_first: bool = False
    buckets: int = 0
    bucket_size: int = 0
    conditions: tuple[tuple[FilterNode, int], ...] = ()


def parse_sort(schema: CollectionSchema, text: str, *, wildcard: bool) -> tuple[SortKey, ...]:
    """The sort keys in force: those asked for, completed by Typesense's defaults."""
    parts = split_outside(text) if text.strip() else []
    if len(parts) > MAX_SORT_FIELDS:
        raise bad_request("Only upto 3 sort fields are allowed.")
    keys = [_parse_part(schema, part) for part in parts]
    by_match = SortKey(TEXT_MATCH, descending=True)
    if not keys:
        keys = [] if wildcard else [by_match]
        if schema.default_sorting_field:
            keys.append(SortKey(schema.default_sorting_field, descending=True))
    elif not wildcard and len(keys) < MAX_SORT_FIELDS and TEXT_MATCH not in {k.name for k in keys}:
        keys.append(by_match)
    return tuple(keys)


def split_outside(text: str, separator: str = ",") -> list[str]:
    """Split at the separator where it stands outside of brackets and backticks."""
    parts, current, depth, quoted = [], "", 0, False
    for character in text:
        quoted = quoted != (character == "`")
        if not quoted:
            depth += (character in "([{") - (character in ")]}")
        if character == separator and depth == 0 and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    parts.append(current.strip())
    return [part for part in parts if part]


def _parse_part(schema: CollectionSchema, part: str) -> SortKey:
    if part.startswith("$"):
        raise unsupported_feature("Sorting by another collection (a join)")
    expression, colon, order = part.rpartition(":")
    if not colon or order.strip().endswith((")", "]")):
        raise bad_request(MALFORMED)
    name, bracket, inside = expression.partition("(")
    name = name.strip()
    if order.strip().lower() not in ("asc", "desc"):
        raise bad_request(f"Order for field` {name}` should be either ASC or DESC.")
    descending = order.strip().lower() == "desc"
    if bracket:
        if not inside.rstrip().endswith(")"):
            raise bad_request(MALFORMED)
        return _parse_options(schema, name, inside.rstrip()[:-1].strip(), descending)
    if name not in (TEXT_MATCH, SEQ_ID, GROUP_FOUND):
        _check_sortable(schema, name)
    return SortKey(name, descending)


def _parse_options(schema: CollectionSchema, name: str, inside: str, descending: bool) -> SortKey:
    if name == "_eval":
        return SortKey(name, descending, conditions=_parse_eval(schema, inside))
    if name in ("_rand", "_vector_query", "_vector_distance") or name.startswith("$"):
        raise unsupported_feature(f"Sorting by `{name}`")
    option, _, value = (one.strip() for one in inside.partition(":"))
    if name == TEXT_MATCH:
        if option not in ("buckets", "bucket_size") or not value.isdigit():
            raise bad_request("Invalid sorting parameter passed for _text_match.")
        if option == "buckets":
            return SortKey(name, descending, buckets=int(value))
        return SortKey(name, descending, bucket_size=int(value))
    _check_sortable(schema, name)
    if option != "missing_values":
        raise unsupported_feature(f"Sorting by `{name}({inside})`")
    if value not in ("first", "last", "normal"):
        raise bad_request(f"Bad syntax for sorting field `{name}`")
    return SortKey(name, descending, missing_first=value == "first")


def _parse_eval(schema: CollectionSchema, inside: str) -> tuple[tuple[FilterNode, int], ...]:
    if not inside.startswith("["):
        condition = parse_filter(schema, inside)
        if condition is None:
            raise bad_request("The eval expression in sort_by is empty.")
        return ((condition, 1),)
    conditions = []
    for part in split_outside(inside.strip("[] ")):
        weighted = WEIGHTED_CONDITION.match(part)
        condition = parse_filter(schema, weighted["filter"]) if weighted else None
        if weighted is None or condition is None:
            raise bad_request("Could not parse the eval expression in sort_by.")
        conditions.append((condition, int(weighted["score"])))
    return tuple(conditions)


def _check_sortable(schema: CollectionSchema, name: str) -> None:
    field = schema.by_name.get(name)
    if field is None or not field.sort or not field.index:
        raise not_found(f"Could not find a field named `{name}` in the schema for sorting.")
    if field.base_type.startswith("geo"):
        raise unsupported_feature(f"Sorting by distance (field `{name}`)")


@dataclass(frozen=True)
class SortContext:
    """What ordering needs of one search.

    ``scores`` and ``group_sizes`` stand beside the rows that are to be ordered.
    """

    columns: Columns
    scores: SortValues | None
    filter_mask: Callable[[FilterNode], Mask]
    group_sizes: SortValues | None = None


def sort_rows(
    context: SortContext, keys: Sequence[SortKey], rows: Rows, wanted: int | None
) -> npt.NDArray[np.int64]:
    """Positions into ``rows``, best first; only the first ``wanted`` where that is a number.

    Documents that tie in everything come newest first.
    """
    columns = [_key_values(context, key, rows) for key in keys]
    candidates = _candidates(columns[0], wanted) if columns else None
    if candidates is None:
        sort_by = [-rows, *(-column for column in reversed(columns))]
        return np.lexsort(sort_by)[:wanted]
    sort_by = [-rows[candidates], *(-column[candidates] for column in reversed(columns))]
    return candidates[np.lexsort(sort_by)][:wanted]


def _candidates(best: SortValues, wanted: int | None) -> npt.NDArray[np.int64] | None:
    """The positions that can be among the first ``wanted``, or None where it is not worth it."""
    if wanted is None or wanted * 4 > len(best) or len(best) < 1000:
        return None
    threshold = np.partition(best, len(best) - max(wanted, 1))[len(best) - max(wanted, 1)]
    chosen = np.flatnonzero(best >= threshold)
    return chosen if len(chosen) * 2 < len(best) else None


def _key_values(context: SortContext, key: SortKey, rows: Rows) -> SortValues:
    """One number per row; the larger, the earlier."""
    if key.name == TEXT_MATCH:
        values = _bucket_scores(context.scores, key, len(rows))
    elif key.name == SEQ_ID:
        values = rows
    elif key.name == "_eval":
        values = _evaluate_conditions(context, key, rows)
    elif key.name == GROUP_FOUND:
        values = (
            np.zeros(len(rows), np.int64) if context.group_sizes is None else context.group_sizes
        )
    else:
        return _field_values(context.columns, key, rows)
    return values if key.descending else -values


def _field_values(columns: Columns, key: SortKey, rows: Rows) -> SortValues:
    column = columns.by_name[key.name]
    if isinstance(column, NumberColumn):
        values: SortValues = column.values[rows]
        missing = ~column.present[rows]
    elif isinstance(column, StringColumn):
        codes = column.codes[rows]
        ranks = column.words.ranks()
        values = ranks[codes] if len(ranks) else np.full(len(rows), np.nan)
        missing = (codes < 0) | np.isnan(values)
    else:
        raise not_found(f"Could not find a field named `{key.name}` in the schema for sorting.")
    values = values if key.descending else -values
    if not missing.any():
        return values
    # Missing values go to one end in both directions: to the last unless asked for otherwise.
    end = np.finfo(np.float64).max if values.dtype == np.float64 else np.iinfo(np.int64).max
    return np.where(missing, end if key.missing_first else -end, values)


def _bucket_scores(scores: SortValues | None, key: SortKey, count: int) -> SortValues:
    if scores is None:
        return np.zeros(count, dtype=np.int64)
    size = key.bucket_size or (-(-count // key.buckets) if key.buckets else 0)
    if size < 2 or (key.buckets and count <= key.buckets):
        return scores
    buckets = np.empty(count, dtype=np.int64)
    buckets[np.argsort(-scores, kind="stable")] = np.arange(count) // size
    return -buckets


def _evaluate_conditions(context: SortContext, key: SortKey, rows: Rows) -> SortValues:
    values = np.zeros(len(rows), dtype=np.int64)
    for condition, score in reversed(key.conditions):
        values[context.filter_mask(condition)[rows]] = score
    return values
