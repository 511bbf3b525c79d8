"""What an alteration makes of a collection's fields."""

from __future__ import annotations

from typing import Any

from pyf.aggregator.local.search.errors import bad_request
from pyf.aggregator.local.search.schema import FIELDS_SHAPE, Field, Schema, parse_field


def altered_fields(schema: Schema, given: Any) -> tuple[tuple[Field, ...], list[dict[str, Any]]]:
    """The fields after the drops and additions asked for, and how the answer repeats them.

    A field that is dropped and given again in one request is changed.
    """
    if not isinstance(given, list) or not given:
        raise bad_request(FIELDS_SHAPE)
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


def _is_drop(one: Any) -> bool:
    return isinstance(one, dict) and one.get("drop") is True and isinstance(one.get("name"), str)


def _is_added(given: list[Any], name: str) -> bool:
    return any(
        isinstance(one, dict) and one.get("name") == name for one in given if not _is_drop(one)
    )


def _drop(schema: Schema, kept: dict[str, Field], name: str) -> None:
    """Take a field away, and with an object the fields that were found inside it."""
    was_object = kept[name].is_object
    del kept[name]
    if was_object and schema.enable_nested_fields:
        for inner in [one for one in kept if one.startswith(name + ".")]:
            del kept[inner]
