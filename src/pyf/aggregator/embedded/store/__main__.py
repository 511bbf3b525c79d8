"""``python -m pyf.aggregator.embedded.store``: run the store in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...serving import run_foreground
from .server import run

DESCRIPTION = "A statistics store for one machine that speaks ClickHouse's HTTP protocol."


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(prog="pyf.aggregator.embedded.store", description=DESCRIPTION)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123, help="0 takes a free one")
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    return run_foreground(
        lambda ready: run(options.host, options.port, options.data_dir, ready=ready)
    )


if __name__ == "__main__":
    sys.exit(main())
