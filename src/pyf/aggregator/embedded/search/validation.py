"""Whether a document fits a collection, and which fields it adds to one with dynamic rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .errors import bad_request
from .schema import NUMBER_TYPES, CollectionSchema, SchemaField, rule_for
from .values import DROPPED, MISSING, coerce_value, detect_type, leaves, lookup

_MASK = 2**64 - 1
_MULTIPLIER = 0xC6A4A7935BD1E995
_SEED = 0xC70F6907
_BUCKETS = 32


class DocumentValidator:
    """Checks and coerces documents in place; the first wrong field is named in a 400.

    Which of several wrong fields is named follows the order in which Typesense walks a schema:
    the buckets of a hash table with 64-bit murmur hashes.
    """

    def __init__(self, schema: CollectionSchema) -> None:
        self._schema = schema
        self._nested = schema.enable_nested_fields
        walked = (one for one in schema.by_name.values() if one.index)
        self._fields = sorted(walked, key=lambda one: _murmur(one.name.encode()) % _BUCKETS)

    def check_document(
        self, document: dict[str, Any], dirty: str, *, sorting_first: bool = True
    ) -> None:
        """A whole document: every field must be there unless it is optional."""
        name = self._schema.default_sorting_field
        if sorting_first and name and lookup(document, name, nested=self._nested) is MISSING:
            raise bad_request(
                f"Field `{name}` has been declared as a default sorting field, but is not found "
                "in the document."
            )
        for field in self._fields:
            value = lookup(document, field.name, nested=self._nested)
            if value is MISSING:
                if not field.optional:
                    raise bad_request(
                        f"Field `{field.name}` has been declared in the schema, but is not found "
                        "in the document."
                    )
            elif value is None and field.optional:
                del document[field.name]
            else:
                self.coerce_field(document, field, value, dirty)

    def check_update(self, document: dict[str, Any], dirty: str) -> None:
        """A partial update: only what is there is looked at; null takes optional fields away."""
        for field in self._fields:
            value = lookup(document, field.name, nested=self._nested)
            if value is not MISSING and not (value is None and field.optional):
                self.coerce_field(document, field, value, dirty)

    def coerce_field(
        self, document: dict[str, Any], field: SchemaField, value: Any, dirty: str
    ) -> None:
        """Put the value into the document as the field's type wants it."""
        if field.is_object:
            _check_object(field, value)
            return
        fitting = coerce_value(field, value, dirty)
        if field.name not in document or fitting is value:
            return
        if fitting is DROPPED:
            del document[field.name]
        else:
            document[field.name] = fitting


def _check_object(field: SchemaField, value: Any) -> None:
    if field.is_array and not isinstance(value, list):
        raise bad_request(f"Field `{field.name}` must be an array.")
    inside = value if field.is_array else [value]
    if not all(isinstance(one, dict) for one in inside):
        kind = "an array of objects" if field.is_array else "an object"
        raise bad_request(f"Field `{field.name}` must be {kind}.")


def new_fields(schema: CollectionSchema, document: dict[str, Any]) -> list[SchemaField]:
    """The fields that a document brings into being through dynamic rules and objects."""
    found: dict[str, SchemaField] = {}
    if schema.dynamic:
        for name, value in document.items():
            if name != "id" and name not in schema.by_name:
                field = _detect_field(schema, name, value)
                if field is not None:
                    found[name] = field
    if schema.enable_nested_fields:
        for parent in (*schema.objects, *(one for one in found.values() if one.is_object)):
            for one in _inner_fields(parent, document):
                if one.name not in schema.by_name:
                    found.setdefault(one.name, one)
    return list(found.values())


def _detect_field(schema: CollectionSchema, name: str, value: Any) -> SchemaField | None:
    rule = rule_for(schema, name)
    if rule is None or not rule.index:
        return None
    kind = rule.type
    if kind == "auto":
        detected = detect_type(value, nested=schema.enable_nested_fields)
        if detected is None:
            return None
        kind = detected
    elif kind == "string*":
        kind = "string[]" if isinstance(value, list) else "string"
    sort = rule.sort or kind in NUMBER_TYPES
    return replace(rule, name=name, type=kind, optional=True, sort=sort)


def _inner_fields(parent: SchemaField, document: dict[str, Any]) -> Iterator[SchemaField]:
    value = lookup(document, parent.name, nested=True)
    if value is MISSING:
        return
    for name, leaf, in_array in leaves(parent.name, value):
        kind = detect_type(leaf, nested=False)
        if kind is None or name == parent.name:
            continue
        sort = kind in NUMBER_TYPES and not in_array
        yield replace(
            parent,
            name=name,
            type=kind + "[]" * in_array,
            optional=True,
            sort=sort or (parent.sort and not in_array),
        )


def _murmur(data: bytes) -> int:
    value = _SEED ^ (len(data) * _MULTIPLIER & _MASK)
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        part = int.from_bytes(data[at : at + 8], "little") * _MULTIPLIER & _MASK
        part = (part ^ part >> 47) * _MULTIPLIER & _MASK
        value = (value ^ part) * _MULTIPLIER & _MASK
    if len(data) > whole:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 47) * _MULTIPLIER & _MASK
    return value ^ value >> 47
