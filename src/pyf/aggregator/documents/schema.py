"""The schema that follows from a table of fields, and whether a collection has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .field import DocumentField

__all__ = [
    "COLLECTION_SEPARATORS",
    "FINGERPRINT",
    "SchemaDifference",
    "collection_schema",
    "find_differences",
    "fingerprint",
]

COLLECTION_SEPARATORS = (".", "-", "_", "@", "/")
FINGERPRINT = "fields_fingerprint"
"""Key in a collection's metadata under which the fingerprint of its table stands."""


def collection_schema(
    name: str, fields: Sequence[DocumentField], sorted_by: str
) -> dict[str, object]:
    """Return the body of ``POST /collections`` for a collection of that name."""
    metadata = {FINGERPRINT: fingerprint(fields, sorted_by)}
    return {"name": name, **_schema(fields, sorted_by), "metadata": metadata}


def fingerprint(fields: Sequence[DocumentField], sorted_by: str) -> str:
    """Return 16 hex digits that change when the schema does."""
    canonical = json.dumps(_schema(fields, sorted_by), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _schema(fields: Sequence[DocumentField], sorted_by: str) -> dict[str, object]:
    return {
        # The key is the server's own field and may not be declared.
        "fields": [_declaration(field) for field in fields if field.name != "id"],
        "default_sorting_field": sorted_by,
        "token_separators": list(COLLECTION_SEPARATORS),
    }


def _declaration(field: DocumentField) -> dict[str, object]:
    """Return the field as the server takes it; flags at their default are left out."""
    # `object` would need nested fields for the whole collection; `auto`, not indexed, is only kept.
    is_object = field.type in ("object", "object[]")
    declared: dict[str, object] = {"name": field.name, "type": "auto" if is_object else field.type}
    declared |= {flag: True for flag in ("facet", "optional", "infix") if getattr(field, flag)}
    if field.sort:
        declared["sort"] = True
    if not field.index:
        declared["index"] = False
    if field.symbols:
        declared["symbols_to_index"] = list(field.symbols)
    if field.separators:
        declared["token_separators"] = list(field.separators)
    return declared


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """One difference between a collection and the field table.

    ``breaking``: documents would be refused, or searches that rely on the field would fail. The
    others are a reason to recreate the collection when it suits.
    """

    field: str
    kind: Literal["missing", "extra", "type", "flag", "collection"]
    expected: object
    actual: object
    breaking: bool

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"the field {self.field} is missing"
        if self.kind == "extra":
            return f"the field {self.field} ({self.actual}) is not one of ours"
        where = "the collection" if self.kind == "collection" else f"the field {self.field}"
        return f"{where} has {self.actual} where {self.expected} is expected"


def find_differences(
    remote: Mapping[str, object], fields: Sequence[DocumentField], sorted_by: str
) -> list[SchemaDifference]:
    """Compare the answer of ``GET /collections/<name>`` with the fields; [] if it fits."""
    declared = _declared_fields(remote)
    return [
        *_of_collection(remote, sorted_by),
        *_of_fields(declared, fields),
        *_extra(declared, {field.name for field in fields}),
    ]


def _declared_fields(remote: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    listed = remote.get("fields")
    entries = listed if isinstance(listed, list) else []
    return {str(entry.get("name")): entry for entry in entries if isinstance(entry, Mapping)}


def _of_collection(remote: Mapping[str, object], sorted_by: str) -> Iterator[SchemaDifference]:
    expected: dict[str, object] = {
        "default_sorting_field": sorted_by,
        "token_separators": sorted(COLLECTION_SEPARATORS),
    }
    for name, value in expected.items():
        actual = remote.get(name)
        actual = sorted(map(str, actual)) if isinstance(actual, list) else actual
        if actual != value:
            yield SchemaDifference(
                name, "collection", f"{name} {value!r}", f"{name} {actual!r}", breaking=False
            )


def _of_fields(
    declared: Mapping[str, Mapping[str, object]], fields: Sequence[DocumentField]
) -> Iterator[SchemaDifference]:
    for field in fields:
        if field.name == "id":
            continue
        entry = declared.get(field.name)
        if entry is None:
            # What is not indexed is stored and shown without a declaration as well.
            yield SchemaDifference(field.name, "missing", field.type, None, breaking=field.index)
        else:
            yield from _of_field(field, entry)


def _of_field(field: DocumentField, entry: Mapping[str, object]) -> Iterator[SchemaDifference]:
    kept_only = not field.index and entry.get("index") is False
    if entry.get("type") != field.type and not kept_only:
        yield SchemaDifference(field.name, "type", field.type, entry.get("type"), breaking=True)
    flags = {
        # flag: (expected, what silence means, whether a difference is harmful)
        "index": (field.index, True, field.index),
        "facet": (field.facet, False, field.facet),
        "sort": (field.is_sorted, field.is_sorted, field.is_sorted),
        "infix": (field.infix, False, False),
    }
    for flag, (expected, silent, breaking) in flags.items():
        actual = bool(entry.get(flag, silent))
        if actual != expected:
            yield _flag(field, flag, expected, actual, breaking=breaking)
    yield from _of_optional(field, bool(entry.get("optional", False)))
    yield from _of_symbols(field, entry)


def _of_optional(field: DocumentField, actual: bool) -> Iterator[SchemaDifference]:
    """A collection that demands what a document may lack refuses documents."""
    if actual != field.optional:
        breaking = field.optional and field.zero is None
        yield _flag(field, "optional", field.optional, actual, breaking=breaking)


def _of_symbols(field: DocumentField, entry: Mapping[str, object]) -> Iterator[SchemaDifference]:
    """Other symbols answer filters less exactly; servers before version 28 have none."""
    for key, expected in (
        ("symbols_to_index", field.symbols),
        ("token_separators", field.separators),
    ):
        listed = entry.get(key)
        actual = sorted(map(str, listed)) if isinstance(listed, list) else []
        if actual != sorted(expected):
            yield _flag(field, key, sorted(expected), actual, breaking=False)


def _flag(
    field: DocumentField, flag: str, expected: object, actual: object, *, breaking: bool
) -> SchemaDifference:
    return SchemaDifference(field.name, "flag", f"{flag} {expected}", f"{flag} {actual}", breaking)


def _extra(
    declared: Mapping[str, Mapping[str, object]], known: set[str]
) -> Iterator[SchemaDifference]:
    """A field of others only breaking when every document must have it."""
    for name in sorted(declared.keys() - known):
        entry = declared[name]
        demanded = not entry.get("optional", False)
        yield SchemaDifference(name, "extra", None, entry.get("type"), breaking=demanded)
