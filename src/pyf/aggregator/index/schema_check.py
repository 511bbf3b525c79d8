"""How a collection differs from the field table, and what it takes to bring it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..documents import collection_schema, schema_differences
from ..documents.schema import SchemaDifference
from . import admin
from .client import SearchServer


@dataclass(frozen=True)
class SchemaFinding:
    """One difference, and whether an alteration of the collection in place can remove it."""

    difference: SchemaDifference
    in_place: bool


@dataclass(frozen=True)
class SchemaCheck:
    """The comparison of one collection with the field table."""

    collection: str
    findings: tuple[SchemaFinding, ...]
    alteration: tuple[Mapping[str, Any], ...]
    """``fields`` of a ``PATCH`` that removes every difference which can be removed in place."""

    @property
    def fits(self) -> bool:
        """There is no difference at all."""
        return not self.findings

    @property
    def breaking(self) -> bool:
        """Documents would be refused, or searches would fail."""
        return any(finding.difference.breaking for finding in self.findings)

    @property
    def needs_recreation(self) -> bool:
        """At least one difference cannot be removed in place."""
        return any(not finding.in_place for finding in self.findings)


def check_schema(server: SearchServer, name: str) -> SchemaCheck:
    """Compare the collection behind a name with the field table; raises ``NotFound``."""
    target = admin.find_collection(server, name)
    if target is None:
        raise admin.not_found_error(server, name)
    return compare_schema(admin.describe_collection(server, target))


def compare_schema(remote: Mapping[str, Any]) -> SchemaCheck:
    """Compare a collection as the server describes it with the field table."""
    wanted = _declared_fields(collection_schema(remote["name"]))
    found = schema_differences(remote)
    # A field is altered as a whole: what hinders one of its differences hinders all.
    fixed = {one.field for one in found if not _in_place(one, remote, wanted)}
    changed = {one.field: one.kind for one in found if one.field not in fixed}
    return SchemaCheck(
        str(remote["name"]),
        tuple(SchemaFinding(one, one.field not in fixed) for one in found),
        tuple(part for name, kind in changed.items() for part in _change(name, kind, wanted)),
    )


def _in_place(
    difference: SchemaDifference, remote: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]
) -> bool:
    """The server adds and drops fields; a field that is dropped and added again is changed.

    It reads the stored documents then: each of them must have what is demanded, in the new type.
    """
    if difference.kind == "collection" or difference.field == remote.get("default_sorting_field"):
        return False
    if remote.get("num_documents") == 0 or difference.kind == "extra":
        return True
    if difference.kind == "type":
        return False
    declared = _declared_fields(remote)
    was_demanded = difference.field in declared and not declared[difference.field].get("optional")
    return was_demanded or bool(wanted[difference.field].get("optional"))


def _change(
    name: str, kind: str, wanted: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    drop = {"name": name, "drop": True}
    if kind == "extra":
        return [drop]
    return [wanted[name]] if kind == "missing" else [drop, wanted[name]]


def _declared_fields(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {field["name"]: field for field in schema["fields"]}
