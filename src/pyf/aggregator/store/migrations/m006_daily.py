"""What rankings are made of, apart: one row for a package and a day, without mirrors.

It is a tenth of ``downloads`` and half of what the same questions would read there. Rows count as
they do there, by their load.
"""

from __future__ import annotations

from ..schema import Column, MaterializedView, SchemaChange, Table
from .m001_downloads import DOWNLOADS

DAILY = Table(
    "downloads_daily",
    (
        Column("load_id", "UInt64", codec="Delta, ZSTD(1)"),
        Column("day", "Date", codec="Delta, ZSTD(1)"),
        Column("package", "String", codec="ZSTD(1)"),
        Column("downloads", "UInt64", codec="T64, ZSTD(1)"),
    ),
    order_by=("package", "day"),
    partition_by="toYYYYMM(day)",
    shard_by="package",
)
DAILY_VIEW = MaterializedView(
    "downloads_daily_feed",
    DOWNLOADS.name,
    DAILY.name,
    tuple(column.name for column in DAILY.columns),
    "dimension = 'overall' AND category = 'without_mirrors'",
)

CHANGES: tuple[SchemaChange, ...] = (DAILY, DAILY_VIEW)
