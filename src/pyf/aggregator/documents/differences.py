"""Whether an existing collection fits the field table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .fields import BY_NAME, COLLECTION_SEPARATORS, DEFAULT_SORTING_FIELD, FIELDS, Field

__all__ = ["Difference", "schema_differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between a collection and the field table.

    ``matters``: documents would be refused, or searches that rely on the field would fail. The
    others are a reason to recreate the collection when it suits.
    """

    field: str
    kind: Literal["missing", "extra", "type", "flag", "collection"]
    expected: object
    actual: object
    matters: bool

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"the field {self.field} is missing"
        if self.kind == "extra":
            return f"the field {self.field} ({self.actual}) is not one of ours"
        where = "the collection" if self.kind == "collection" else f"the field {self.field}"
        return f"{where} has {self.actual} where {self.expected} is expected"


def schema_differences(remote: Mapping[str, object]) -> list[Difference]:
    """Compare the answer of ``GET /collections/<name>`` with the field table; [] if it fits."""
    declared = _declared(remote)
    return [*_of_collection(remote), *_of_fields(declared), *_extra(declared)]


def _declared(remote: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    listed = remote.get("fields")
    entries = listed if isinstance(listed, list) else []
    return {str(entry.get("name")): entry for entry in entries if isinstance(entry, Mapping)}


def _of_collection(remote: Mapping[str, object]) -> Iterator[Difference]:
    expected: dict[str, object] = {
        "default_sorting_field": DEFAULT_SORTING_FIELD,
        "token_separators": sorted(COLLECTION_SEPARATORS),
    }
    for name, value in expected.items():
        actual = remote.get(name)
        actual = sorted(map(str, actual)) if isinstance(actual, list) else actual
        if actual != value:
            yield Difference(
                name, "collection", f"{name} {value!r}", f"{name} {actual!r}", matters=False
            )


def _of_fields(declared: Mapping[str, Mapping[str, object]]) -> Iterator[Difference]:
    for field in FIELDS:
        if field.name == "id":
            continue
        entry = declared.get(field.name)
        if entry is None:
            # What is not indexed is stored and shown without a declaration as well.
            yield Difference(field.name, "missing", field.type, None, matters=field.index)
        else:
            yield from _of_field(field, entry)


def _of_field(field: Field, entry: Mapping[str, object]) -> Iterator[Difference]:
    kept_only = not field.index and entry.get("index") is False
    if entry.get("type") != field.type and not kept_only:
        yield Difference(field.name, "type", field.type, entry.get("type"), matters=True)
    flags = {
        # flag: (expected, what silence means, whether a difference is harmful)
        "index": (field.index, True, field.index),
        "facet": (field.facet, False, field.facet),
        "sort": (field.is_sorted, field.is_sorted, field.is_sorted),
        "infix": (field.infix, False, False),
    }
    for flag, (expected, silent, matters) in flags.items():
        actual = bool(entry.get(flag, silent))
        if actual != expected:
            yield _flag(field, flag, expected, actual, matters=matters)
    yield from _of_optional(field, bool(entry.get("optional", False)))
    yield from _of_symbols(field, entry)


def _of_optional(field: Field, actual: bool) -> Iterator[Difference]:
    """A collection that demands what a document may lack refuses documents."""
    if actual != field.optional:
        matters = field.optional and field.zero is None
        yield _flag(field, "optional", field.optional, actual, matters=matters)


def _of_symbols(field: Field, entry: Mapping[str, object]) -> Iterator[Difference]:
    """Other symbols answer filters less exactly; servers before version 28 have none."""
    for key, expected in (
        ("symbols_to_index", field.symbols),
        ("token_separators", field.separators),
    ):
        listed = entry.get(key)
        actual = sorted(map(str, listed)) if isinstance(listed, list) else []
        if actual != sorted(expected):
            yield _flag(field, key, sorted(expected), actual, matters=False)


def _flag(
    field: Field, flag: str, expected: object, actual: object, *, matters: bool
) -> Difference:
    return Difference(field.name, "flag", f"{flag} {expected}", f"{flag} {actual}", matters)


def _extra(declared: Mapping[str, Mapping[str, object]]) -> Iterator[Difference]:
    """A field of others only matters when every document must have it."""
    for name in sorted(declared.keys() - BY_NAME.keys()):
        entry = declared[name]
        demanded = not entry.get("optional", False)
        yield Difference(name, "extra", None, entry.get("type"), matters=demanded)
