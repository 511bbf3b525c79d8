"""``group_by``: which documents form a group, and the groups of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import AnyColumn, Columns, ListColumn, NumberColumn, Rows, StringColumn
from .errors import bad_request
from .schema import CollectionSchema, SchemaField

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ResultGroup:
    """One group of a page: how many documents it has, and its first ones in order."""

    found: int
    positions: list[int]


def group_fields(schema: CollectionSchema, names: Sequence[str]) -> tuple[SchemaField, ...]:
    fields = []
    for name in names:
        field = schema.by_name.get(name)
        if field is None:
            raise bad_request(f"Group by field `{name}` does not exist.")
        if not field.facet:
            raise bad_request(f"Group by field `{name}` should be a facet field.")
        fields.append(field)
    return tuple(fields)


def group_ids(
    columns: Columns, fields: Sequence[SchemaField], rows: Rows, *, missing_together: bool
) -> Ids:
    """For each row the number of its group; numbers count from 0 without gaps.

    Documents without a value form one group, or one each where they are not to be together.
    """
    ids: Ids = np.zeros(len(rows), dtype=np.int64)
    missing = np.ones(len(rows), dtype=np.bool_)
    for field in fields:
        parts, absent = _parts(columns.by_name[field.name], rows)
        ids = _compact(ids * (int(parts.max(initial=0)) + 1) + parts)
        missing &= absent
    if not missing_together and missing.any():
        ids[missing] = int(ids.max(initial=0)) + 1 + np.arange(int(missing.sum()))
        ids = _compact(ids)
    return ids


def page_of_groups(
    ids: Ids, ordered: npt.NDArray[np.int64], offset: int, size: int, limit: int
) -> tuple[int, list[ResultGroup]]:
    """How many groups there are, and those of a page; a group stands where its first hit does."""
    if not len(ids):
        return 0, []
    in_order = ids[ordered]
    distinct, first, counts = np.unique(in_order, return_index=True, return_counts=True)
    by_place = np.argsort(first, kind="stable")[offset : offset + size]
    groups = []
    for at in by_place:
        start = int(first[at])
        members = np.flatnonzero(in_order[start:] == distinct[at])[:limit] + start
        groups.append(ResultGroup(int(counts[at]), ordered[members].tolist()))
    return len(distinct), groups


def _parts(column: AnyColumn, rows: Rows) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """A small number per row that tells its values apart from others, and where there are none."""
    if isinstance(column, StringColumn):
        codes = column.codes[rows].astype(np.int64)
        return codes + 1, codes < 0
    if isinstance(column, NumberColumn):
        absent = ~column.present[rows]
        parts = _compact(column.values[rows]) + 1
        return np.where(absent, 0, parts), absent
    return _list_parts(column, rows)


def _list_parts(column: ListColumn, rows: Rows) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Lists are told apart as a whole: the same values in the same order are one group."""
    seen: dict[bytes, int] = {b"": 0}
    parts = np.empty(len(rows), dtype=np.int64)
    for at, row in enumerate(rows.tolist()):
        parts[at] = seen.setdefault(column.of(row).tobytes(), len(seen))
    return parts, column.lengths[rows] == 0


def _compact(values: npt.NDArray[Any]) -> Ids:
    _, ids = np.unique(values, return_inverse=True)
    return ids.astype(np.int64)
