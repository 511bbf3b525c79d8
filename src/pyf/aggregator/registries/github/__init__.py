"""GitHub's API: facts of repositories, many at once where there is a token."""

from __future__ import annotations

from .client import GitHubClient, LookupResult
from .model import Contributor, RepositoryFacts
from .rate_limits import LimitReached

__all__ = ["Contributor", "GitHubClient", "LimitReached", "LookupResult", "RepositoryFacts"]
