"""PyPI's JSON answers given as files: read, and gone through one after the other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from ...errors import UsageError
from . import output
from .actions import EXIT_PARTIAL, non_empty


def add_files(parser: argparse.ArgumentParser) -> None:
    """Declare the files, and that results can be had as JSON."""
    parser.add_argument(
        "files",
        nargs="+",
        type=non_empty,
        metavar="FILE",
        help="PyPI's JSON answer for a project or a release; - for standard input",
    )
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object per line"
    )


def read(place: str) -> object:
    """Return what a file holds, ``-`` being standard input. Raises ``UsageError``."""
    try:
        content = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        return orjson.loads(content)
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{place} is not JSON: {error}") from None


def no_answer(place: str, why: str = "it has no metadata in 'info'") -> UsageError:
    """Return the error for a file of another shape."""
    return UsageError(f"{place} is no answer of PyPI's: {why}")


def each(places: Sequence[str], tell: Callable[[str], Any]) -> int:
    """Tell of each file; return the exit status.

    Of several, those that cannot be told of are named behind the others. Raises ``UsageError``
    where there is but one.
    """
    if len(places) == 1:
        tell(places[0])
        return 0
    left_out = []
    for place in places:
        try:
            tell(place)
        except UsageError as error:
            left_out.append(str(error))
    output.missing("left out:", left_out)
    return EXIT_PARTIAL if left_out else 0
