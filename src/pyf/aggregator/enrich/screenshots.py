"""Screenshots of a collection looked at once more, by sizes that had to be asked for.

Only pictures are asked for that nothing else tells of: no name, no text, no size. It is done when
somebody wants it; what is fetched anew from PyPI has its undecided pictures again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ..documents.readme import Picture, judge
from ..index import SearchServer
from .partial import Enriched, Facts, Order, Project, bring, project_names
from .pictures import Measuring, Size

FIELDS = ("screenshots",)


@dataclass(frozen=True)
class Wanted:
    """Which projects of a collection: ``limit`` of them at most."""

    collection: str
    limit: int | None = None


@dataclass
class Measured(Enriched):
    """The account: pictures that were ``asked`` for, and ``dropped`` for being small."""

    asked: int = 0
    dropped: int = 0


def measure_screenshots(server: SearchServer, wanted: Wanted, measuring: Measuring) -> Measured:
    """Take small pictures out of the screenshots of a collection's latest releases.

    A picture that does not answer stays. Raises the errors of the search server.
    """
    names = islice(project_names(server, wanted.collection), wanted.limit)
    asked: dict[str, Size | None] = {}

    def facts_of(projects: Sequence[Project]) -> Mapping[str, Facts]:
        shown = {
            str(document["id"]): document["screenshots"]
            for project in projects
            for document in project.documents
            if document.get("screenshots")
        }
        undecided = {url for urls in shown.values() for url in urls if _is_undecided(url)}
        asked.update(asyncio.run(measuring.sizes(sorted(undecided - asked.keys()))))
        return {id_: {"screenshots": _kept(urls, asked) or None} for id_, urls in shown.items()}

    account = Measured(**vars(bring(server, Order(wanted.collection, FIELDS), [*names], facts_of)))
    account.asked = len(asked)
    account.dropped = sum(not _kept([url], asked) for url in asked)
    return account


def _is_undecided(url: str) -> bool:
    return judge(Picture(url)) == "unknown"


def _kept(urls: Iterable[str], sizes: Mapping[str, Size | None]) -> list[str]:
    """The pictures that show something, now that more sizes are known."""
    kept = []
    for url in urls:
        size = sizes.get(url)
        if size is None or judge(Picture(url, "", size.width, size.height)) != "decoration":
            kept.append(url)
    return kept
