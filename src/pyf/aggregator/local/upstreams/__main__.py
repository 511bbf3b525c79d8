"""``python -m pyf.aggregator.local.upstreams``: serve until interrupted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...errors import AggregatorError
from .arguments import options_from, parser
from .server import run


def _tell(url: str) -> None:
    print(f"listening on {url}", flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit status."""
    given = parser().parse_args(arguments)
    try:
        run(options_from(given), ready=_tell, until_eof=given.until_eof)
    except AggregatorError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
