"""``python -m pyf.aggregator.web``: as ``pyfa web``, for the one-machine stack."""

from __future__ import annotations

import argparse
import sys

from ..serving import run_foreground
from ..settings import load_settings
from .serving import run


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end; return the exit status."""
    parser = argparse.ArgumentParser(prog="pyf.aggregator.web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    return run_foreground(
        lambda ready: run(load_settings(), options.host, options.port, options.workers, ready)
    )


if __name__ == "__main__":
    sys.exit(main())
