"""The catalog: what a registry says of every project, and the runs that brought it.

A project has one row, the one that was looked at last. Classifiers and summary are those of the
release that the registry calls latest.
"""

from __future__ import annotations

from ..schema import Column, SchemaChange, Table

PROJECTS = Table(
    "projects",
    (
        Column("name", "String"),
        Column("display_name", "String"),
        Column("serial", "UInt64"),
        Column("latest", "String"),
        Column("releases", "UInt32"),
        Column("classifiers", "Array(LowCardinality(String))"),
        Column("summary", "String", codec="ZSTD(1)"),
        Column("author", "String"),
        Column("project_urls", "Map(String, String)", codec="ZSTD(1)"),
        Column("status", "LowCardinality(String)"),
        # 0 where no file tells its time.
        Column("first_upload", "DateTime('UTC')"),
        Column("last_upload", "DateTime('UTC')"),
        Column("gone", "Bool"),
        Column("etag", "String"),
        Column("checked", "DateTime64(3, 'UTC')"),
    ),
    engine="ReplacingMergeTree(checked)",
    order_by=("name",),
)
SYNCS = Table(
    "catalog_syncs",
    (
        Column("started", "DateTime64(3, 'UTC')"),
        Column("finished", "DateTime64(3, 'UTC')"),
        Column("source", "String"),
        Column("complete", "Bool"),
        # What the index stated before anything was fetched; 0 for one that states none.
        Column("serial", "UInt64"),
        Column("listed", "UInt64"),
        Column("fetched", "UInt64"),
        Column("unchanged", "UInt64"),
        Column("gone", "UInt64"),
        Column("failed", "Array(String)"),
    ),
    order_by=("started",),
)

CHANGES: tuple[SchemaChange, ...] = (PROJECTS, SYNCS)
