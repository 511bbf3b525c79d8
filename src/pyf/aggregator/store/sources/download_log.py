"""Single downloads, as BigQuery's ``file_downloads`` has them, counted by dimension. Pure.

The rules are those of pypistats.org: rows whose Python is neither unknown nor of the form
``x.y...`` count nowhere; mirrors and unknown installers count in ``with_mirrors`` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from ..download_rows import UNKNOWN, normalize_names
from .base import MIRRORS, SYSTEMS

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "date", "day"),
    "package": ("project", "file.project", "file_project"),
    "installer": (
        "details.installer.name",
        "details_installer_name",
        "installer_name",
        "installer",
    ),
    "python": ("details.python", "details_python", "python"),
    "system": ("details.system.name", "details_system_name", "system_name", "system"),
    "country": ("country_code",),
    "version": ("file.version", "file_version", "version"),
    "downloads": ("downloads", "num_downloads", "count"),
}
"""What is read of a download, and the names that a column with it may have."""
REQUIRED = ("timestamp", "package", "installer")
"""Without an installer mirrors cannot be told; the other columns only cost their dimension."""


def count_downloads(hits: pa.Table) -> Iterator[pa.Table]:
    """Rows of ``Source.read`` for downloads with the columns of :data:`COLUMNS`, all texts but
    ``downloads``, which stands for how many a row is; a table for each dimension.
    """
    hits = _drop_malformed_python(hits)
    hits = hits.set_column(
        hits.column_names.index("package"), "package", normalize_names(hits["package"])
    )
    installer = hits["installer"]
    mirrored = pc.is_in(installer, value_set=pa.array(MIRRORS))
    told = pc.fill_null(pc.not_equal(installer, ""), False)
    known = hits.filter(pc.and_(told, pc.invert(mirrored)))
    yield _sum_by_category(hits, "overall", pa.repeat("with_mirrors", hits.num_rows))
    yield _sum_by_category(known, "overall", pa.repeat("without_mirrors", known.num_rows))
    yield from _dimensions(known)


def _dimensions(known: pa.Table) -> Iterator[pa.Table]:
    if "python" in known.column_names:
        parts = pc.extract_regex(known["python"], r"^(?P<minor>(?P<major>[0-9]+)\.[0-9]+)")
        for field in ("major", "minor"):
            yield _sum_by_category(known, f"python_{field}", pc.struct_field(parts, field))
    if "system" in known.column_names:
        system = known["system"]
        named = pc.is_in(system, value_set=pa.array(SYSTEMS))
        other = pc.if_else(pc.equal(system, ""), UNKNOWN, "other")
        yield _sum_by_category(known, "system", pc.if_else(named, system, other))
    for dimension in ("installer", "country", "version"):
        if dimension in known.column_names:
            yield _sum_by_category(known, dimension, known[dimension])


def _drop_malformed_python(hits: pa.Table) -> pa.Table:
    if "python" not in hits.column_names:
        return hits
    python = hits["python"]
    fits = pc.match_substring_regex(python, r"^[0-9]+\.[0-9]+")
    return hits.filter(pc.fill_null(pc.or_kleene(fits, pc.equal(python, "")), True))


def _sum_by_category(
    hits: pa.Table, dimension: str, category: pa.Array | pa.ChunkedArray
) -> pa.Table:
    pairs = pa.table(
        {
            "package": hits["package"],
            "category": pc.fill_null(pc.cast(category, pa.string()), UNKNOWN),
            "downloads": hits["downloads"],
        }
    )
    sums = pairs.group_by(["package", "category"]).aggregate([("downloads", "sum")])
    return pa.table(
        {
            "dimension": pa.repeat(dimension, sums.num_rows),
            "package": sums["package"],
            "category": sums["category"],
            "downloads": sums["downloads_sum"],
        }
    )
