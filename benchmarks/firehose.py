"""Requests a second of the bulk fetcher, and of a ``requests`` thread pool of 50, in one run.

Both fetch the same project answers from a sample PyPI in a process of its own and parse them as
JSON; they take turns, and the medians are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import requests
import uvloop

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.http import Fetcher, FetchPolicy, HttpResponse

from . import common

THREADS = 50


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return requests a second of both ways and their ratio."""
    sample = ("--port", "0", "--projects", str(arguments.projects))
    with ServerProcess("pyf.aggregator.samples.pypi", *sample) as upstreams:
        paths = _paths(upstreams.url, arguments.requests)
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            theirs.append(len(paths) / _timed_threads(upstreams.url, paths))
            ours.append(len(paths) / _timed_firehose(upstreams.url, paths))
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return {
        "requests": len(paths),
        "firehose_per_s": statistics.median(ours),
        "threads_per_s": statistics.median(theirs),
        "ratio": statistics.median(ratios),
    }


def _paths(url: str, count: int) -> list[str]:
    index = requests.get(
        f"{url}/simple/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    ).json()
    names = [project["name"] for project in index["projects"]]
    normalized = (name.lower().replace("_", "-").replace(".", "-") for name in names)
    paths = [f"/pypi/{name}/json" for name in normalized if "--" not in name]
    # One pass beforehand, so that neither way pays for the answers being made.
    with requests.Session() as session:
        for path in paths:
            session.get(url + path)
    return list(itertools.islice(itertools.cycle(paths), count))


def _timed_firehose(url: str, paths: list[str]) -> float:
    def check(answer: HttpResponse) -> object:
        return orjson.loads(answer.body)

    async def go() -> float:
        async with Fetcher(url, FetchPolicy(workers=THREADS, delay=0)) as fetcher:
            waiting = iter(paths)

            async def work() -> None:
                for path in waiting:
                    await fetcher.get(path, check=check)

            begun = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(THREADS)))
            return time.perf_counter() - begun

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(go())


def _timed_threads(url: str, paths: list[str]) -> float:
    local = threading.local()

    def fetch(path: str) -> object:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        return local.session.get(url + path).json()

    with ThreadPoolExecutor(THREADS) as pool:
        begun = time.perf_counter()
        list(pool.map(fetch, paths))
        return time.perf_counter() - begun


if __name__ == "__main__":
    common.main(
        "bulk fetcher against a thread pool of 50 (aim: ratio 3 or more)",
        measure,
        common.command(
            __doc__,
            ("--projects", 300, "sample projects"),
            ("--requests", 3000, "requests of each round"),
            ("--rounds", 3, "rounds"),
        ),
    )
