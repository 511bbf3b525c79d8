"""Download counts, what was loaded when, and the months that outlive their days.

``downloads`` holds one number for a package, a dimension's category and a day; the order answers
one package's series from few granules. Rows count only while ``loads`` says that their load is the
last published one of their day; ``published_downloads`` shows exactly those.
"""

from __future__ import annotations

from ..schema import Column, SchemaChange, Table, View
from ..snapshot import SNAPSHOT_SQL

DIMENSIONS = (
    "Enum8('overall' = 1, 'python_major' = 2, 'python_minor' = 3, 'system' = 4, "
    "'installer' = 5, 'country' = 6, 'version' = 7)"
)
KEY = ("dimension", "package", "category")

DOWNLOADS = Table(
    "downloads",
    (
        # Rows of one category lie by day, and later days have later loads.
        Column("load_id", "UInt64", codec="Delta, ZSTD(1)"),
        Column("day", "Date", codec="Delta, ZSTD(1)"),
        Column("dimension", DIMENSIONS, codec="ZSTD(1)"),
        Column("package", "String", codec="ZSTD(1)"),
        Column("category", "LowCardinality(String)", codec="ZSTD(1)"),
        Column("downloads", "UInt64", codec="T64, ZSTD(1)"),
    ),
    order_by=(*KEY, "day"),
    partition_by="toYYYYMM(day)",
    shard_by="package",
    # A series is some hundred rows a month: blocks of 8,192 would be read for nothing.
    settings={"index_granularity": 2048},
)
LOADS = Table(
    "loads",
    (
        Column("id", "UInt64"),
        Column("day", "Date"),
        Column("source", "LowCardinality(String)"),
        Column("scope", "LowCardinality(String)", default="'full'"),
        Column("status", "LowCardinality(String)"),
        Column("reason", "String"),
        Column("rows", "UInt64"),
        Column("downloads_total", "UInt64"),
        Column("started", "DateTime64(6, 'UTC')"),
        Column("finished", "DateTime64(6, 'UTC')"),
        Column("accepted", "Bool"),
    ),
    order_by=("day", "id"),
)
MONTHLY = Table(
    "downloads_monthly",
    (
        Column("month", "Date"),
        Column("dimension", DIMENSIONS),
        Column("package", "String"),
        Column("category", "LowCardinality(String)"),
        Column("downloads", "UInt64", codec="T64, ZSTD(1)"),
        Column("days", "UInt16"),
    ),
    engine="ReplacingMergeTree",
    order_by=(*KEY, "month"),
    shard_by="package",
)
PUBLISHED = View(
    "published_downloads",
    # GLOBAL: in a cluster the loads are looked up once, not on every shard.
    "SELECT day, dimension, package, category, downloads FROM downloads\n"  # noqa: S608
    f"WHERE (day, load_id) GLOBAL IN (SELECT day, load_id FROM ({SNAPSHOT_SQL.strip()}))",
)

CHANGES: tuple[SchemaChange, ...] = (DOWNLOADS, LOADS, MONTHLY, PUBLISHED)
