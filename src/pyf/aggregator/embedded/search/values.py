"""From a document's JSON to the values of fields: checks, coercion, nested paths, detected types.

How a wrong value is treated (``dirty_values``) and the sentences are Typesense's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from .errors import bad_request
from .schema import CollectionSchema, SchemaField

REJECT: Final = "reject"
DROP: Final = "drop"
COERCE_OR_REJECT: Final = "coerce_or_reject"
COERCE_OR_DROP: Final = "coerce_or_drop"
DIRTY_VALUES = frozenset({REJECT, DROP, COERCE_OR_REJECT, COERCE_OR_DROP})

INT32_MAX = 2**31 - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INTEGER = re.compile(r"[-+]?[0-9]+")

MISSING: Final = object()
DROPPED: Final = object()
UNFIT: Final = object()


def is_integer(value: Any) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return INT64_MIN <= value <= INT64_MAX


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPE_CHECKS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int32": is_integer,
    "int64": is_integer,
    "float": is_number,
    "bool": lambda value: isinstance(value, bool),
}


def float_as_text(value: float) -> str:
    """A float as Typesense writes it into a string: six decimals at most, no trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def to_string(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return float_as_text(value) if isinstance(value, float) else UNFIT


def to_integer(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    if isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value) if INT64_MIN <= int(value) <= INT64_MAX else UNFIT
    return UNFIT


def to_float(value: Any) -> Any:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return UNFIT
        return number if math.isfinite(number) and value.strip() == value else UNFIT
    return UNFIT


def to_bool(value: Any) -> Any:
    if is_integer(value):
        return bool(value) if value in (0, 1) else UNFIT
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), UNFIT)
    return UNFIT


COERCERS: dict[str, Callable[[Any], Any]] = {
    "string": to_string,
    "int32": to_integer,
    "int64": to_integer,
    "float": to_float,
    "bool": to_bool,
}


def coerce_value(field: SchemaField, value: Any, dirty: str) -> Any:
    """The value as the field's type wants it, ``DROPPED``, or 400 with the field named."""
    if field.is_array:
        return _coerce_array(field, value, dirty)
    kind = field.base_type
    if kind not in TYPE_CHECKS or TYPE_CHECKS[kind](value):
        return _check_range(field, value)
    return _coerce_one(field, value, dirty, in_array=False)


def _coerce_array(field: SchemaField, value: Any, dirty: str) -> Any:
    if value is None:
        return []
    if not isinstance(value, list):
        if field.optional and dirty in (DROP, COERCE_OR_DROP):
            return DROPPED
        raise bad_request(f"Field `{field.name}` must be an array.")
    if field.num_dim and len(value) != field.num_dim:
        raise bad_request(f"Field `{field.name}` must have {field.num_dim} dimensions.")
    fits = TYPE_CHECKS.get(field.base_type)
    if fits is None or all(map(fits, value)):
        return value
    coerced = (one if fits(one) else _coerce_one(field, one, dirty, in_array=True) for one in value)
    return [one for one in coerced if one is not DROPPED]


def _coerce_one(field: SchemaField, value: Any, dirty: str, *, in_array: bool) -> Any:
    coerced = COERCERS[field.base_type](value) if dirty.startswith("coerce") else UNFIT
    if coerced is not UNFIT:
        return _check_range(field, coerced)
    if dirty in (DROP, COERCE_OR_DROP) and field.optional:
        return DROPPED
    kind = field.base_type
    article = "an array of" if in_array else "an" if kind.startswith("int") else "a"
    raise bad_request(f"Field `{field.name}` must be {article} {kind}.")


def _check_range(field: SchemaField, value: Any) -> Any:
    if field.type == "int32" and not -INT32_MAX - 1 <= value <= INT32_MAX:
        raise bad_request(f"Field `{field.name}` exceeds maximum value of int32.")
    return value


def lookup(document: Mapping[str, Any], name: str, *, nested: bool) -> Any:
    """The value a field's name leads to; inside objects where nested fields are enabled."""
    if name in document:
        return document[name]
    if not nested or "." not in name:
        return MISSING
    found = list(_walk(document, name.split(".")))
    if not found:
        return MISSING
    through_array = any(in_array for _, in_array in found)
    return [value for value, _ in found] if through_array else found[0][0]


def _walk(node: Any, parts: list[str], in_array: bool = False) -> Iterator[tuple[Any, bool]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, parts, True)
    elif not parts:
        if node is not None:
            yield node, in_array
    elif isinstance(node, dict) and parts[0] in node:
        yield from _walk(node[parts[0]], parts[1:], in_array)


def detect_type(value: Any, *, nested: bool) -> str | None:
    """The type a value gives to a field of type ``auto``; None where it tells nothing."""
    if isinstance(value, list):
        inner = detect_type(value[0], nested=nested) if value else None
        return None if inner is None or inner.endswith("[]") else inner + "[]"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) and nested else None


def leaves(name: str, value: Any, *, in_array: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """``(dotted name, value, lies in an array)`` of every plain value inside an object."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(f"{name}.{key}", inner, in_array=in_array)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(name, inner, in_array=True)
    elif value is not None:
        yield name, value, in_array


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: what a partial update makes of a document; null removes."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def visible_document(schema: CollectionSchema, document: dict[str, Any]) -> dict[str, Any]:
    """A document as it is shown: without the fields that are not to be stored."""
    hidden = [one.name for one in schema.fields if not one.store]
    for name in hidden:
        document.pop(name, None)
    return document
