"""Tasks a second of ``inspect_project``, end to end on one worker of 20 threads.

Every task fetches a project from a sample PyPI, decides on its metadata, and writes what belongs to
the profile. The broker's share is what the same number of tasks takes that do nothing.
"""

from __future__ import annotations

import argparse
import time

import requests

from pyf.aggregator.ingest.fetch_collection import FetchOptions, aggregate
from pyf.aggregator.names import normalize_name
from pyf.aggregator.queue.cursors import RedisCursorStore

from . import common
from .live import Live, live

EMPTY = "update_github"
"""A task without effect as long as there is no room for GitHub facts."""
LONGEST = 240.0


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return tasks a second and how much of the time the broker takes."""
    with live(arguments.tasks) as system:
        order = FetchOptions(common.PROFILE, "full", RedisCursorStore(system.redis()))
        aggregate(system.stack.settings(), system.stack.server, order)
        names = _names(system)
        system.start_worker()
        _timed(system, EMPTY, names[:20])  # until the worker is up and warm
        empty = _timed(system, EMPTY, names)
        inspected = _timed(system, "inspect_project", names)
        counts = system.counts()
        return {
            "tasks": len(names),
            "tasks_per_s": len(names) / inspected,
            "empty_tasks_per_s": len(names) / empty,
            "broker_share_percent": 100 * empty / inspected,
            "projects_fetched": int(counts.get("projects_fetched", 0)),
            "failed": system.dead_letters(),
        }


def _names(system: Live) -> list[str]:
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    index = requests.get(f"{system.stack.pypi_url}/simple/", headers=accept, timeout=60).json()
    return [normalize_name(project["name"]) for project in index["projects"]]


def _timed(system: Live, task: str, names: list[str]) -> float:
    """Queue the tasks, then wait until all are done; seconds from the first to the last."""
    before = system.counts().get(f"{task}:succeeded", 0)
    begun = time.monotonic()
    system.send_all(task, names)
    while time.monotonic() - begun < LONGEST:
        if system.counts().get(f"{task}:succeeded", 0) - before >= len(names):
            return time.monotonic() - begun
        time.sleep(0.05)
    raise SystemExit(f"{task}: not done within {LONGEST:.0f} s")


if __name__ == "__main__":
    common.main(
        "one worker with 20 threads (aim: 200 tasks/s)",
        measure,
        common.command(__doc__, ("--tasks", 2000, "tasks, one for each sample project")),
    )
