"""What a document looked like, in a few bytes: a checksum for each of its fields.

Three versions of a document meet in a recreation: as it was copied, as it is in the old collection,
as it is in the new one. The checksums of the first tell which fields the other two have changed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from ...documents.field_values import clean_document
from ...documents.fields import BY_NAME

Digest = Mapping[str, int]
"""Field name -> checksum of its value."""


def to_current_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as the current field table has it; undeclared fields stay as they are."""
    foreign = {name: value for name, value in document.items() if name not in BY_NAME}
    return {**foreign, **clean_document(document)[0]}


def digest(document: Mapping[str, Any]) -> dict[str, int]:
    """Return the checksum of every field that has a value."""
    return {
        name: zlib.crc32(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
        for name, value in document.items()
        if value is not None
    }


def checksum(line: bytes) -> bytes:
    """Return eight bytes that change when an exported line does."""
    return hashlib.blake2b(line, digest_size=8).digest()


def changes_since(base: Digest, old: Mapping[str, Any], new: Digest) -> dict[str, Any]:
    """Return the fields that ``old`` changed since ``base`` and ``new`` did not.

    A field that ``old`` lost is ``None``, which removes it from a document.
    """
    now = digest(old)
    changed = {name for name in now.keys() | base.keys() if now.get(name) != base.get(name)}
    free = {name for name in changed if new.get(name) == base.get(name)}
    return {name: old.get(name) for name in sorted(free - {"id"})}


def pack(value: Digest) -> bytes:
    """Return the stored form."""
    return orjson.dumps(dict(value))


def unpack(value: bytes) -> dict[str, int]:
    """Read the stored form."""
    return dict(orjson.loads(value))
