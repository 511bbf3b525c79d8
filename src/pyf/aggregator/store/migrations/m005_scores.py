"""Health scores and insights of the projects in each collection, with the facts that made them.

A project that left a collection, or lost its score, has a row that is ``gone``.
"""

from __future__ import annotations

from ..schema import Column, SchemaChange, Table

SCORES = Table(
    "scores",
    (
        Column("collection", "LowCardinality(String)"),
        Column("name", "String"),
        Column("score", "UInt8"),
        Column("formula", "UInt16"),
        Column("insights", "Array(LowCardinality(String))"),
        # None where it is not known.
        Column("downloads", "Nullable(UInt64)"),
        Column("trend", "Nullable(Float64)"),
        Column("stars", "Nullable(UInt64)"),
        Column("open_issues", "Nullable(UInt64)"),
        Column("uploaded", "DateTime('UTC')"),
        Column("breakdown", "String", codec="ZSTD(1)"),
        Column("gone", "Bool"),
        Column("calculated", "DateTime64(3, 'UTC')"),
    ),
    engine="ReplacingMergeTree(calculated)",
    order_by=("collection", "name"),
    shard_by="name",
)

CHANGES: tuple[SchemaChange, ...] = (SCORES,)
