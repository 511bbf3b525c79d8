"""``python -m pyf.aggregator.embedded.search``: run the server in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...serving import run_foreground
from .server import run

DESCRIPTION = "A search server for one machine that speaks Typesense's protocol."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="pyf.aggregator.embedded.search", description=DESCRIPTION)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8108, help="0 takes a free one")
    parser.add_argument("--api-key", help="default: the key in DATA_DIR/admin.key, made if missing")
    parser.add_argument("--data-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    return run_foreground(
        lambda ready: run(
            options.host, options.port, options.api_key, options.data_dir, ready=ready
        )
    )


if __name__ == "__main__":
    sys.exit(main())
