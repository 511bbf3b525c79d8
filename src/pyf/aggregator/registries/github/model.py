"""What GitHub says of a repository, whichever way it was asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Contributor:
    """Who contributed, and how many commits."""

    username: str
    avatar_url: str
    contributions: int


@dataclass(frozen=True)
class RepositoryFacts:
    """What GitHub says of a repository.

    ``full_name`` is its present name. ``open_issues`` are without pull requests where they came
    by GraphQL, with them otherwise. ``license`` is an SPDX id or empty. ``updated`` and
    ``pushed`` are Unix seconds, 0 where not told. ``etag`` is empty where there was none.
    """

    id: int
    full_name: str
    url: str
    stars: int
    watchers: int
    forks: int
    open_issues: int
    archived: bool
    topics: tuple[str, ...]
    license: str
    updated: int
    pushed: int
    etag: str
    fetched: dt.datetime
