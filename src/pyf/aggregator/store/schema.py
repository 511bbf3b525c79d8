"""Tables and views as data, and the SQL that makes them, for one server and for a cluster.

In a cluster a table ``t`` becomes two: ``t_local`` holds the parts, replicated within a shard;
``t`` is distributed over the shards by a hash of ``shard_by``, so that the rows of one package lie
together. Replicated engines get no path: the server's default one holds the table's UUID, so that
a table which is dropped and made again meets nothing of its predecessor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOCAL_SUFFIX = "_local"


@dataclass(frozen=True)
class Column:
    """One column; ``type``, ``default`` (an expression), ``codec`` as ClickHouse writes them."""

    name: str
    type: str
    default: str = ""
    codec: str = ""

    @property
    def sql(self) -> str:
        """Its line in CREATE TABLE."""
        default = f" DEFAULT {self.default}" if self.default else ""
        codec = f" CODEC({self.codec})" if self.codec else ""
        return f"{quote_identifier(self.name)} {self.type}{default}{codec}"


@dataclass(frozen=True)
class Table:
    """A MergeTree table. ``shard_by`` is a column; without one the first of the order.

    Rows that a ReplacingMergeTree is to replace have to lie on one shard, so ``shard_by`` is a
    column of the order there.
    """

    name: str
    columns: tuple[Column, ...]
    engine: str = "MergeTree"
    order_by: tuple[str, ...] = ()
    partition_by: str = ""
    settings: Mapping[str, int | str] = field(default_factory=dict)
    shard_by: str = ""

    def create(self, cluster: str | None = None) -> tuple[str, ...]:
        """The statements that make the table where it is not there yet."""
        if cluster is None:
            return (self._parts_table(self.name, "", self.engine),)
        return self._parts_on(cluster), self._distributed_table(cluster)

    def drop(self, cluster: str | None = None) -> tuple[str, ...]:
        """The statements that remove the table where it is there; its space is free at once."""
        return drop(self.name, cluster)

    def _parts_table(self, name: str, where: str, engine: str) -> str:
        columns = ",\n  ".join(column.sql for column in self.columns)
        partition = f"\nPARTITION BY {self.partition_by}" if self.partition_by else ""
        settings = ", ".join(f"{key} = {_literal(value)}" for key, value in self.settings.items())
        return (
            f"CREATE TABLE IF NOT EXISTS {quote_identifier(name)}{where} (\n  {columns}\n)\n"
            f"ENGINE = {engine}{partition}\nORDER BY ({', '.join(self.order_by)})"
            + (f"\nSETTINGS {settings}" if settings else "")
        )

    def _parts_on(self, cluster: str) -> str:
        return self._parts_table(
            self.name + LOCAL_SUFFIX, on_cluster(cluster), f"Replicated{self.engine}"
        )

    def _distributed_table(self, cluster: str) -> str:
        local, key = self.name + LOCAL_SUFFIX, self.shard_by or self.order_by[0]
        return (
            f"CREATE TABLE IF NOT EXISTS {quote_identifier(self.name)}{on_cluster(cluster)} "
            f"AS {quote_identifier(local)}\n"
            f"ENGINE = Distributed({_literal(cluster)}, currentDatabase(), {_literal(local)}, "
            f"cityHash64({key}))"
        )


@dataclass(frozen=True)
class View:
    """A named SELECT for people at a SQL prompt."""

    name: str
    select: str

    def create(self, cluster: str | None = None) -> tuple[str, ...]:
        """The statement that makes or replaces the view."""
        return (
            f"CREATE OR REPLACE VIEW {quote_identifier(self.name)}{on_cluster(cluster)} "
            f"AS\n{self.select}",
        )


@dataclass(frozen=True)
class AddColumn:
    """A column that a table gets later, behind those it has."""

    table: str
    column: Column

    def create(self, cluster: str | None = None) -> tuple[str, ...]:
        """The statements that add it where it is not there yet."""
        names = (self.table,) if cluster is None else (self.table + LOCAL_SUFFIX, self.table)
        return tuple(
            f"ALTER TABLE {quote_identifier(name)}{on_cluster(cluster)} ADD COLUMN IF NOT EXISTS "
            # A distributed table stores nothing and takes no codec.
            + (self.column.sql if name == names[0] else Column(*self._plain).sql)
            for name in names
        )

    @property
    def _plain(self) -> tuple[str, str, str]:
        return self.column.name, self.column.type, self.column.default


@dataclass(frozen=True)
class MaterializedView:
    """A materialized view: rows inserted into ``source`` that ``where`` keeps go into ``target``.

    Rows that came into ``source`` before, or as whole parts, are brought by :meth:`fill`.
    """

    name: str
    source: str
    target: str
    columns: tuple[str, ...]
    where: str

    def create(self, cluster: str | None = None) -> tuple[str, ...]:
        """The statements that make the view, and bring what was there before it."""
        source, target = (
            f"{each}{LOCAL_SUFFIX if cluster else ''}" for each in (self.source, self.target)
        )
        made = (
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {quote_identifier(self.name)}"
            f"{on_cluster(cluster)} TO {quote_identifier(target)} AS\n{self._select(source)}"
        )
        known = f"load_id GLOBAL NOT IN (SELECT load_id FROM {quote_identifier(self.target)})"  # noqa: S608
        return made, f"{self.backfill(self.source)} AND {known}"

    def backfill(self, source: str) -> str:
        """The statement that brings the rows of another table of the same columns."""
        names = ", ".join(self.columns)
        return f"INSERT INTO {quote_identifier(self.target)} ({names})\n{self._select(source)}"

    def _select(self, source: str) -> str:
        return (
            f"SELECT {', '.join(self.columns)} FROM {quote_identifier(source)} WHERE {self.where}"  # noqa: S608
        )


SchemaChange = Table | View | AddColumn | MaterializedView
"""What a migration lists; making it a second time changes nothing."""


def drop(name: str, cluster: str | None = None) -> tuple[str, ...]:
    """The statements that remove a table where it is there."""
    names = (name,) if cluster is None else (name, name + LOCAL_SUFFIX)
    return tuple(
        f"DROP TABLE IF EXISTS {quote_identifier(each)}{on_cluster(cluster)} SYNC" for each in names
    )


def on_cluster(cluster: str | None) -> str:
    """The words that run a statement on every server of a cluster; empty without one."""
    return f" ON CLUSTER {quote_identifier(cluster)}" if cluster else ""


def quote_identifier(name: str) -> str:
    """An identifier, whatever is in it."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _literal(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
