"""``facet_by``: its grammar, and counting values over the documents found."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from .columns import (
    Columns,
    NumberColumn,
    NumberListColumn,
    Rows,
    StringColumn,
    StringDictionary,
    StringListColumn,
)
from .errors import bad_request, not_found
from .schema import CollectionSchema, SchemaField
from .sorting import split_outside
from .text.tokenizer import Tokenizer
from .values import float_as_text

RANGE = re.compile(r"\s*(?P<label>.+?)\s*:\s*\[(?P<low>[^,\]]*),(?P<high>[^,\]]*)\]\s*$")


@dataclass(frozen=True)
class FacetRange:
    """A labelled part of a number line: from ``low`` up to, not including, ``high``."""

    label: str
    low: float
    high: float


@dataclass(frozen=True)
class FacetKey:
    """One part of ``facet_by``; ``sort_by`` is empty (by count), ``_alpha`` or a field's name."""

    field: SchemaField
    ranges: tuple[FacetRange, ...] = ()
    sort_by: str = ""
    descending: bool = False


@dataclass(frozen=True)
class FacetQuery:
    """``facet_query``: the words that values must begin with, for one of the facets."""

    field: str
    words: str
    num_typos: int = 2


@dataclass(frozen=True)
class FacetInput:
    """What facets are counted over: rows, and for a grouped search the group of each."""

    columns: Columns
    row_count: int
    rows: Rows
    groups: npt.NDArray[np.int64] | None = None


def parse_facets(schema: CollectionSchema, text: str) -> tuple[FacetKey, ...]:
    return tuple(key for part in split_outside(text) for key in _parse_part(schema, part))


def parse_facet_query(text: str, num_typos: int) -> FacetQuery | None:
    if not text.strip():
        return None
    field, colon, words = text.partition(":")
    if not colon:
        raise bad_request("Facet query must be in the `facet_field: value` format.")
    return FacetQuery(field.strip(), words.strip(), num_typos)


def _parse_part(schema: CollectionSchema, part: str) -> list[FacetKey]:
    name, bracket, inside = part.partition("(")
    names = schema.match_field_names(name.strip())
    if bracket and not inside.rstrip().endswith(")"):
        raise bad_request("Error splitting the facet fields.")
    options = inside.rstrip()[:-1].strip()
    keys = []
    for one in names:
        field = schema.by_name.get(one)
        if field is None or not field.facet:
            if "*" in name:
                continue
            raise not_found(f"Could not find a facet field named `{one}` in the schema.")
        keys.append(_parse_options(field, options))
    return keys


def _parse_options(field: SchemaField, options: str) -> FacetKey:
    if not options:
        return FacetKey(field)
    if options.startswith("sort_by"):
        _, _, value = options.partition(":")
        by, _, direction = (one.strip() for one in value.partition(":"))
        if direction not in ("asc", "desc"):
            raise bad_request(f"Invalid sort format: `{options}`.")
        return FacetKey(field, sort_by=by, descending=direction == "desc")
    if not field.is_number:
        raise bad_request("Range facet is restricted to only integer and float fields.")
    return FacetKey(field, ranges=_parse_ranges(options))


def _parse_ranges(options: str) -> tuple[FacetRange, ...]:
    ranges = []
    for part in split_outside(options):
        match = RANGE.match(part)
        if match is None:
            raise bad_request("Error splitting the facet range values.")
        try:
            low = float(match["low"].strip() or "-inf")
            high = float(match["high"].strip() or "inf")
        except ValueError:
            raise bad_request("Range value should be a number.") from None
        ranges.append(FacetRange(match["label"], low, high))
    ordered = sorted(ranges, key=lambda one: one.low)
    if any(after.low < before.high for before, after in itertools.pairwise(ordered)):
        raise bad_request("Ranges in range facet syntax should be continous.")
    return tuple(ranges)


def count_facet(
    found: FacetInput, key: FacetKey, *, limit: int, query: FacetQuery | None, tags: tuple[str, str]
) -> dict[str, Any]:
    """One entry of ``facet_counts``."""
    asked = query if query is not None and query.field == key.field.name else None
    if key.ranges:
        counts = _range_counts(found, key)
    else:
        counts = _value_counts(found, key, limit, asked, tags)
    stats = _stats(found, key)
    stats["total_values"] = len(counts)
    return {
        "field_name": key.field.name,
        "sampled": False,
        "counts": counts[:limit],
        "stats": stats,
    }


def _value_counts(
    found: FacetInput, key: FacetKey, limit: int, query: FacetQuery | None, tags: tuple[str, str]
) -> list[dict[str, Any]]:
    column = found.columns.by_name[key.field.name]
    if isinstance(column, StringColumn | StringListColumn):
        counted = _count_words(found, column, query)
    else:
        counted = _count_numbers(found, key.field)
        if query is not None:
            counted = [one for one in counted if one[0].startswith(query.words)]
    if not key.sort_by and 0 < limit < len(counted):
        counted = _most_frequent(counted, limit)
    ordered = _sort_counts(found, key, counted)[:limit]
    return [
        {
            "value": value,
            "highlighted": highlight_value(value, query.words, tags) if query else value,
            "count": count,
        }
        for value, count in ordered
    ]


def _most_frequent(counted: list[tuple[str, int]], limit: int) -> list[tuple[str, int]]:
    counts = np.array([count for _, count in counted])
    least = np.partition(counts, len(counts) - limit)[len(counts) - limit]
    return [one for one in counted if one[1] >= least]


def _sort_counts(
    found: FacetInput, key: FacetKey, counted: list[tuple[str, int]]
) -> list[tuple[str, int]]:
    if not key.sort_by:
        # As Typesense: equal counts by length, then from the end of the alphabet.
        counted.sort(key=lambda one: one[0], reverse=True)
        counted.sort(key=lambda one: (-one[1], len(one[0].encode())))
        return counted
    if key.sort_by == "_alpha":
        return sorted(counted, key=lambda one: one[0], reverse=key.descending)
    values = _value_of_first(found, key)
    return sorted(counted, key=lambda one: values.get(one[0], 0.0), reverse=key.descending)


def _value_of_first(found: FacetInput, key: FacetKey) -> dict[str, float]:
    """For each facet value the sort field's number in the first document that has the value."""
    column = found.columns.by_name[key.field.name]
    sorting = found.columns.by_name.get(key.sort_by)
    if not isinstance(sorting, NumberColumn):
        raise not_found(f"Could not find a field named `{key.sort_by}` in the schema for sorting.")
    if not isinstance(column, StringColumn | StringListColumn):
        return {}
    codes, rows = _value_codes(found, column)
    distinct, first = np.unique(codes, return_index=True)
    numbers = sorting.values[rows[first]]
    texts = column.words.texts
    return {texts[code]: float(value) for code, value in zip(distinct, numbers, strict=True)}


def _value_codes(
    found: FacetInput, column: StringColumn | StringListColumn
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Every occurrence of a value in the rows: its code, and its row."""
    if isinstance(column, StringListColumn):
        return column.of_rows(found.rows, found.row_count)
    codes = column.codes[found.rows]
    there = codes >= 0
    return codes[there], found.rows[there]


def _count_words(
    found: FacetInput, column: StringColumn | StringListColumn, query: FacetQuery | None
) -> list[tuple[str, int]]:
    codes, rows = _value_codes(found, column)
    texts = column.words.texts
    if found.groups is not None:
        codes = _once_per_group(found, codes, rows)
    counts = np.bincount(codes, minlength=len(texts))
    empty = column.words.codes.get("")
    if empty is not None:
        counts[empty] = 0  # an empty string is no facet value, as in Typesense
    present = np.flatnonzero(counts)
    if query is not None:
        matching = _matching_codes(column.words, present.tolist(), query)
        present = np.array(matching, dtype=np.int64)
    return [(texts[code], int(counts[code])) for code in present]


def _once_per_group(
    found: FacetInput, values: npt.NDArray[Any], rows: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """The values, each as often as there are groups with a document that has it."""
    if found.groups is None:
        return values
    groups = found.groups[np.searchsorted(found.rows, rows)]
    distinct, codes = np.unique(values, return_inverse=True)
    span = int(groups.max()) + 1 if len(groups) else 1
    pairs = np.unique(codes.astype(np.int64) * span + groups)
    once: npt.NDArray[Any] = distinct[pairs // span]
    return once


def _numbers(found: FacetInput, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    column = found.columns.by_name[name]
    if isinstance(column, NumberListColumn):
        return column.of_rows(found.rows, found.row_count)
    if not isinstance(column, NumberColumn):
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    present = column.present[found.rows]
    return column.values[found.rows][present], found.rows[present]


def _count_numbers(found: FacetInput, field: SchemaField) -> list[tuple[str, int]]:
    values, rows = _numbers(found, field.name)
    values = _once_per_group(found, values, rows)
    distinct, counts = np.unique(values, return_counts=True)
    return [
        (number_as_text(field, value), count)
        for value, count in zip(distinct.tolist(), counts.tolist(), strict=True)
    ]


def number_as_text(field: SchemaField, value: float) -> str:
    if field.base_type == "bool":
        return "true" if value else "false"
    return float_as_text(value) if field.base_type == "float" else str(int(value))


def _range_counts(found: FacetInput, key: FacetKey) -> list[dict[str, Any]]:
    values, _ = _numbers(found, key.field.name)
    counted = [
        (int(((values >= one.low) & (values < one.high)).sum()), one.label) for one in key.ranges
    ]
    return [
        {"value": label, "highlighted": "", "count": count}
        for count, label in sorted(counted, key=lambda one: (-one[0], one[1]))
        if count
    ]


def _stats(found: FacetInput, key: FacetKey) -> dict[str, Any]:
    if key.field.base_type not in ("int32", "int64", "float"):
        return {}
    values, _ = _numbers(found, key.field.name)
    if not len(values):
        return {}
    total = float(values.sum())
    return {
        "avg": total / len(values),
        "max": float(values.max()),
        "min": float(values.min()),
        "sum": total,
    }


_TOKENIZER = Tokenizer(separators=".-_@/:")


def _matching_codes(
    words: StringDictionary, present: Sequence[int], query: FacetQuery
) -> list[int]:
    """The values with a word for each word of the query; with typos only where none is exact."""
    wanted = _TOKENIZER.split(query.words)
    if not wanted:
        return list(present)
    tokens = {code: _TOKENIZER.split(words.texts[code]) for code in present}
    for typos in range(query.num_typos + 1):
        matching = [code for code in present if _has_all(tokens[code], wanted, typos)]
        if matching:
            return matching
    return []


def _has_all(tokens: Sequence[str], wanted: Sequence[str], typos: int) -> bool:
    last = len(wanted) - 1
    return all(
        any(_matches_word(token, word, typos, prefix=place == last) for token in tokens)
        for place, word in enumerate(wanted)
    )


def _matches_word(token: str, word: str, typos: int, *, prefix: bool) -> bool:
    part = token[: len(word)] if prefix else token
    if not typos:
        return part == word
    allowed = 0 if len(word) < 4 else min(typos, 1 if len(word) < 7 else 2)
    return OSA.distance(part, word, score_cutoff=allowed) <= allowed


def highlight_value(value: str, words: str, tags: tuple[str, str]) -> str:
    """The value with the part of each word that the query names between the tags."""
    start, end = tags
    parts, at = [], 0
    wanted = _TOKENIZER.split(words)
    for span in _TOKENIZER.spans(value):
        word = next((one for one in wanted if span.token.startswith(one)), "")
        if not word:
            continue
        stop = min(span.start + len(word), span.end)
        parts += [value[at : span.start], start, value[span.start : stop], end]
        at = stop
    return "".join(parts) + value[at:]
