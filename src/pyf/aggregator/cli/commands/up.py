"""``pyfa up``: the one-machine stack, in the foreground or in the background."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console

from ...embedded.stack import control
from ...embedded.stack.arguments import add_arguments as add_stack_arguments
from ...embedded.stack.arguments import stack_options_from
from ...embedded.stack.service_definitions import SERVICE_NAMES
from ...running_stack.stack_state import StackState
from ...settings import load_settings
from ..common import output
from .status import show

NAME = "up"
HELP = "Start the one-machine stack: search server, Redis, store, worker, beat, web"
EXAMPLE = """examples:
  pyfa up                           in the foreground until Ctrl-C
  pyfa up --detach                  in the background; pyfa status, pyfa down
  pyfa up --only search,redis --search-port 0

A service that you configured (TYPESENSE_HOST, REDIS_HOST, CLICKHOUSE_URL) is used, not started."""

WIDTH = max(map(len, SERVICE_NAMES))
COLOURS = (36, 33, 32, 35, 34, 31)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("-d", "--detach", action="store_true", help="return once everything is up")
    add_stack_arguments(parser)
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Start the stack; return the exit status."""
    settings, choice = load_settings(), stack_options_from(arguments)
    if arguments.detach:
        show(control.start_in_background(choice, output.note))
        output.note("in the background; `pyfa status` shows it, `pyfa down` ends it")
    else:
        control.run_stack(settings, choice, Terminal())
    return 0


class Terminal:
    """Tells on the terminal what happens: the table on stdout, the rest on stderr."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._coloured = console.is_terminal and not console.no_color

    def event(self, text: str) -> None:
        """Something happened to a service."""
        with _heard_or_not(sys.stderr):
            output.note(text)

    def line(self, name: str, text: str) -> None:
        """A service said something."""
        label = name.ljust(WIDTH)
        if self._coloured:
            known = SERVICE_NAMES.index(name) if name in SERVICE_NAMES else -1
            label = f"\x1b[{COLOURS[known % len(COLOURS)]}m{label}\x1b[0m"
        with _heard_or_not(sys.stderr):
            output.note(f"{label} | {UNPRINTABLE.sub('', text)}")

    def ready(self, state: StackState) -> None:
        """All services are up for the first time."""
        with _heard_or_not(sys.stdout):
            show(state)
            sys.stdout.flush()
        self.event("Ctrl-C ends the stack")


@contextlib.contextmanager
def _heard_or_not(stream: TextIO) -> Iterator[None]:
    """Go on where the reader of a stream went away: the logs have everything."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
