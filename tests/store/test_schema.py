"""The SQL of tables and views, and whether the engine takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.store.lexer import tokenize
from pyf.aggregator.store.migrations import MIGRATIONS_TABLE, all_migrations
from pyf.aggregator.store.schema import AddColumn, Column, Table, View, drop, quote_identifier

COUNTS = Table(
    "counts",
    (
        Column("package", "String", codec="ZSTD(1)"),
        Column("n", "UInt64", default="0"),
        Column("version", "UInt32"),
    ),
    engine="ReplacingMergeTree(version)",
    order_by=("package",),
    partition_by="n % 2",
    settings={"index_granularity": 1024},
)


def test_a_table_on_one_server():
    (sql,) = COUNTS.create()

    assert sql == (
        "CREATE TABLE IF NOT EXISTS `counts` (\n"
        "  `package` String CODEC(ZSTD(1)),\n  `n` UInt64 DEFAULT 0,\n  `version` UInt32\n)\n"
        "ENGINE = ReplacingMergeTree(version)\nPARTITION BY n % 2\nORDER BY (package)\n"
        "SETTINGS index_granularity = 1024"
    )


def test_a_table_in_a_cluster_is_two():
    local, distributed = COUNTS.create("main")

    assert "`counts_local` ON CLUSTER `main` (" in local
    assert "ENGINE = ReplicatedReplacingMergeTree(version)\n" in local
    assert distributed == (
        "CREATE TABLE IF NOT EXISTS `counts` ON CLUSTER `main` AS `counts_local`\n"
        "ENGINE = Distributed('main', currentDatabase(), 'counts_local', cityHash64(package))"
    )


def test_a_column_is_added_to_both_in_a_cluster():
    change = AddColumn("counts", Column("more", "String", default="'x'", codec="ZSTD(1)"))

    assert change.create() == (
        "ALTER TABLE `counts` ADD COLUMN IF NOT EXISTS `more` String DEFAULT 'x' CODEC(ZSTD(1))",
    )
    local, distributed = change.create("main")
    assert local.endswith("CODEC(ZSTD(1))")
    assert distributed.startswith("ALTER TABLE `counts` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS")
    assert "CODEC" not in distributed


def test_views_and_removals_reach_the_whole_cluster():
    assert View("v", "SELECT 1").create("c") == (
        "CREATE OR REPLACE VIEW `v` ON CLUSTER `c` AS\nSELECT 1",
    )
    assert drop("t") == ("DROP TABLE IF EXISTS `t` SYNC",)
    assert len(drop("t", "c")) == 2


@given(st.text(max_size=30))
def test_a_quoted_name_is_one_token(name):
    (token,) = tokenize(quote_identifier(name).encode("utf-8", "surrogatepass"))

    assert token.kind == "quoted"


def statements(cluster: str | None) -> list[str]:
    changes = [change for migration in all_migrations() for change in migration.changes]
    return [sql for change in (MIGRATIONS_TABLE, *changes) for sql in change.create(cluster)]


@pytest.mark.parametrize("cluster", [None, "main"])
def test_the_engine_can_read_every_statement(store, cluster):
    for sql in statements(cluster):
        assert store.query(f"EXPLAIN AST {sql}"), sql


def test_in_a_cluster_every_table_is_replicated_and_distributed():
    made = statements("main")
    tables = [sql for sql in made if sql.startswith("CREATE TABLE")]

    changing = [sql for sql in made if not sql.startswith("INSERT")]
    assert all(" ON CLUSTER `main`" in sql for sql in changing)
    assert sum("ENGINE = Replicated" in sql for sql in tables) * 2 == len(tables)
    assert sum("ENGINE = Distributed" in sql for sql in tables) * 2 == len(tables)


def test_rows_of_one_package_lie_on_one_shard():
    made = [sql for sql in statements("main") if "'downloads" in sql]

    assert len(made) == 3
    assert all("cityHash64(package)" in sql for sql in made)


def test_rows_that_replace_each_other_are_sharded_by_a_column_of_their_order():
    tables = [c for m in all_migrations() for c in m.changes if isinstance(c, Table)]
    replacing = [table for table in tables if table.engine.startswith("Replacing")]

    assert replacing
    assert [t.name for t in replacing if (t.shard_by or t.order_by[0]) not in t.order_by] == []


def test_numbers_of_migrations_are_used_once():
    numbers = [migration.number for migration in all_migrations()]

    assert numbers == sorted(set(numbers))
