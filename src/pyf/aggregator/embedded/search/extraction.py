"""What of a document goes into the index: words for text, numbers and strings for columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .schema import CollectionSchema, SchemaField
from .text import TextField, TextIndex
from .values import MISSING, TYPE_CHECKS, is_integer, lookup

POINTS_PER_UNIT = 1_000_000


def text_fields(schema: CollectionSchema) -> tuple[TextField, ...]:
    """The fields of the text index; a field's own separators go before the collection's."""
    return tuple(
        TextField(
            name=one.name,
            array=one.is_array,
            token_separators=one.token_separators or schema.token_separators,
            symbols_to_index=one.symbols_to_index or schema.symbols_to_index,
            infix=one.infix,
        )
        for one in schema.fields
        if one.is_text
    )


def text_index(collection_id: int, schema: CollectionSchema) -> TextIndex:
    """The text index of a collection; it ranks words by the default sorting field, if any."""
    by_points = bool(schema.default_sorting_field)
    return TextIndex(collection_id, text_fields(schema), by_points=by_points)


def column_fields(schema: CollectionSchema) -> tuple[SchemaField, ...]:
    return tuple(one for one in schema.fields if one.is_column)


class Extractor:
    """Reads the indexed values of a schema's fields out of documents; wrong ones are left out."""

    def __init__(self, schema: CollectionSchema) -> None:
        self._nested = schema.enable_nested_fields
        self._texts = tuple((one.name, one.is_array) for one in schema.fields if one.is_text)
        self._columns = column_fields(schema)
        self._sorting = schema.default_sorting_field

    def texts(self, document: Mapping[str, Any]) -> dict[str, list[str]]:
        """The strings of each text field that has some."""
        found = {}
        for name, array in self._texts:
            value = lookup(document, name, nested=self._nested)
            if isinstance(value, list) and array:
                found[name] = [one for one in value if isinstance(one, str)]
            elif isinstance(value, str):
                found[name] = [value]
        return found

    def points(self, document: Mapping[str, Any]) -> int:
        """The number in the default sorting field, in an order-keeping form; 0 without one."""
        value = document.get(self._sorting, 0)
        if isinstance(value, float):
            return int(value * POINTS_PER_UNIT)
        return value if is_integer(value) else 0

    def columns(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each column, fields without one left out."""
        found = {}
        for one in self._columns:
            value = lookup(document, one.name, nested=self._nested)
            if value is MISSING or value is None:
                continue
            fits = TYPE_CHECKS[one.base_type]
            if not one.is_array:
                if fits(value):
                    found[one.name] = value
            elif isinstance(value, list):
                found[one.name] = [item for item in value if fits(item)]
            elif fits(value):
                found[one.name] = [value]
        return found
