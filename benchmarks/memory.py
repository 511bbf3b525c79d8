"""Peak memory of a crawl of every project of a sample PyPI, small and large.

A crawl reads the list of all projects, fetches each of them and writes those that belong to the
profile; it runs in a process of its own, of which the operating system tells the peak.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import uvloop

from pyf.aggregator.http import Fetcher, FetchPolicy
from pyf.aggregator.index import SearchServer, collections
from pyf.aggregator.ingest.cursor import SinceFile
from pyf.aggregator.ingest.fetch_result import FetchResult
from pyf.aggregator.ingest.mismatches import Mismatches
from pyf.aggregator.ingest.runs import IngestRun
from pyf.aggregator.registries.pypi import PyPI
from pyf.aggregator.settings import load_settings

from . import common


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the peaks in MB (10^6 bytes) and how much the larger one is above the smaller."""
    small, large = _crawl(arguments.small), _crawl(arguments.large)
    return {
        "small_projects": small["seen"],
        "small_peak_mb": small["peak_mb"],
        "large_projects": large["seen"],
        "large_peak_mb": large["peak_mb"],
        "growth_percent": 100.0 * (large["peak_mb"] / small["peak_mb"] - 1),
        "large_seconds": large["seconds"],
        "large_projects_per_s": large["seen"] / large["seconds"],
    }


def _crawl(projects: int) -> dict[str, float]:
    with common.stack(projects) as stack:
        environment = {
            "PYPI_URL": stack.pypi_url,
            "PYF_DATA_DIR": str(stack.folder),
            "PYPI_RATE_LIMIT_DELAY": "0",
            "TYPESENSE_NODES": stack.server.url,
            "TYPESENSE_API_KEY": stack.key,
        }
        child = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", "--child", json.dumps(environment)],
            check=True,
            stdout=subprocess.PIPE,
        )
    return dict(json.loads(child.stdout))


def _child(environment: dict[str, str]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(1))
        summary = runner.run(_everything(environment))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seen": summary.seen, "seconds": summary.seconds, "peak_mb": peak}))


async def _everything(environment: dict[str, str]) -> FetchResult:
    settings = load_settings(environment, dotenv=None)
    server = SearchServer.from_settings(settings)
    memory = Mismatches(settings.pyf_data_dir / "m.sqlite", common.PROFILE, settings.pypi_url)
    async with Fetcher(settings.pypi_url, FetchPolicy.for_pypi(settings)) as fetcher:
        run = IngestRun(
            pypi=PyPI(fetcher),
            server=server,
            target=collections.ensure(server, common.PROFILE.collection),
            profile=common.PROFILE,
            cursor_store=SinceFile(settings.pyf_data_dir / "since"),
            mismatches=memory,
        )
        return await run.full(None)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(json.loads(sys.argv[2]))
    else:
        common.main(
            "peak memory of a crawl (aim: under 300 MB, less than 10 % growth)",
            measure,
            common.command(
                __doc__,
                ("--small", 10_000, "projects of the small crawl"),
                ("--large", 100_000, "projects of the large crawl"),
            ),
        )
