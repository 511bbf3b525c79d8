"""``python -m pyf.aggregator.embedded.stack``: the stack in the background.

It reports to the command that started it through a pipe, one JSON object a line, until it is
ready or has failed; later events stand in its log.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
from typing import Any

import orjson

from ...errors import AggregatorError
from ...running_stack.state import StackState
from ...settings import load_settings
from .arguments import add_arguments, choice_from
from .control import run


class Pipe:
    """Reports to the other end of a pipe, as long as somebody listens."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        os.set_inheritable(descriptor, False)

    def event(self, text: str) -> None:
        """Pass an event on."""
        self.tell({"event": text})

    def line(self, name: str, text: str) -> None:
        """What services say stands in their logs."""

    def ready(self, state: StackState) -> None:
        """Tell how everything is, and nothing more after that."""
        self.tell(dataclasses.asdict(state))
        self.close()

    def tell(self, value: dict[str, Any]) -> None:
        """Write one line."""
        if self._descriptor is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._descriptor, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))

    def failed(self, sentence: str, status: int) -> int:
        """Tell why the stack runs no more; return the exit status."""
        self.tell({"error": sentence, "status": status})
        self.close()
        return status

    def close(self) -> None:
        """Close this end."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def main(argv: list[str] | None = None) -> int:
    """Run the stack; return the exit status."""
    parser = argparse.ArgumentParser(prog="pyf.aggregator.embedded.stack")
    parser.add_argument("--report", type=int, required=True, help="descriptor to report to")
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    pipe = Pipe(arguments.report)
    try:
        run(load_settings(), choice_from(arguments), pipe)
    except AggregatorError as error:
        return pipe.failed(str(error), error.exit_status)
    except Exception as error:
        return pipe.failed(f"unexpected {type(error).__name__}: {error}", 1)
    pipe.failed("the stack was ended before it was ready", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
