"""``python -m pyf.aggregator.local.clickhouse``: run the store in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.local.clickhouse.server import run

DESCRIPTION = "A statistics store for one machine that speaks ClickHouse's HTTP protocol."


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="pyf.aggregator.local.clickhouse", description=DESCRIPTION
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123, help="0 takes a free one")
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        run(options.host, options.port, options.data_dir, ready=_announce)
    except AggregatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return os.EX_OK


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
