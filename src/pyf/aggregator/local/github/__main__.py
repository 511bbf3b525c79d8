"""``python -m pyf.aggregator.local.github``: serve until interrupted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ...errors import AggregatorError
from .arguments import add_arguments
from .server import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pyf.aggregator.local.github",
        description="A sample GitHub for demo, tests and benchmarks, on this machine alone.",
    )
    add_arguments(parser)
    try:
        run(parser.parse_args(arguments), ready=_announce)
    except AggregatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
