"""Which documents a filter lets through, as a mask over the rows of a collection's columns."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Columns, Mask, NumberColumn, NumberListColumn, Rows
from .filter_syntax import (
    BooleanOperation,
    FilterNode,
    IdTest,
    NumberComparison,
    NumberTest,
    TextTest,
)

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class FilterContext:
    """What evaluating a filter needs of a collection at one moment.

    ``text`` gives the ascending sequence numbers whose field matches a value (field, value,
    exact, prefix); ``seq_of`` the sequence number of a document's id, None where there is none.
    """

    columns: Columns
    row_count: int
    text: Callable[[str, str, bool, bool], Rows]
    seq_of: Callable[[str], int | None]


def evaluate_filter(context: FilterContext, node: FilterNode) -> Mask:
    """True for each row in use that passes."""
    if isinstance(node, BooleanOperation):
        left, right = evaluate_filter(context, node.left), evaluate_filter(context, node.right)
        return left & right if node.operator == "&&" else left | right
    alive = context.columns.alive[: context.row_count]
    if isinstance(node, NumberTest):
        mask = _numbers(context, node)
    elif isinstance(node, TextTest):
        mask = _texts(context, node)
    else:
        mask = _ids(context, node)
    return alive & ~mask if node.negated else alive & mask


def _numbers(context: FilterContext, test: NumberTest) -> Mask:
    column = context.columns.by_name[test.field.name]
    count = context.row_count
    if isinstance(column, NumberListColumn):
        chosen = np.zeros(column.size, dtype=np.bool_)
        items = column.items[: len(chosen)]
        for comparison in test.comparisons:
            chosen |= _compare(items, comparison, as_float=column.is_float)
        return column.rows_where(chosen, count)
    if not isinstance(column, NumberColumn):
        raise TypeError(f"{test.field.name} is not kept as numbers")
    mask = np.zeros(count, dtype=np.bool_)
    values = column.values[:count]
    for comparison in test.comparisons:
        mask |= _compare(values, comparison, as_float=column.is_float)
    return mask & column.present[:count]


def _compare(values: Rows, comparison: NumberComparison, *, as_float: bool) -> Mask:
    # Floats are kept in single precision, so an operand is compared in single precision too.
    low = float(np.float32(comparison.low)) if as_float else comparison.low
    high = float(np.float32(comparison.high)) if as_float else comparison.high
    if comparison.operator == "..":
        return (values >= low) & (values <= high)
    mask: Mask = OPERATORS[comparison.operator](values, low)
    return mask


def _texts(context: FilterContext, test: TextTest) -> Mask:
    mask = np.zeros(context.row_count, dtype=np.bool_)
    for value in test.values:
        prefix = value.endswith("*") and len(value) > 1
        wanted = value[:-1] if prefix else value
        seqs = context.text(test.field.name, wanted, test.exact, prefix)
        rows, _ = context.columns.rows_of(seqs, context.row_count)
        mask[rows] = True
    return mask


def _ids(context: FilterContext, test: IdTest) -> Mask:
    if "*" in test.ids:
        return np.ones(context.row_count, dtype=np.bool_)
    mask = np.zeros(context.row_count, dtype=np.bool_)
    found = sorted({seq for one in test.ids if (seq := context.seq_of(one)) is not None})
    rows, _ = context.columns.rows_of(np.array(found, dtype=np.int64), context.row_count)
    mask[rows] = True
    return mask
