"""Cleaning: any document in, one that the search server takes out, and what it lost."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .fields import BY_NAME, FIELDS, DocumentField

__all__ = ["FieldProblem", "clean_document", "clean_text"]

_MAX_ITEMS = 5000
_MAX_DEPTH = 8
_RANGES = {"int32": 2**31, "int64": 2**63}

# C0 and C1 controls but tab, line feed and carriage return; and halves of surrogate pairs,
# which no UTF-8 text can hold.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What a document lost: the field and a reason for the log."""

    field: str
    reason: str


class _UnusableError(Exception):
    """The value cannot be kept; the sentence says why."""


def clean_document(
    document: Mapping[str, object], *, partial: bool = False
) -> tuple[dict[str, object], tuple[FieldProblem, ...]]:
    """Return the document as the field table has it, and a problem for each loss.

    A value of a wrong type or out of range costs its field, a text over its limit its end, an
    undeclared field is left out. Fields without a value get their zero or are left out;
    ``partial`` leaves them all out, for documents that bring some fields only.
    """
    problems: list[FieldProblem] = []
    cleaned: dict[str, object] = {}
    for field in FIELDS:
        value = _clean_value(field, document.get(field.name), problems)
        if value is None and not partial:
            value = _zero(field, problems)
        if value is not None:
            cleaned[field.name] = value
    undeclared = sorted(map(str, document.keys() - BY_NAME.keys()))
    problems += [FieldProblem(name, "is not a declared field") for name in undeclared]
    return cleaned, tuple(problems)


def clean_text(text: str, limit: int, reasons: list[str]) -> str:
    """Return the text without unprintable characters, at most ``limit`` bytes of UTF-8."""
    kept = _UNPRINTABLE.sub("", text)
    if len(kept) != len(text):
        reasons.append(f"{len(text) - len(kept)} unprintable characters removed")
    # A character takes at most four bytes: most texts need no encoding to be judged.
    if len(kept) * 4 <= limit:
        return kept
    encoded = kept.encode()
    if len(encoded) <= limit:
        return kept
    reasons.append(f"cut from {len(encoded)} to {limit} bytes")
    return encoded[:limit].decode(errors="ignore")


def _clean_value(field: DocumentField, value: object, problems: list[FieldProblem]) -> object:
    if value is None:
        return None
    reasons: list[str] = []
    try:
        cleaned = _CLEANERS[field.type](field, value, reasons)
    except _UnusableError as error:
        cleaned = None
        reasons.append(str(error))
    problems += [FieldProblem(field.name, reason) for reason in reasons]
    return cleaned


def _zero(field: DocumentField, problems: list[FieldProblem]) -> object:
    if field.zero is None and not field.optional:
        problems.append(FieldProblem(field.name, "is missing"))
        return "" if field.type == "string" else None
    return list(field.zero) if isinstance(field.zero, tuple) else field.zero


def _clean_string(field: DocumentField, value: object, reasons: list[str]) -> str | None:
    if not isinstance(value, str):
        raise _UnusableError(f"is {_kind(value)}, not a text")
    return clean_text(value, field.limit, reasons) or None


def _clean_strings(field: DocumentField, value: object, reasons: list[str]) -> list[str]:
    if not isinstance(value, list | tuple):
        raise _UnusableError(f"is {_kind(value)}, not a list")
    texts = [item for item in value if isinstance(item, str)]
    if len(texts) < len(value):
        reasons.append(f"{len(value) - len(texts)} items are not texts")
    if len(texts) > _MAX_ITEMS:
        reasons.append(f"cut from {len(texts)} to {_MAX_ITEMS} items")
    cleaned = (clean_text(text, field.limit, reasons) for text in texts[:_MAX_ITEMS])
    return [text for text in cleaned if text]


def _clean_int(field: DocumentField, value: object, _reasons: list[str]) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _UnusableError(f"is {_kind(value)}, not a whole number")
    if not -_RANGES[field.type] <= value < _RANGES[field.type]:
        raise _UnusableError(f"does not fit {field.type}")
    return value


def _clean_float(_field: DocumentField, value: object, _reasons: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnusableError(f"is {_kind(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _UnusableError("is not a finite number")
    return number


def _clean_bool(_field: DocumentField, value: object, _reasons: list[str]) -> bool:
    if not isinstance(value, bool):
        raise _UnusableError(f"is {_kind(value)}, not true or false")
    return value


def _clean_object(field: DocumentField, value: object, reasons: list[str]) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise _UnusableError(f"is {_kind(value)}, not an object")
    return _clean_members(value, field, reasons, 1)


def _clean_objects(field: DocumentField, value: object, reasons: list[str]) -> list[object]:
    if not isinstance(value, list | tuple):
        raise _UnusableError(f"is {_kind(value)}, not a list")
    objects = [item for item in value if isinstance(item, Mapping)]
    if len(objects) < len(value):
        reasons.append(f"{len(value) - len(objects)} items are not objects")
    return [_clean_members(item, field, reasons, 1) for item in objects[:_MAX_ITEMS]]


def _clean_members(
    value: Mapping[object, object], field: DocumentField, reasons: list[str], depth: int
) -> dict[str, object]:
    """Return the object with text keys and without nulls, which say the same as no key."""
    members: dict[str, object] = {}
    for key, inner in list(value.items())[:_MAX_ITEMS]:
        label = clean_text(str(key), field.limit, reasons)
        cleaned = _clean_json(inner, field, reasons, depth)
        if cleaned is not None:
            members[label] = cleaned
    return members


def _clean_json(value: object, field: DocumentField, reasons: list[str], depth: int) -> object:
    """Return any JSON value; what is none, or lies too deep, becomes None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value, field.limit, reasons)
    if isinstance(value, int) and -_RANGES["int64"] <= value < _RANGES["int64"]:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        return _clean_members(value, field, reasons, depth + 1)
    if depth < _MAX_DEPTH and isinstance(value, list | tuple):
        return [_clean_json(item, field, reasons, depth + 1) for item in value[:_MAX_ITEMS]]
    reasons.append(f"holds {_kind(value)} that cannot be kept")
    return None


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"


_Cleaner = Callable[[DocumentField, object, list[str]], object]

_CLEANERS: Mapping[str, _Cleaner] = {
    "string": _clean_string,
    "string[]": _clean_strings,
    "int32": _clean_int,
    "int64": _clean_int,
    "float": _clean_float,
    "bool": _clean_bool,
    "object": _clean_object,
    "object[]": _clean_objects,
}
