"""Screenshots of a collection looked at once more, by sizes that had to be asked for.

Only pictures are asked for that nothing else tells of: no name, no text, no size. It is done when
somebody wants it; what is fetched anew from PyPI has its undecided pictures again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ..documents.readme import Picture, classify_picture
from ..index import SearchServer
from .document_updates import (
    Facts,
    ProjectDocuments,
    UpdateOptions,
    UpdateResult,
    project_names,
    update_documents,
)
from .image_sizes import ImageSize, ImageSizeFetcher

FIELDS = ("screenshots",)


@dataclass(frozen=True)
class ScreenshotsOptions:
    """Which projects of a collection: ``limit`` of them at most."""

    collection: str
    limit: int | None = None


@dataclass
class ScreenshotsResult(UpdateResult):
    """The account: pictures that were ``asked`` for, and ``dropped`` for being small."""

    asked: int = 0
    dropped: int = 0


def measure_screenshots(
    server: SearchServer, wanted: ScreenshotsOptions, measuring: ImageSizeFetcher
) -> ScreenshotsResult:
    """Take small pictures out of the screenshots of a collection's latest releases.

    A picture that does not answer stays. Raises the errors of the search server.
    """
    names = islice(project_names(server, wanted.collection), wanted.limit)
    asked: dict[str, ImageSize | None] = {}

    def facts_of(projects: Sequence[ProjectDocuments]) -> Mapping[str, Facts]:
        shown = {
            str(document["id"]): document["screenshots"]
            for project in projects
            for document in project.documents
            if document.get("screenshots")
        }
        undecided = {url for urls in shown.values() for url in urls if _is_undecided(url)}
        asked.update(asyncio.run(measuring.sizes(sorted(undecided - asked.keys()))))
        return {
            id_: {"screenshots": _large_screenshots(urls, asked) or None}
            for id_, urls in shown.items()
        }

    account = ScreenshotsResult(
        **vars(
            update_documents(server, UpdateOptions(wanted.collection, FIELDS), [*names], facts_of)
        )
    )
    account.asked = len(asked)
    account.dropped = sum(not _large_screenshots([url], asked) for url in asked)
    return account


def _is_undecided(url: str) -> bool:
    return classify_picture(Picture(url)) == "unknown"


def _large_screenshots(urls: Iterable[str], sizes: Mapping[str, ImageSize | None]) -> list[str]:
    """The pictures that show something, now that more sizes are known."""
    kept = []
    for url in urls:
        size = sizes.get(url)
        if (
            size is None
            or classify_picture(Picture(url, "", size.width, size.height)) != "decoration"
        ):
            kept.append(url)
    return kept
