"""GitHub's facts, shared by all profiles; which project names which repository.

A repository is known by GitHub's own number, which outlives renames; ``repository_names`` leads
from the name that a link has to it. Of every table the last row of a key counts.
"""

from __future__ import annotations

from ..schema import Column, SchemaChange, Table

_MOMENT = "DateTime64(3, 'UTC')"

REPOSITORIES = Table(
    "repositories",
    (
        Column("id", "UInt64"),
        Column("full_name", "String"),
        Column("url", "String"),
        Column("stars", "UInt64"),
        Column("watchers", "UInt64"),
        Column("forks", "UInt64"),
        Column("open_issues", "UInt64"),
        Column("archived", "Bool"),
        Column("topics", "Array(LowCardinality(String))"),
        Column("license", "LowCardinality(String)"),
        # Unix seconds, 0 where GitHub does not tell.
        Column("updated", "Int64"),
        Column("pushed", "Int64"),
        # Of the REST answer; empty for facts that came by GraphQL, which has none.
        Column("etag", "String"),
        Column("fetched", _MOMENT),
    ),
    engine="ReplacingMergeTree(fetched)",
    order_by=("id",),
)
NAMES = Table(
    "repository_names",
    (
        Column("name", "String"),
        # 0 for a name that leads nowhere.
        Column("id", "UInt64"),
        Column("checked", _MOMENT),
    ),
    engine="ReplacingMergeTree(checked)",
    order_by=("name",),
)
CONTRIBUTORS = Table(
    "repository_contributors",
    (
        Column("id", "UInt64"),
        Column("usernames", "Array(String)"),
        Column("avatar_urls", "Array(String)"),
        Column("contributions", "Array(UInt32)"),
        Column("fetched", _MOMENT),
    ),
    engine="ReplacingMergeTree(fetched)",
    order_by=("id",),
)
PROJECTS = Table(
    "project_repositories",
    (
        Column("registry", "LowCardinality(String)"),
        Column("project", "String"),
        # 0 where there are no facts of GitHub's, for the reason beside.
        Column("repository_id", "UInt64"),
        Column("forge", "LowCardinality(String)"),
        Column("url", "String"),
        Column("field", "String"),
        Column("reason", "LowCardinality(String)"),
        Column("checked", _MOMENT),
    ),
    engine="ReplacingMergeTree(checked)",
    order_by=("registry", "project"),
    shard_by="project",
)

CHANGES: tuple[SchemaChange, ...] = (REPOSITORIES, NAMES, CONTRIBUTORS, PROJECTS)
