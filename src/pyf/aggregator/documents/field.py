"""What a field of a document is: its type, its flags, its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CARRIED_SOURCES", "DocumentField", "FieldSource", "FieldType"]

FieldType = Literal["string", "string[]", "int32", "int64", "float", "bool", "object", "object[]"]

FieldSource = Literal[
    "release",  # metadata of the release
    "files",  # its files
    "project",  # what the registry says of the project
    "status",  # the project's status in the Simple API
    "readme",  # rendered from the description
    "github",
    "downloads",
    "security",
    "health",
]

CARRIED_SOURCES: frozenset[FieldSource] = frozenset(
    {"status", "github", "downloads", "security", "health"}
)
"""Sources that a release's own metadata cannot restore: carried over when it is written again."""

_TEXT_LIMIT = 16 * 1024
_NUMBERS = ("int32", "int64", "float", "bool")


@dataclass(frozen=True, slots=True)
class DocumentField:
    """One field: how it is stored and searched, who provides it, what it means.

    ``zero`` is written when the source has nothing; ``None`` leaves the field out, which only
    an ``optional`` field may. ``limit`` is the size of a text, or of each text of a list, in
    bytes of UTF-8. ``symbols`` are indexed as part of a word, so that a filter tells ``6.0``
    from ``60``. ``object`` holds JSON that is shown and never searched.
    """

    name: str
    meaning: str
    type: FieldType
    source: FieldSource
    facet: bool = False
    sort: bool = False
    index: bool = True
    optional: bool = False
    infix: bool = False
    symbols: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    zero: object = None
    limit: int = _TEXT_LIMIT

    @property
    def is_sorted(self) -> bool:
        """Tell whether results can be sorted by it; numbers always can."""
        return self.index and (self.sort or self.type in _NUMBERS)

    @property
    def is_carried(self) -> bool:
        """Tell whether the field keeps its value when the release is written again."""
        return self.source in CARRIED_SOURCES
