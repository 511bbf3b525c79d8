"""What an operation did: one schema for the command line, the queue and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["done", "partly", "skipped", "failed"]
"""``partly``: something is missing. ``skipped``: something the operation needs is not set up."""
ProblemKind = Literal["failed", "refused", "unreadable"]

COUNTS: Mapping[str, str] = {
    "projects": "projects the operation looked at",
    "matched": "projects that belong to the profile",
    "unchanged_projects": "projects that were current already",
    "covered": "projects that facts are known for",
    "flagged": "projects with a warning: malware, quarantine, suspected typosquat",
    "indexed": "documents written whole",
    "updated": "documents to which facts were written",
    "unchanged": "documents that showed the facts already",
    "removed": "documents removed",
    "refused": "documents the search server refused",
    "vulnerable": "documents with an advisory",
    "failed": "projects without a usable answer",
    "requests": "requests to the upstream, retries included",
    "retries": "requests repeated after a failure",
    "mean_score": "mean health score of the projects, 0 to 100",
}
"""The names that counts may have, each with what it counts."""

_KINDS = {
    "failed": "no answer for {}: {}",
    "refused": "refused {}: {}",
    "unreadable": "advisory {} cannot be read: {}",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is missing, by the identifier of the project, document or advisory."""

    identifier: str
    reason: str
    kind: ProblemKind = "failed"

    def __str__(self) -> str:
        return _KINDS[self.kind].format(self.identifier, self.reason)


@dataclass(frozen=True)
class Report:
    """How an operation ended.

    ``started`` is in UTC. ``counts`` has names of ``COUNTS`` alone; ``problems`` name what is
    missing one by one, ``missing`` in sentences. ``reason`` says why an operation was skipped or
    failed. ``details`` has what only this operation knows. ``steps`` are the reports of a
    pipeline's operations, in their order.
    """

    operation: str
    collection: str
    profile: str = ""
    state: State = "done"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    exit_status: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Report, ...] = ()

    def __post_init__(self) -> None:
        if unknown := self.counts.keys() - COUNTS.keys():
            raise ValueError(f"not a count of a report: {', '.join(sorted(unknown))}")

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing of what could be done at all."""
        return self.state in ("done", "skipped")

    @property
    def shortfalls(self) -> list[str]:
        """Everything that is missing, a sentence each."""
        return [*self.missing, *map(str, self.problems)]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values, of the shape of ``JSON_SCHEMA``."""
        return {
            "operation": self.operation,
            "profile": self.profile,
            "collection": self.collection,
            "state": self.state,
            "complete": self.is_complete,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "counts": dict(self.counts),
            "problems": [vars(problem) for problem in self.problems],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "reason": self.reason,
            "exit_status": self.exit_status,
            "details": dict(self.details),
            "steps": [step.as_dict() for step in self.steps],
        }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}

JSON_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of an operation",
    **_object(
        {
            "operation": _TEXT,
            "profile": _TEXT,
            "collection": _TEXT,
            "state": {"enum": ["done", "partly", "skipped", "failed"]},
            "complete": {"type": "boolean"},
            "started": {"type": "string", "format": "date-time"},
            "seconds": {"type": "number", "minimum": 0},
            "counts": {
                "type": "object",
                "properties": {
                    name: {"type": "integer", "minimum": 0, "description": meaning}
                    for name, meaning in COUNTS.items()
                },
                "additionalProperties": False,
            },
            "problems": {
                "type": "array",
                "items": _object(
                    {
                        "identifier": _TEXT,
                        "reason": _TEXT,
                        "kind": {"enum": ["failed", "refused", "unreadable"]},
                    }
                ),
            },
            "missing": _TEXTS,
            "notes": _TEXTS,
            "reason": _TEXT,
            "exit_status": {"type": "integer", "minimum": 0},
            "details": {"type": "object"},
            "steps": {"type": "array", "items": {"$ref": "#"}},
        }
    ),
}
"""JSON Schema of ``Report.as_dict``."""
