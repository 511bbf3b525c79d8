"""Advisories as OSV has them, and projects that have to be warned of.

``flags`` has a row for every project that was ever flagged; one without flags is not any more.
"""

from __future__ import annotations

from ..schema import Column, SchemaChange, Table, View

ADVISORIES = Table(
    "advisories",
    (
        Column("id", "String"),
        Column("modified", "String"),
        Column("packages", "Array(String)"),
        Column("withdrawn", "Bool"),
        Column("gone", "Bool"),
        Column("record", "String", codec="ZSTD(3)"),
        # Unix milliseconds at which the load began that brought it.
        Column("version", "UInt64"),
    ),
    engine="ReplacingMergeTree(version)",
    order_by=("id",),
)
LOADS = Table(
    "advisory_loads",
    (
        Column("finished", "DateTime64(3, 'UTC')"),
        Column("source", "String"),
        Column("whole", "Bool"),
        Column("etag", "String"),
        Column("newest", "DateTime64(6, 'UTC')"),
        Column("records", "UInt64"),
    ),
    order_by=("finished",),
)
FLAGS = Table(
    "flags",
    (
        Column("name", "String"),
        Column("flags", "Array(LowCardinality(String))"),
        Column("resembles", "String"),
        Column("reason", "String"),
        Column("version", "UInt64"),
    ),
    engine="ReplacingMergeTree(version)",
    order_by=("name",),
)
FLAGGED = View(
    "flagged_projects",
    "SELECT name, flags, resembles, reason FROM flags FINAL WHERE notEmpty(flags)",
)

CHANGES: tuple[SchemaChange, ...] = (ADVISORIES, LOADS, FLAGS, FLAGGED)
