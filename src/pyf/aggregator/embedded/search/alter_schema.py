"""What an alteration makes of a collection's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ApiError, bad_request
from .schema import FIELDS_SHAPE, CollectionSchema, SchemaField, parse_field
from .validation import DocumentValidator
from .values import COERCE_OR_REJECT, MISSING, lookup


def alter_fields(
    schema: CollectionSchema, given: Any
) -> tuple[tuple[SchemaField, ...], list[dict[str, Any]]]:
    """The fields after the drops and additions asked for, and how the answer repeats them.

    A field that is dropped and given again in one request is changed.
    """
    if not isinstance(given, list) or not given:
        raise bad_request(FIELDS_SHAPE)
    for one in given:
        if isinstance(one, dict) and "drop" in one and one["drop"] is not True:
            raise bad_request(f"Field `{one.get('name')}` must have a drop value of `true`.")
    dropped = [one["name"] for one in given if _is_drop(one)]
    kept = {one.name: one for one in schema.fields}
    answer: list[dict[str, Any]] = []
    for name in dropped:
        if name not in kept:
            raise bad_request(f"Field `{name}` is not part of collection schema.")
        if name == schema.default_sorting_field and not _is_added(given, name):
            raise bad_request(f"Field `{name}` cannot be dropped: it is the default sorting field.")
        _drop(schema, kept, name)
    for one in given:
        if _is_drop(one):
            answer.append({"drop": True, "embed": None, "name": one["name"]})
            continue
        field = parse_field(one, nested=schema.enable_nested_fields)
        if field.name in kept:
            raise bad_request(
                f"Field `{field.name}` is already part of the schema: To change this field, "
                "drop it first before adding it back to the schema."
            )
        kept[field.name] = field
        answer.append(field.as_change_json())
    return tuple(kept.values()), answer


def fit_document(
    schema: CollectionSchema,
    document: dict[str, Any],
    added: Sequence[SchemaField],
    checker: DocumentValidator,
) -> None:
    """Make a stored document fit the added fields; 400 with the field where it cannot."""
    for field in added:
        value = lookup(document, field.name, nested=schema.enable_nested_fields)
        if value is MISSING and not field.optional:
            raise bad_request(
                f"Field `{field.name}` has been declared in the schema, but is not found in the "
                "documents already present in the collection. If you still want to add this "
                "field, set it as `optional: true`."
            )
        if value is MISSING or value is None:
            continue
        try:
            checker.coerce_field(document, field, value, COERCE_OR_REJECT)
        except ApiError:
            article = "an" if field.type[0] in "aeiou" else "a"
            raise bad_request(
                "Schema change is incompatible with the type of documents already stored in this "
                f"collection. Existing data for field `{field.name}` cannot be coerced into "
                f"{article} {field.type}."
            ) from None


def _is_drop(one: Any) -> bool:
    return isinstance(one, dict) and one.get("drop") is True and isinstance(one.get("name"), str)


def _is_added(given: list[Any], name: str) -> bool:
    return any(
        isinstance(one, dict) and one.get("name") == name for one in given if not _is_drop(one)
    )


def _drop(schema: CollectionSchema, kept: dict[str, SchemaField], name: str) -> None:
    """Take a field away, and with an object the fields that were found inside it."""
    was_object = kept[name].is_object
    del kept[name]
    if was_object and schema.enable_nested_fields:
        for inner in [one for one in kept if one.startswith(name + ".")]:
            del kept[inner]
