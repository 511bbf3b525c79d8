"""Run every benchmark, one after the other."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "firehose",
    "economy",
    "memory",
    "search",
    "freshness",
    "throughput",
    "store_load",
    "store_query",
    "readme",
    "enrich_downloads",
    "enrich_github",
    "typosquats",
    "run",
    "web",
)

if __name__ == "__main__":
    sys.exit(
        max(
            subprocess.call([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]])
            for name in NAMES
        )
    )
