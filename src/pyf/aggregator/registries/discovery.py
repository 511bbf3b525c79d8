"""Ways to find the projects that may belong to a profile.

A way names candidates; whether a project belongs is decided on its fetched metadata. Every way
must name each project of which the latest release carries one of the classifiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..names import NormalizedName, normalize_name
from .pypi import PyPI

DISCOVERY_METHODS = ("auto", "browse", "catalog", "bigquery", "clickhouse")


class Discovery(Protocol):
    """Name the candidates of a set of classifiers."""

    async def names(self, classifiers: Iterable[str]) -> set[NormalizedName]:
        """Return the names of all projects that may carry one of the classifiers."""


class BrowseDiscovery:
    """PyPI's XML-RPC ``browse``: one request a classifier, every release of the whole history."""

    def __init__(self, pypi: PyPI) -> None:
        self._pypi = pypi

    async def names(self, classifiers: Iterable[str]) -> set[NormalizedName]:
        """Return the union over the classifiers, asked for one after the other."""
        found: set[NormalizedName] = set()
        for classifier in sorted(set(classifiers)):
            found.update(
                normalize_name(name)
                for name in await self._pypi.projects_with_classifier(classifier)
            )
        return found
