"""The web application under load: wrk asks for series, warm; then each answer once, cold.

The store is filled as for ``benchmarks.store_query``; the search server holds a document for each
package that is asked for. Needs ``wrk``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from pyf.aggregator.documents import ProjectFacts, build_document
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.settings.value_types import nodes
from pyf.aggregator.store import Store

from . import common
from .store_query import filled_store, quantile

WEB = "pyf.aggregator.web"
CONNECTIONS = 8
SECONDS = 5
ASKED = 120
"""Packages that are asked for cold, each once."""
WARM = 20
"""Packages that are asked for warm, in turn."""
ROUNDS = 10
"""How often each of them is asked for before: every process keeps answers of its own."""
COLLECTION = "benchmark"
FAMILY = "Framework :: Flask"
PROFILES = f"""profiles:
  {COLLECTION}:
    name: Benchmark
    families: ["{FAMILY}"]
    collection: {COLLECTION}
"""
SERIES = ("recent", "overall", "python_minor")
SCRIPT = """
local n, path = 0, "{path}"
request = function()
  n = n + 1
  return wrk.format("GET", (path:gsub("NUMBER", tostring(n % {asked}))))
end
done = function(summary, latency)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.timeout
  io.write(string.format("figures %f %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk measured: requests a second, milliseconds, requests that failed."""

    rate: float
    p50: float
    p99: float
    failed: int


def wrk(url: str, path: str, folder: Path) -> Load:
    """Ask for ``path`` with the numbers of some packages in turn, once all of them are warm."""
    for number in range(ROUNDS * WARM):
        # A connection of its own each time, so that each process gets some; headers as wrk's.
        address = url + path.replace("NUMBER", str(number % WARM))
        requests.get(address, headers={"Accept": None, "Accept-Encoding": None}, timeout=60)
    script = folder / "asked.lua"
    script.write_text(SCRIPT.format(path=path, asked=WARM), "utf-8")
    how = ["-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "30s", "-s", str(script)]
    told = subprocess.run(["wrk", *how, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"figures (\S+) (\S+) (\S+) (\d+)", told)
    if found is None:
        raise SystemExit(f"wrk did not say what it measured: {told}")
    rate, p50, p99 = map(float, found.groups()[:3])
    return Load(rate, p50, p99, int(found[4]))


def cold(url: str, path: str) -> float:
    """The median of milliseconds for answers that nobody asked for before, one after the other."""
    times = []
    with requests.Session() as session:
        for number in range(1, ASKED):
            begun = time.perf_counter()
            answer = session.get(url + path.replace("NUMBER", str(number)), timeout=60)
            times.append((time.perf_counter() - begun) * 1000)
            answer.raise_for_status()
    return quantile(times, 0.5)


def first_paint(url: str) -> int:
    """Bytes of the search page with its sheets, scripts and pictures, packed with brotli."""
    size, text = _packed(url + "/")
    named = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))
    sizes = [_packed(url + path)[0] for path in named if "plotly.min" not in path]
    return size + sum(sizes)


def _packed(url: str) -> tuple[int, str]:
    headers = {"Accept-Encoding": "br", "Accept": "text/html,*/*"}
    with requests.get(url, headers=headers, timeout=60, stream=True) as answer:
        answer.raise_for_status()
        raw = answer.raw.read(decode_content=False)
    plain = requests.get(url, headers={**headers, "Accept-Encoding": "identity"}, timeout=60)
    return len(raw), plain.text


@contextmanager
def indexed(folder: Path) -> Iterator[dict[str, str]]:
    """A search server with a document for each package; what a site is told of it."""
    key = "benchmark-key"
    arguments = ("--port", "0", "--api-key", key, "--data-dir", str(folder))
    with ServerProcess("pyf.aggregator.embedded.search", *arguments) as process:
        server = SearchServer(nodes().parse(process.url), key)
        target = collections.ensure(server, COLLECTION)
        writer = BulkWriter(server, target.collection)
        for number in range(ASKED):
            writer.upsert(document(f"package-{number}"))
        writer.flush()
        profiles = folder / "profiles.yaml"
        profiles.write_text(PROFILES, "utf-8")
        where = urlsplit(process.url)
        yield {
            "TYPESENSE_HOST": where.hostname or "",
            "TYPESENSE_PORT": str(where.port),
            "TYPESENSE_PROTOCOL": "http",
            "TYPESENSE_API_KEY": key,
            "PYF_PROFILES": str(profiles),
            "PYF_DATA_DIR": str(folder),
            "WEB_RATE_LIMIT": "",
        }


def document(name: str) -> dict[str, object]:
    """A project with a README."""
    text = f"# {name}\n\n" + "Does what its name says, and does it well.\n\n" * 40
    info = {
        "name": name,
        "version": "1.0",
        "summary": f"What {name} does",
        "classifiers": [FAMILY],
        "requires_dist": ["requests>=2"],
        "description": text,
        "description_content_type": "text/markdown",
    }
    file = {"filename": f"{name}-1.0.tar.gz", "upload_time_iso_8601": "2026-01-05T10:00:00Z"}
    return dict(
        build_document(
            info, [{**file, "size": 2048}], ProjectFacts(serial=7, latest_version="1.0")
        ).document
    )


def store_url(store: Store) -> str:
    """The store with the password that the benchmark has; the site only asks."""
    where = store.location
    who = f"{where.user}:{where.password}"
    return f"http://{who}@{where.host}:{where.port}/{where.database}"


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Fill the store, start the site, ask."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed, which this benchmark asks with: apt install wrk")
    begun = time.perf_counter()
    with (
        filled_store(arguments.packages, arguments.days) as store,
        tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder,
        indexed(Path(folder)) as told,
    ):
        fill_s = time.perf_counter() - begun
        told["CLICKHOUSE_URL"] = store_url(store)
        workers = ("--port", "0", "--workers", str(arguments.workers))
        with ServerProcess(WEB, *workers, environment=told) as site:
            figures = asked(site.url, Path(folder))
    size = {"packages": arguments.packages, "days": arguments.days, "workers": arguments.workers}
    return {**size, "fill_s": fill_s, **figures}


def asked(url: str, folder: Path) -> dict[str, float | int]:
    """Everything that is asked of one site: cold first."""
    api, page = "/api/packages/package-NUMBER", "/packages/package-NUMBER"
    figures: dict[str, float | int] = {}
    for kind in SERIES:
        figures[f"{kind}_cold_p50_ms"] = cold(url, f"{api}/{kind}")
    figures["page_cold_p50_ms"] = cold(url, page)
    for kind, path in (*((kind, f"{api}/{kind}") for kind in SERIES), ("page", page)):
        load = wrk(url, path, folder)
        figures[f"{kind}_per_s"] = load.rate
        figures[f"{kind}_p50_ms"] = load.p50
        figures[f"{kind}_p99_ms"] = load.p99
        figures[f"{kind}_failed"] = load.failed
    figures["first_paint_bytes"] = first_paint(url)
    return figures


if __name__ == "__main__":
    common.main(
        "pyfa web (aims: recent, overall, python_minor 3,300, 2,000, 1,500 a second with p99 under "
        "30 ms; cold p50 under 50 ms; page p50 under 40 ms; first paint under 150,000 bytes)",
        measure,
        common.command(
            __doc__,
            ("--packages", 50_000, "packages in the store"),
            ("--days", 180, "days in the store"),
            ("--workers", 2, "processes of the site"),
        ),
    )
