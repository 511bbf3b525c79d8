"""Requests and time of GitHub's facts for a collection, against a request for each project.

Sample GitHub, search server and store (chDB in this process) on this machine; the sample has
GitHub's limits: 5,000 points an hour, 900 requests a minute, some repositories gone, some renamed.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from pyf.aggregator.documents import ProjectFacts, build_document
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.enrich import github
from pyf.aggregator.enrich.github_report import ProblemReport
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.settings.value_types import nodes
from pyf.aggregator.store import Store, open_store

from . import common

COLLECTION = "bench"


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the figures of a first run, of a second one, and of the plain way."""
    key = secrets.token_hex(16)
    with (
        tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder,
        ServerProcess("pyf.aggregator.samples.github", "--port", "0") as sample,
        ServerProcess(
            "pyf.aggregator.embedded.search", "--port", "0", "--api-key", key, "--data-dir", folder
        ) as search,
    ):
        settings = _settings(Path(folder), sample.url)
        server = SearchServer(nodes().parse(search.url), key)
        fill(server, arguments.projects, arguments.releases)
        with open_store(settings, readonly=False) as store:
            first = run(settings, server, store)
            _control(sample.url, "reset_stats")
            second = run(settings, server, store)
            second_asked = _control(sample.url, "stats")["total"]
        _control(sample.url, "set_limits", points=10**9, per_minute=10**9)
        plain = one_by_one(sample.url, arguments.projects)
    return {
        "projects": first.projects,
        "documents": first.written.updated,
        "with_facts": first.with_facts,
        "requests": first.requests,
        "seconds": first.seconds,
        "waited_seconds": first.waited,
        "second_run_requests": second_asked,
        "second_run_seconds": second.seconds,
        "plain_requests": arguments.projects,
        "plain_seconds_without_limits": plain,
        "plain_hours_by_the_limit": arguments.projects / 5_000,
        "requests_ratio": arguments.projects / first.requests,
    }


def fill(server: SearchServer, projects: int, releases: int) -> None:
    """Make a collection of projects of which each names a repository of its own."""
    target = collections.ensure(server, COLLECTION)
    writer = BulkWriter(server, target.collection, batch_size=2_000)
    for number in range(projects):
        for release in range(releases):
            version = f"1.{release}"
            facts = ProjectFacts(serial=number + 1, latest_version=f"1.{releases - 1}")
            writer.upsert(build_document(_info(number, version), [], facts).document)
    writer.flush()


def run(settings: Settings, server: SearchServer, store: Store) -> github.GitHubResult:
    """Enrich the collection as ``pyfa github`` does."""
    with ProblemReport(None, COLLECTION) as problems:
        return github.enrich_github(
            settings, server, store, github.GitHubOptions(COLLECTION), problems
        )


def one_by_one(url: str, projects: int) -> float:
    """Seconds of the plain way: a REST request for each project, one connection, no delay."""
    begun = time.monotonic()
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sample"
        for number in range(projects):
            session.get(f"{url}/repos/{_name(number)}").json()
    return time.monotonic() - begun


def _settings(folder: Path, url: str) -> Settings:
    given = {
        "GITHUB_API_URL": url,
        "GITHUB_TOKEN": "sample",
        "CLICKHOUSE_URL": f"chdb://{folder}/store",
        "PYF_DATA_DIR": str(folder),
    }
    return load_settings(given, dotenv=None)


def _name(number: int) -> str:
    return f"owner{number % 97}/package-{number}"


def _info(number: int, version: str) -> dict[str, object]:
    url = f"https://github.com/{_name(number)}"
    return {
        "name": f"package-{number}",
        "version": version,
        "summary": "one of many",
        "project_urls": {"Source": url, "Issues": f"{url}/issues"},
    }


def _control(url: str, action: str, **values: Any) -> Mapping[str, Any]:
    answer = requests.post(f"{url}/-/control/{action}", json=values, timeout=30)
    answer.raise_for_status()
    return dict(answer.json())


if __name__ == "__main__":
    common.main(
        "GitHub's facts of a collection (aim: at most 40 requests, under 60 s; then none)",
        measure,
        common.command(
            __doc__,
            ("--projects", 3_000, "projects, each with a repository"),
            ("--releases", 3, "releases of each"),
        ),
    )
