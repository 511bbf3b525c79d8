"""Answers of GitHub's REST API about one repository."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson

from ...http import InvalidBody
from .graphql import license_of, seconds
from .model import Contributor, RepositoryFacts

MAX_CONTRIBUTORS = 5


def facts(body: bytes, etag: str, moment: dt.datetime) -> RepositoryFacts:
    """Read ``/repos/<owner>/<name>``; ``InvalidBody`` where that is no repository.

    Old and reduced answers lack ``topics``, ``archived`` and ``subscribers_count``.
    """
    try:
        said: Mapping[str, Any] = orjson.loads(body)
        return RepositoryFacts(
            id=int(said["id"]),
            full_name=str(said["full_name"]),
            url=str(said["html_url"]),
            stars=int(said["stargazers_count"]),
            # watchers_count are the stars once more.
            watchers=int(said.get("subscribers_count") or 0),
            forks=int(said["forks_count"]),
            open_issues=int(said["open_issues_count"]),
            archived=bool(said.get("archived")),
            topics=tuple(map(str, said.get("topics") or ())),
            license=license_of((said.get("license") or {}).get("spdx_id")),
            updated=seconds(said.get("updated_at")),
            pushed=seconds(said.get("pushed_at")),
            etag=etag,
            fetched=moment,
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidBody(f"not a repository of GitHub: {error}") from error


def raw(body: bytes) -> Mapping[str, object]:
    """An answer as it stands; ``InvalidBody`` where that is no object."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidBody(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise InvalidBody("not an object")
    return said


def contributors(body: bytes) -> tuple[Contributor, ...]:
    """Read ``/repos/<owner>/<name>/contributors``; empty for an empty repository."""
    try:
        people = orjson.loads(body) if body else []
        return tuple(
            Contributor(
                str(one["login"]), str(one.get("avatar_url") or ""), int(one["contributions"])
            )
            for one in people[:MAX_CONTRIBUTORS]
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidBody(f"no contributors: {error}") from error
