"""Time of a typical search of a frontend: text, three facets, sorted by relevance.

A collection of our fields is filled with releases of made-up projects; single words, two words
and beginnings from their names and summaries are then searched by one client, one after the
other, once among the newest releases and once among all.
"""

from __future__ import annotations

import argparse
import itertools
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import psutil
import requests

from pyf.aggregator.documents import ProjectFacts, build_document
from pyf.aggregator.documents.fields import collection_schema
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import search_defaults
from pyf.aggregator.samples.pypi.generated_source import GeneratedSource
from pyf.aggregator.samples.pypi.rendering import info_of

from . import common

SEARCH = "pyf.aggregator.embedded.search"
KEY = secrets.token_hex(16)
COLLECTION = "search-bench"
BATCH = 1000
RELEASES_EACH = 4
END = 1_793_491_200.0
"""Seconds since 1970 after which no made-up release comes."""


def documents(wanted: int) -> Iterator[dict[str, Any]]:
    """Build that many documents, project by project."""
    source = GeneratedSource(wanted // RELEASES_EACH + 100, 1, "Framework :: Plone", 0.3, END)
    yield from itertools.islice(_of_all(source), wanted)


def _of_all(source: GeneratedSource) -> Iterator[dict[str, Any]]:
    for name, _, serial in source.listing():
        project = source.project(name)
        if project is None or not project.releases:
            continue
        latest = project.releases[-1].version
        facts = ProjectFacts(serial=serial, latest_version=latest, status=project.status)
        for release in project.releases:
            info = info_of(project, release, "https://pypi.example")
            yield build_document(info, release.visible_files(), facts).document


def queries(sample: Sequence[dict[str, Any]], count: int) -> list[str]:
    """Return names, words of summaries and beginnings of names in equal parts."""
    draw = random.Random(1)
    asked = []
    for kind in itertools.islice(itertools.cycle(("name", "words", "beginning")), count):
        document = draw.choice(sample)
        name, words = str(document["name"]), str(document.get("summary", "")).split()
        if kind == "words" and words:
            asked.append(" ".join(draw.sample(words, min(2, len(words)))))
        else:
            asked.append(name if kind == "name" else name[: max(3, len(name) // 2)])
    return asked


class Client:
    """Searches as a frontend does, over one connection."""

    def __init__(self, url: str) -> None:
        self._documents = f"{url}/collections/{COLLECTION}/documents"
        self._session = requests.Session()
        self._session.headers["X-TYPESENSE-API-KEY"] = KEY
        made = self._session.post(f"{url}/collections", json=collection_schema(COLLECTION))
        made.raise_for_status()

    def fill(self, lines: Sequence[bytes]) -> float:
        """Import in batches; return how many a second."""
        begun = time.perf_counter()
        for start in range(0, len(lines), BATCH):
            body = b"\n".join(lines[start : start + BATCH])
            answer = self._session.post(f"{self._documents}/import?action=upsert", data=body)
            assert answer.text.count('"success":true') == body.count(b"\n") + 1, answer.text[:300]
        return len(lines) / (time.perf_counter() - begun)

    def timed(self, asked: Sequence[str], **changed: str) -> list[float]:
        """Search for each; return the times in milliseconds."""
        taken = []
        for query in asked:
            given = {"q": query, "sort_by": search_defaults.exact_name_first(query)}
            parameters = {
                **search_defaults.search_parameters(),
                **search_defaults.facet_parameters(),
                **given,
                **changed,
            }
            begun = time.perf_counter()
            answer = self._session.get(f"{self._documents}/search", params=parameters)
            taken.append((time.perf_counter() - begun) * 1000)
            assert len(answer.json()["facet_counts"]) == len(search_defaults.FACETS), answer.text[
                :300
            ]
        return taken


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return milliseconds of a search, documents written a second, megabytes (10^6) resident."""
    built = list(documents(arguments.documents))
    asked = queries(built, arguments.searches)
    lines = [orjson.dumps(document) for document in built]
    newest = sum(bool(document["is_latest"]) for document in built)
    del built
    with (
        tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder,
        ServerProcess(SEARCH, "--port", "0", "--api-key", KEY, "--data-dir", folder) as process,
    ):
        client = Client(process.url)
        speed = client.fill(lines)
        client.timed(asked[:10])
        among_newest = client.timed(asked)
        among_all = client.timed(asked, filter_by="")
        resident = psutil.Process(process.pid).memory_info().rss / 1e6
    return {
        "documents": len(lines),
        "newest": newest,
        "import_per_s": speed,
        "median_ms": statistics.median(among_newest),
        "p95_ms": statistics.quantiles(among_newest, n=20)[-1],
        "all_releases_median_ms": statistics.median(among_all),
        "all_releases_p95_ms": statistics.quantiles(among_all, n=20)[-1],
        "memory_mb": resident,
    }


if __name__ == "__main__":
    common.main(
        "a search with three facets, by relevance (aim: median under 50 ms)",
        measure,
        common.command(
            __doc__,
            ("--documents", 100_000, "documents in the collection"),
            ("--searches", 300, "searches of each kind"),
        ),
    )
