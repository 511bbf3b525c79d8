"""Entry points. The library raises, this explains: one sentence and an exit status."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from .. import __version__
from ..errors import AggregatorError

INTERRUPTED = 130
COMMANDS = (
    "pypi",
    "run",
    "catalog",
    "github",
    "downloads",
    "security",
    "health",
    "stats",
    "store",
    "manage",
    "metrics",
    "up",
    "status",
    "down",
    "web",
    "local",
    "demo",
)
"""Modules with ``NAME``, ``HELP``, ``add_arguments(parser)`` and ``run(arguments) -> int``."""


class Parser(argparse.ArgumentParser):
    """Wrong use is told in one line; the whole usage stands in ``--help``."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser(command: str = "") -> Parser:
    """The parser of ``pyfa`` with all its commands, or with the one named if there is such.

    Loading what all commands are made of takes a second, which one command needs a part of.
    """
    top = Parser(
        prog="pyfa",
        allow_abbrev=False,
        description="Search index of a Python package ecosystem, from PyPI to Typesense.",
    )
    top.add_argument("--version", action="version", version=f"pyfa {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = [command] if command in COMMANDS else [] if command == "--version" else COMMANDS
    for group in map(_group, wanted):
        own = commands.add_parser(
            group.NAME,
            help=group.HELP,
            description=group.HELP,
            allow_abbrev=False,
            epilog=group.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        group.add_arguments(own)
        own.set_defaults(run=group.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """``pyfa COMMAND ...``"""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_guarded(lambda: _dispatch(parser(words[0] if words else "").parse_args(words)))


def pyfaggregator(argv: Sequence[str] | None = None) -> int:
    """``pyfaggregator``: the same options as ``pyfa pypi``."""
    return _alone("pypi", "pyfaggregator", argv)


def pyfdownloads(argv: Sequence[str] | None = None) -> int:
    """``pyfdownloads``: the same options as ``pyfa downloads``."""
    return _alone("downloads", "pyfdownloads", argv)


def pyfgithub(argv: Sequence[str] | None = None) -> int:
    """``pyfgithub``: the same options as ``pyfa github``."""
    return _alone("github", "pyfgithub", argv)


def pyfupdater(argv: Sequence[str] | None = None) -> int:
    """``pyfupdater``: the same options as ``pyfa manage``."""
    return _alone("manage", "pyfupdater", argv)


def run_guarded(action: Callable[[], int]) -> int:
    """Run a command; turn every way it can end into an exit status and at most one sentence."""
    _fill_closed_streams()
    try:
        status = action()
        sys.stdout.flush()  # here, where a reader that went away is still dealt with
        return status
    except AggregatorError as error:
        return _say(str(error), error.exit_status)
    except KeyboardInterrupt:
        return _say("interrupted; completed work is kept, run it again to continue", INTERRUPTED)
    except BrokenPipeError:
        # The reader went away; keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        where = f" ({error.filename})" if error.filename else ""
        return _say(f"{error.strerror or error}{where}", 1)
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        return _say(f"unexpected {type(error).__name__}: {error} (-v shows where)", 1)


def _fill_closed_streams() -> None:
    """Write nowhere what whoever started the command closed (``2>&-``); Python has None there."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            # The number too: what is opened next would get it, and then such output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


def _group(name: str) -> ModuleType:
    return import_module(f".commands.{name}", __package__)


def _alone(command: str, name: str, argv: Sequence[str] | None) -> int:
    """Run one group of options as a command of its own."""
    group = _group(command)
    own = Parser(
        prog=name,
        allow_abbrev=False,
        description=group.HELP,
        epilog=group.EXAMPLE.replace(f"pyfa {group.NAME}", name),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    group.add_arguments(own)
    own.set_defaults(run=group.run)
    return run_guarded(lambda: _dispatch(own.parse_args(argv)))


def _dispatch(arguments: argparse.Namespace) -> int:
    _log(getattr(arguments, "verbose", 0))
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _log(verbose: int) -> None:
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Libraries below log addresses and headers; only the project's own words are wanted.
    logging.getLogger("pyf.aggregator").setLevel(level)
    logging.getLogger("typesense").setLevel(logging.CRITICAL)
    # It tells of each try to connect; the error that ends them says as much.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _say(sentence: str, status: int) -> int:
    print(f"pyfa: {' '.join(sentence.split())}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
