"""What a run did, in numbers and names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..index import RefusedDocument


@dataclass
class FetchResult:
    """The account of a run.

    ``seen``, ``matched`` and ``unchanged`` count projects, ``indexed``, ``refused`` and
    ``removed`` documents, ``requests`` what the upstream was asked, tries that failed included.
    ``bare`` counts documents that only show what the files of the release tell. ``stopped_after``
    is the last project looked at by a run that was told to end early.
    """

    seen: int = 0
    matched: int = 0
    indexed: int = 0
    unchanged: int = 0
    removed: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0
    serial: int = 0
    bare: int = 0
    stopped_after: str = ""
    refused: list[RefusedDocument] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when nothing is missing."""
        return not self.refused and not self.failed and not self.stopped_after

    def as_dict(self) -> dict[str, Any]:
        """The summary for machines."""
        return {
            "seen": self.seen,
            "matched": self.matched,
            "indexed": self.indexed,
            "unchanged": self.unchanged,
            "refused": len(self.refused),
            "removed": self.removed,
            "requests": self.requests,
            "retries": self.retries,
            "seconds": round(self.seconds, 3),
            "serial": self.serial,
            "failed": self.failed,
            "refusals": [{"id": item.id, "reason": item.reason} for item in self.refused],
            "bare": self.bare,
            "stopped_after": self.stopped_after,
            "lost_fields": dict(self.problems),
            "notes": self.notes,
        }
