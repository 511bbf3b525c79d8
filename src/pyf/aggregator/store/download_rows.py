"""Rows on their way into the store: names in their normal form, categories never empty. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

MAX_NAME_LENGTH: Final = 128
"""Characters; packages with longer names are left out, as pypistats.org does."""
UNKNOWN = "null"
ALL = "__all__"
DIMENSIONS = (
    "overall",
    "python_major",
    "python_minor",
    "system",
    "installer",
    "country",
    "version",
)
"""In the order of their numbers in the store, from 1."""
_NORMAL = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_RUNS = r"[-_.]+"


@dataclass(frozen=True)
class RowFault:
    """Rows with the same thing wrong: how many, and one of them in words."""

    rows: int
    example: str


@dataclass(frozen=True)
class TidyRows:
    """Rows that can be stored. ``skipped`` had names that no project can have, ``renamed`` ones
    that were spelled otherwise, so that two rows may now be about the same. ``wrong`` were left
    out as well: for what is wrong how many rows, and the first of them.
    """

    rows: pa.Table
    skipped: int = 0
    renamed: int = 0
    wrong: Mapping[str, RowFault] = field(default_factory=dict)


def tidy_rows(table: pa.Table) -> TidyRows:
    """Normalize names (PEP 503), leave out what is no name, ``__all__`` and rows without counts.

    ``table`` has the columns of ``Source.read``. The totals of ``__all__`` are made anew from the
    rows, so those of a source are dropped; unknown categories become ``null``.
    """
    counted = pc.and_kleene(pc.greater(table["downloads"], 0), _is_known(table["dimension"]))
    wrong = {} if pc.all(counted, min_count=0, skip_nulls=False).as_py() else _find_faults(table)
    table = _filter_rows(table, pc.and_kleene(counted, pc.fill_null(_is_package(table), True)))
    before = table.num_rows
    package = table["package"]
    normal = _is_normal(package)
    renamed = 0
    if not pc.all(normal, min_count=0).as_py():
        package = pc.if_else(normal, package, _normalize_spelling(package))
        usable = _is_normal(package)
        renamed = pc.sum(pc.and_(usable, pc.invert(normal))).as_py() or 0
        table, package = table.filter(usable), package.filter(usable)
    rows = pa.table(
        {
            "dimension": table["dimension"],
            "package": package,
            "category": _fill_unknown(table["category"]),
            "downloads": pc.cast(table["downloads"], pa.uint64()),
        }
    )
    return TidyRows(rows, before - rows.num_rows, renamed, wrong)


def with_store_columns(rows: pa.Table, load_id: int, day: pa.Scalar) -> pa.Table:
    """Tidy rows with all columns of the store's table, dimensions as its numbers."""
    number = pc.index_in(rows["dimension"], value_set=pa.array(DIMENSIONS))
    return pa.table(
        {
            "load_id": pa.repeat(pa.scalar(load_id, pa.uint64()), rows.num_rows),
            "day": pa.repeat(day, rows.num_rows),
            "dimension": pc.cast(pc.add(number, 1), pa.int8()),
            "package": rows["package"],
            "category": rows["category"],
            "downloads": rows["downloads"],
        }
    )


def normalize_names(names: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """Names in PEP 503's form, whether or not they are names; null stays null."""
    return _normalize_spelling(names)


def _normalize_spelling(names: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(names)), _RUNS, "-")


def _find_faults(table: pa.Table) -> dict[str, RowFault]:
    """What is wrong with rows that are no counts; a count of 0 is none, and not wrong."""
    downloads = table["downloads"]
    found = {
        "a negative count": pc.fill_null(pc.less(downloads, 0), False),
        "no count": pc.is_null(downloads),
        "an unknown dimension": pc.invert(pc.fill_null(_is_known(table["dimension"]), False)),
    }
    return {
        what: RowFault(rows.num_rows, _in_words(rows.slice(0, 1)))
        for what, chosen in found.items()
        if (rows := table.filter(chosen)).num_rows
    }


def _in_words(row: pa.Table) -> str:
    values = row.to_pylist()[0]
    named = [str(values[name])[:MAX_NAME_LENGTH] for name in ("package", "dimension", "category")]
    return f"{', '.join(named)}: {values['downloads']}"


def _is_normal(names: pa.ChunkedArray) -> pa.ChunkedArray:
    fits = pc.less_equal(pc.binary_length(names), MAX_NAME_LENGTH)
    return pc.fill_null(pc.and_(fits, pc.match_substring_regex(names, _NORMAL)), False)


def _filter_rows(table: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """Rows that are wanted; mostly all of them, and texts are dear to copy."""
    return table if pc.sum(wanted).as_py() == table.num_rows else table.filter(wanted)


def _fill_unknown(category: pa.ChunkedArray) -> pa.ChunkedArray:
    untold = pc.fill_null(pc.equal(category, ""), True)
    return pc.if_else(untold, UNKNOWN, category) if pc.any(untold).as_py() else category


def _is_package(table: pa.Table) -> pa.ChunkedArray:
    return pc.not_equal(table["package"], ALL)


def _is_known(dimension: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(dimension, value_set=pa.array(DIMENSIONS))
