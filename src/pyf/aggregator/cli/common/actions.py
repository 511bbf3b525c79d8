"""What the actions of ``pyfa manage`` have in common: options, the connection, questions."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import AggregatorError, UsageError
from ...index import RefusedDocument, SearchServer
from ...profiles import load_profiles
from ...settings import Settings
from ...settings.value_types import key_name
from . import output

EXIT_PARTIAL = 4
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 520 * _SECONDS["w"]
_NAME = key_name("collection")


def non_empty(text: str) -> str:
    """Refuse an empty text, which is mostly a variable that was never set; type of an option."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


@dataclass(frozen=True)
class Action:
    """One thing that ``pyfa manage`` does.

    ``run`` gets the parsed options and returns the exit status. ``takes`` are the options that
    mean something to it, by their names in the parsed options; others are refused beside it.
    """

    flags: tuple[str, ...]
    help: str
    run: Callable[[argparse.Namespace, Settings], int]
    metavar: str | None = None
    type: Callable[[str], object] = non_empty
    takes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The option as users are told about it."""
        return self.flags[-1]

    @property
    def dest(self) -> str:
        """Where the parsed options hold it."""
        return self.name.lstrip("-").replace("-", "_")


class Declined(AggregatorError):
    """The question whether to go on was not answered with yes."""


def connect(settings: Settings) -> SearchServer:
    """Return the search server after a first contact."""
    server = SearchServer.from_settings(settings)
    server.check()
    return server


def named_target(arguments: argparse.Namespace, settings: Settings, what: str) -> str:
    """The collection that -t or -p names; raises ``UsageError`` without either."""
    if arguments.target:
        return str(arguments.target)
    if arguments.profile:
        return load_profiles(settings).get(arguments.profile).collection
    raise UsageError(f"name {what} with -t, or with the profile's -p")


def named_source(arguments: argparse.Namespace, what: str) -> str:
    """What -s names; raises ``UsageError`` without it."""
    if not arguments.source:
        raise UsageError(f"name {what} with -s")
    return str(arguments.source)


def check_name(name: str) -> None:
    """Raise ``UsageError`` unless a new collection or alias may have this name."""
    try:
        _NAME.parse(name)
    except ValueError:
        raise UsageError(
            f"{name!r} cannot name a collection: use letters, digits, '.', '_', '-'"
        ) from None


def confirm(arguments: argparse.Namespace, consequence: str) -> None:
    """Ask before something is lost, unless -f is given.

    Raises ``Declined``, and ``UsageError`` where nobody is there to be asked.
    """
    if arguments.force:
        return
    if not is_terminal():
        raise UsageError(f"{consequence}; no terminal to prompt on; use -f")
    if not answers_yes(consequence):
        raise Declined("nothing was changed")


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def answers_yes(consequence: str) -> bool:
    """Ask on the terminal whether to go ahead; only the whole word ``yes`` counts."""
    output.note(f"{consequence}. Type 'yes' to do so:")
    return sys.stdin.readline().strip() == "yes"


def duration(text: str) -> int:
    """Parse a duration such as ``7d`` into seconds; the type of an option."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            "a number with s, m, h, d or w behind it is needed, such as 7d"
        )
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST:
        raise argparse.ArgumentTypeError("at most ten years (520w)")
    return seconds


def secret(place: str, option: str) -> str:
    """Read a key from a file, or from standard input for ``-``; never from the command line."""
    try:
        text = sys.stdin.read() if place == "-" else Path(place).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{option}: {place} cannot be read: {reason}") from None
    value = text.strip()
    if not value or len(value.split()) > 1:
        raise UsageError(f"{option}: {place} does not hold one key and nothing else")
    return value


def cell(value: object) -> str:
    """A value as one cell of a table: on one line, without tabs and what would steer a terminal."""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return " ".join(shown.split())


def refusals(refused: tuple[RefusedDocument, ...]) -> list[dict[str, str]]:
    """What was refused, as data."""
    return [{"id": item.id, "reason": item.reason} for item in refused]


def tell_refusals(collection: str, refused: tuple[RefusedDocument, ...]) -> None:
    """Name on stderr what was refused, and why."""
    for item in refused[: output.SHOWN]:
        output.note(f"refused in {collection}: {item.id}: {item.reason}")
    if len(refused) > output.SHOWN:
        more = len(refused) - output.SHOWN
        output.note(f"refused in {collection}: {more} more; --json names all")
