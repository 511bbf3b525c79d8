"""``python -m pyf.aggregator.samples.pypi``: serve until interrupted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...serving import run_foreground
from .arguments import options_from, parser
from .server import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit status."""
    given = parser().parse_args(arguments)
    return run_foreground(
        lambda ready: run(options_from(given), ready=ready, until_eof=given.until_eof)
    )


if __name__ == "__main__":
    sys.exit(main())
