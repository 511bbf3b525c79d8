"""``include_fields`` and ``exclude_fields``: which part of a document is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import unsupported_feature


def project(
    document: Mapping[str, Any], include: Sequence[str], exclude: Sequence[str]
) -> dict[str, Any]:
    """The document with the included fields only (all where none is named), less the excluded.

    A name may lead into objects (``urls.home``) or end in ``*``.
    """
    shown = _include_fields(document, include) if include else dict(document)
    for pattern in exclude:
        shown = _without(shown, pattern)
    return shown


def refuse_joins(include: Sequence[str]) -> None:
    if any(one.startswith("$") for one in include):
        raise unsupported_feature("Including fields of another collection (a join)")


def _include_fields(document: Mapping[str, Any], include: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for pattern in include:
        if not ("*" in pattern or "." in pattern):  # by far the most; documents have many fields
            if pattern in document:
                shown[pattern] = document[pattern]
            continue
        for name, value in document.items():
            if _matches(pattern, name):
                shown[name] = value
            elif pattern.startswith(name + "."):
                part = _part(value, pattern[len(name) + 1 :])
                if part is not None:
                    shown[name] = _merge_values(shown.get(name), part)
    return shown


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _part(value: Any, pattern: str) -> Any:
    if isinstance(value, list):
        parts = [_part(one, pattern) for one in value]
        return [one if one is not None else {} for one in parts]
    if isinstance(value, dict):
        return _include_fields(value, [pattern]) or None
    return None


def _merge_values(before: Any, part: Any) -> Any:
    if isinstance(before, dict) and isinstance(part, dict):
        return {**before, **{name: _merge_values(before.get(name), part[name]) for name in part}}
    if isinstance(before, list) and isinstance(part, list):
        return [_merge_values(one, other) for one, other in zip(before, part, strict=False)]
    return part


def _without(document: dict[str, Any], pattern: str) -> dict[str, Any]:
    shown = {}
    for name, value in document.items():
        if _matches(pattern, name):
            continue
        shown[name] = (
            _exclude_part(value, pattern[len(name) + 1 :])
            if pattern.startswith(name + ".")
            else value
        )
    return shown


def _exclude_part(value: Any, pattern: str) -> Any:
    if isinstance(value, list):
        return [_exclude_part(one, pattern) for one in value]
    return _without(value, pattern) if isinstance(value, dict) else value
