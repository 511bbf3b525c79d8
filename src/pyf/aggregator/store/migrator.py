"""Brings the tables of a store to the versions that this program knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import UsageError
from .migrations import MIGRATIONS_TABLE, Migration, all_migrations
from .schema import Table


class MigrationTarget(Protocol):
    """What is migrated, and what is asked of it."""

    cluster: str | None

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a SELECT."""

    def command(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """Run a statement."""

    def insert(self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> None:
        """Insert rows."""

    def create(self, table: Table) -> None:
        """Make a table."""

    def tables(self) -> set[str]:
        """Names of the tables there are."""


class StoreTooNew(UsageError):
    """The store was made by a newer version of this program."""


@dataclass(frozen=True)
class SchemaState:
    """How far a store is: migrations made by their numbers, and those that are missing."""

    applied: Mapping[int, str]
    missing: tuple[Migration, ...]


def schema_state(store: MigrationTarget) -> SchemaState:
    """How far a store is; raises :class:`StoreTooNew` where it is further than this program."""
    made: dict[int, str] = {}
    if MIGRATIONS_TABLE.name in store.tables():
        made = dict(store.query("SELECT number, any(name) FROM migrations GROUP BY number"))
    migrations = all_migrations()
    if unknown := sorted(set(made) - {migration.number for migration in migrations}):
        names = ", ".join(f"{number:03} {made[number]}" for number in unknown)
        raise StoreTooNew(
            f"{store} was made by a newer version of this program, which knows "
            f"the migration {names}; update this one"
        )
    return SchemaState(made, tuple(m for m in migrations if m.number not in made))


def migrate(store: MigrationTarget) -> tuple[str, ...]:
    """Make the migrations that are missing; return their names.

    Each change does nothing where it is made already, so two processes that do this at once, or
    one after another that was killed in the middle, do no harm.
    """
    missing = schema_state(store).missing
    if missing:
        store.create(MIGRATIONS_TABLE)
    for migration in missing:
        for change in migration.changes:
            for statement in change.create(store.cluster):
                store.command(statement)
        store.insert(
            MIGRATIONS_TABLE.name, [(migration.number, migration.name)], ("number", "name")
        )
    return tuple(f"{m.number:03} {m.name}" for m in missing)
