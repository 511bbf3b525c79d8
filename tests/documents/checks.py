"""What every document must be, checked by the field table."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import orjson

from pyf.aggregator.documents import FIELDS, DocumentField
from pyf.aggregator.documents.fields import BY_NAME

TYPES: dict[str, type] = {
    "string": str,
    "string[]": list,
    "int32": int,
    "int64": int,
    "float": float,
    "bool": bool,
    "object": dict,
    "object[]": list,
}
BITS = {"int32": 31, "int64": 63}


def assert_fits(document: Mapping[str, object]) -> None:
    """Check names, types, ranges and sizes, and that the document survives the wire."""
    assert document.keys() <= BY_NAME.keys()
    for field in FIELDS:
        if field.name in document:
            assert_value(field, document[field.name])
        else:
            assert field.optional and field.zero is None, f"{field.name} is missing"
    assert orjson.loads(orjson.dumps(document)) == document


def assert_value(field: DocumentField, value: object) -> None:
    assert type(value) is TYPES[field.type], field.name
    if isinstance(value, str):
        assert len(value.encode()) <= field.limit
        assert "\x00" not in value
    elif field.type in BITS:
        assert isinstance(value, int)
        assert -(2 ** BITS[field.type]) <= value < 2 ** BITS[field.type]
    elif field.type == "string[]":
        assert isinstance(value, list)
        assert all(type(item) is str and item for item in value)


def assert_one_latest(documents: list[dict[str, object]]) -> None:
    latest = [document["version"] for document in documents if document["is_latest"]]
    assert len(latest) == 1, latest


def assert_ordered(sortables: list[str]) -> None:
    assert all(one <= other for one, other in pairwise(sortables))
