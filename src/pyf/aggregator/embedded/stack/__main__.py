"""``python -m pyf.aggregator.embedded.stack``: the stack in the background.

It reports to the command that started it through a pipe, one JSON object per line, until it is
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
from ...running_stack.stack_state import StackState
from ...settings import load_settings
from .arguments import add_arguments, stack_options_from
from .control import run_stack


class PipeReporter:
    """Reports to the other end of a pipe, as long as somebody listens."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        os.set_inheritable(descriptor, False)

    def event(self, text: str) -> None:
        """Pass an event on."""
        self.send({"event": text})

    def line(self, name: str, text: str) -> None:
        """What services say stands in their logs."""

    def ready(self, state: StackState) -> None:
        """Tell how everything is, and nothing more after that."""
        self.send(dataclasses.asdict(state))
        self.close()

    def send(self, value: dict[str, Any]) -> None:
        """Write one line."""
        if self._descriptor is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._descriptor, orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))

    def report_failure(self, sentence: str, status: int) -> int:
        """Tell why the stack runs no more; return the exit status."""
        self.send({"error": sentence, "status": status})
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
    pipe = PipeReporter(arguments.report)
    try:
        run_stack(load_settings(), stack_options_from(arguments), pipe)
    except AggregatorError as error:
        return pipe.report_failure(str(error), error.exit_status)
    except Exception as error:
        return pipe.report_failure(f"unexpected {type(error).__name__}: {error}", 1)
    pipe.report_failure("the stack was ended before it was ready", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
