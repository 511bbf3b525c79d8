"""The whole of ``pyfa run`` on local upstreams: seconds, releases a second, the share of each step.

Sample PyPI, sample GitHub with its real limits, an OSV archive, a statistics store that has counts
of every project, and a search server, all on this machine. The second run finds nothing new.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from tests.enrich.osv import export, record
from tests.store.serving import served, url_of

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.names import normalize_name
from pyf.aggregator.operations import Context, PipelineOptions, Report, pipeline
from pyf.aggregator.settings import Settings
from pyf.aggregator.store import Store

from . import common

DAYS = 60
AT_ONCE = 500
"""Names in one statement: they stand in its address."""
ADVISORIES = 5_000
AFFECTED = 300
MORE_RELEASES = "1.9"
"""Makes the releases of the sample's projects ten each, on average."""
FILL = """
INSERT INTO downloads (load_id, day, dimension, package, category, downloads)
SELECT days.number + 1, {first:Date} + days.number, 'overall', package, category,
    intHash32(cityHash64(package)) % 10000 + 1
FROM numbers({days:UInt64}) AS days
ARRAY JOIN {packages:Array(String)} AS package
ARRAY JOIN ['without_mirrors', 'with_mirrors'] AS category
"""
LOADS = """
INSERT INTO loads (id, day, source, scope, status, started, finished)
SELECT number + 1, {first:Date} + number, 'benchmark', 'full', 'published', {now:DateTime64(3)},
    {now:DateTime64(3)}
FROM numbers({days:UInt64})
"""


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the figures of a first run and of a second one."""
    with _context(arguments.projects) as (context, options):
        first, second = pipeline.run(context, options), pipeline.run(context, options)
        documents = first.steps[0].counts["indexed"]
        projects = first.steps[0].counts["matched"]
    unfinished = [each for each in (*first.steps, *second.steps) if each.state != "done"]
    if unfinished:
        raise SystemExit(f"not done: {unfinished[0].as_dict()}")
    return {
        "projects": projects,
        "releases": documents,
        "seconds": first.seconds,
        "releases_a_second": documents / first.seconds,
        **_shares(first),
        "second_run_seconds": second.seconds,
        "second_run_written": sum(_written(each.counts) for each in second.steps),
    }


def _shares(report: Report) -> common.Figures:
    figures: dict[str, float] = {}
    for each in report.steps:
        figures[f"{each.operation}_seconds"] = each.seconds
        figures[f"{each.operation}_percent"] = 100 * each.seconds / report.seconds
    return figures


def _written(counts: Mapping[str, int]) -> int:
    return counts.get("indexed", 0) + counts.get("updated", 0)


@contextmanager
def _context(projects: int) -> Iterator[tuple[Context, PipelineOptions]]:
    """Everything that a run needs, on this machine."""
    family = ("--share", "1", "--releases", MORE_RELEASES)
    with (
        common.stack(projects, *family) as stack,
        served(stack.folder / "store") as store_server,
        ServerProcess("pyf.aggregator.samples.github", "--port", "0") as github,
        export() as osv,
    ):
        names = _names(stack.pypi_url)
        with Store(store_server.admin) as store:
            _fill(store, names)
        affected = [*names[:AFFECTED], *(f"other-{n}" for n in range(ADVISORIES - AFFECTED))]
        osv.put(*(record(f"PYSEC-2026-{n}", name) for n, name in enumerate(affected)))
        settings = stack.settings(
            CLICKHOUSE_URL=url_of(store_server.admin),
            GITHUB_API_URL=github.url,
            GITHUB_TOKEN="sample",
            GITHUB_REQUEST_DELAY="0",
            OSV_EXPORT_URL=osv.url,
        )
        yield _of(settings, stack)


def _of(settings: Settings, stack: common.Stack) -> tuple[Context, PipelineOptions]:
    profile = replace(common.PROFILE, collection="bench")
    context = Context(settings, profile, stack.since, stack.server)
    return context, PipelineOptions(report_dir=Path(stack.folder))


def _names(pypi_url: str) -> list[str]:
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    index = requests.get(f"{pypi_url}/simple/", headers=accept, timeout=60).json()
    return sorted(normalize_name(project["name"]) for project in index["projects"])


def _fill(store: Store, names: list[str]) -> None:
    """Publish the days up to yesterday."""
    store.migrate()
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    for at in range(0, len(names), AT_ONCE):
        packages = names[at : at + AT_ONCE]
        store.command(FILL, {"first": first, "days": DAYS, "packages": packages})
    store.command(LOADS, {"first": first, "days": DAYS, "now": datetime.now(UTC)})


if __name__ == "__main__":
    common.main(
        "pyfa run on local upstreams, two processors for all of them",
        measure,
        common.command(__doc__, ("--projects", 3_000, "projects, all in the profile")),
    )
