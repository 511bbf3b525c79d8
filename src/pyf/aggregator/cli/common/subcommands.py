"""Commands that have commands of their own: ``pyfa stats load``, ``pyfa stats top``, ..."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Subcommand:
    """One word after a command: its help, its options, and what it does.

    ``run`` gets the parsed options and returns the exit status.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    example: str = ""


def add_subcommands(
    parser: argparse.ArgumentParser, verbs: Sequence[Subcommand], *, required: bool = True
) -> None:
    """Declare the words that may follow a command; one of them has to if ``required``.

    Where none has to, ``verb`` is None in the options of a command without one.
    """
    words = parser.add_subparsers(dest="verb", metavar="ACTION", required=required)
    for verb in verbs:
        inner = words.add_parser(
            verb.name,
            help=verb.help,
            description=verb.help,
            allow_abbrev=False,
            epilog=verb.example or None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.add_arguments(inner)
        inner.set_defaults(run_verb=verb.run)


def run_subcommand(arguments: argparse.Namespace) -> int:
    """Run the word that was given; return the exit status."""
    run: Callable[[argparse.Namespace], int] = arguments.run_verb
    return run(arguments)
