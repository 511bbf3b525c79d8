"""Many repositories in one GraphQL question, and what the answer says of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ...http import InvalidBody
from .model import RepositoryFacts

FRAGMENT = (
    "fragment F on Repository { databaseId nameWithOwner url stargazerCount forkCount isArchived "
    "pushedAt updatedAt watchers { totalCount } issues(states: OPEN) { totalCount } "
    "licenseInfo { spdxId } repositoryTopics(first: 20) { nodes { topic { name } } } }"
)
TOO_MUCH_ERRORS = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"})
"""Types of errors that a smaller question does not meet."""


@dataclass
class GraphQLResult:
    """What an answer says. ``unanswered`` are to be asked again, ``too_much`` in smaller numbers.

    ``remaining`` are the points left of the hour, ``cost`` those of this question, ``reset`` the
    end of the hour in Unix seconds.
    """

    found: dict[str, RepositoryFacts] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    unanswered: dict[str, str] = field(default_factory=dict)
    too_much: bool = False
    limited: bool = False
    remaining: int | None = None
    cost: int = 1
    reset: float = 0.0


def build_query(names: Sequence[str]) -> bytes:
    """The body that asks for repositories by ``owner/name``; renames are followed."""
    parts = []
    for number, name in enumerate(names):
        owner, _, own = name.partition("/")
        place = f"owner: {_text(owner)}, name: {_text(own)}, followRenames: true"
        parts.append(f"r{number}: repository({place}) {{ ...F }}")
    query = f"query {{ rateLimit {{ cost remaining resetAt }} {' '.join(parts)} }} {FRAGMENT}"
    return orjson.dumps({"query": query})


def read_response(body: bytes, names: Sequence[str], moment: dt.datetime) -> GraphQLResult:
    """Read the answer to ``question(names)``; ``InvalidBody`` where it is none."""
    try:
        said = orjson.loads(body)
        data: Mapping[str, Any] = said.get("data") or {}
        errors: Sequence[Mapping[str, Any]] = said.get("errors") or []
        reading = GraphQLResult()
        _read_limit(reading, data.get("rateLimit") or {})
        kinds = _error_types(errors)
        reading.limited = "RATE_LIMITED" in kinds.values()
        reading.too_much = bool(TOO_MUCH_ERRORS & set(kinds.values()))
        for number, name in enumerate(names):
            _read_one(reading, name, data.get(f"r{number}"), kinds.get(f"r{number}"), moment)
    except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise InvalidBody(f"not an answer of GraphQL: {error}") from error
    if reading.unanswered and not data:
        told = "; ".join(str(error.get("message")) for error in errors[:2]) or "no data"
        reading.unanswered = dict.fromkeys(reading.unanswered, told)
    return reading


def _error_types(errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The types of errors by the alias they are about, those about all of it under ``''``."""
    found = {}
    for error in errors:
        path = error.get("path") or [""]
        found[str(path[0])] = str(error.get("type") or "UNKNOWN")
    return found


def _read_one(
    reading: GraphQLResult,
    name: str,
    node: Mapping[str, Any] | None,
    kind: str | None,
    moment: dt.datetime,
) -> None:
    # Facts of which a part is missing are none: an error may stand for a field within.
    if node is not None and kind is None:
        reading.found[name] = _facts(node, moment)
    elif kind == "NOT_FOUND":
        reading.missing.add(name)
    else:
        reading.unanswered[name] = kind or "no answer"


def _read_limit(reading: GraphQLResult, limit: Mapping[str, Any]) -> None:
    reading.cost = int(limit.get("cost") or 1)
    reading.remaining = limit.get("remaining")
    reading.reset = float(seconds(limit.get("resetAt")))


def _facts(node: Mapping[str, Any], moment: dt.datetime) -> RepositoryFacts:
    topics = (node.get("repositoryTopics") or {}).get("nodes") or []
    return RepositoryFacts(
        id=int(node["databaseId"]),
        full_name=str(node["nameWithOwner"]),
        url=str(node["url"]),
        stars=int(node["stargazerCount"]),
        watchers=int(node["watchers"]["totalCount"]),
        forks=int(node["forkCount"]),
        open_issues=int(node["issues"]["totalCount"]),
        archived=bool(node["isArchived"]),
        topics=tuple(str(item["topic"]["name"]) for item in topics if item),
        license=license_of((node.get("licenseInfo") or {}).get("spdxId")),
        updated=seconds(node.get("updatedAt")),
        pushed=seconds(node.get("pushedAt")),
        etag="",
        fetched=moment,
    )


def license_of(spdx_id: object) -> str:
    """An SPDX id; empty where GitHub found a licence that it does not know."""
    return "" if spdx_id in (None, "", "NOASSERTION") else str(spdx_id)


def seconds(moment: object) -> int:
    """Unix seconds of a moment such as ``2026-07-01T09:00:00Z``; 0 for none."""
    return int(dt.datetime.fromisoformat(moment).timestamp()) if isinstance(moment, str) else 0


def _text(value: str) -> str:
    return orjson.dumps(value).decode()
