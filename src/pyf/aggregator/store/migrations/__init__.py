"""The versions of the schema, oldest first: one module each, ``mNNN_subject.py``.

A module lists ``CHANGES``. Each change can be made twice, so a migration that was cut short, or
made by two processes at once, is simply made again; the table ``migrations`` tells which are done.
A migration that was released is never edited: another one follows it.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module

from ..schema import Column, SchemaChange, Table

MIGRATIONS_TABLE = Table(
    "migrations",
    (
        Column("number", "UInt32"),
        Column("name", "String"),
        Column("applied", "DateTime64(3, 'UTC')", default="now64(3)"),
    ),
    order_by=("number",),
)


@dataclass(frozen=True)
class Migration:
    """One version of the schema."""

    number: int
    name: str
    changes: tuple[SchemaChange, ...]


def all_migrations() -> tuple[Migration, ...]:
    """Every migration of this program in the order of their numbers."""
    modules = (info.name for info in pkgutil.iter_modules(__path__) if info.name[:1] == "m")
    return tuple(sorted(map(_read, modules), key=lambda migration: migration.number))


def _read(module: str) -> Migration:
    number, _, name = module.removeprefix("m").partition("_")
    changes = import_module(f"{__name__}.{module}").CHANGES
    return Migration(int(number), name, changes)
