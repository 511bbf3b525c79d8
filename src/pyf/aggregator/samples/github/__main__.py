"""``python -m pyf.aggregator.samples.github``: serve until interrupted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ...serving import run_foreground
from .arguments import add_arguments
from .server import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pyf.aggregator.samples.github",
        description="A sample GitHub for demo, tests and benchmarks, on this machine alone.",
    )
    add_arguments(parser)
    return run_foreground(lambda ready: run(parser.parse_args(arguments), ready=ready))


if __name__ == "__main__":
    sys.exit(main())
