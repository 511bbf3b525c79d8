"""What people and programs read: data on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...ingest.fetch_result import FetchResult

WIDTH = 300
"""Characters of a field that a document shown to people is cut to."""
SHOWN = 10
"""Names that a list of what is missing shows before it is cut."""


def data(value: Any) -> None:
    """Print one JSON document on stdout."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """Print one line for people on stdout, at once: who reads a pipe may wait for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print one line on stderr."""
    sys.stderr.write(text + "\n")


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table on a terminal, tab-separated lines without a title otherwise."""
    if not sys.stdout.isatty():
        for row in rows:
            say("\t".join(row))
        return
    drawn = Table(*columns, title=title, title_justify="left")
    for row in rows:
        drawn.add_row(*map(escape, row))
    Console().print(drawn)


def document(value: dict[str, Any]) -> None:
    """Print one document for people: a line a field, long texts cut."""
    for name in sorted(value):
        text = " ".join(str(value[name]).split())
        say(f"{name}: {text if len(text) <= WIDTH else text[:WIDTH] + ' ...'}")
    say("")


def summary(title: str, result: FetchResult) -> None:
    """Print what a run did; what is missing goes to stderr, named."""
    numbers = result.as_dict()
    keys = ("seen", "matched", "indexed", "unchanged", "refused", "removed", "requests")
    parts = [f"{key} {numbers[key]}" for key in keys]
    say(f"{title}: {', '.join(parts)}, {result.seconds:.1f} seconds")
    for line in result.notes:
        note(f"note: {line}")
    if result.bare:
        note(
            f"note: the index has no answers for single releases: {result.bare} documents show "
            "what the files of the release tell"
        )
    if result.problems:
        lost = ", ".join(f"{field} {count}" for field, count in sorted(result.problems.items()))
        note(f"bad metadata cost single fields: {lost}")
    missing("no answer for", [f"{name}: {why}" for name, why in result.failed.items()])
    missing("refused", [f"{item.id}: {item.reason}" for item in result.refused])


def missing(what: str, lines: list[str]) -> None:
    """Name on stderr what is missing, the first few of it."""
    for line in lines[:SHOWN]:
        note(f"{what} {line}")
    if len(lines) > SHOWN:
        note(f"{what} {len(lines) - SHOWN} more; --json names all")
