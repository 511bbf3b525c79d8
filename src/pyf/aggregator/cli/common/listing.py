"""Answers as lists: a table for people, JSON or CSV for programs, notes on stderr."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ...store.queries import QueryResult, Window
from . import output

Cell = str | int | float | date | None
LATE_HOURS = 36
SHOWN_GAPS = 3


@dataclass(frozen=True)
class Listing:
    """An answer: its columns and rows, the same as data, and what is to be said of it.

    ``chart`` are lines of text that are shown below the table on a terminal. ``partly``: some of
    what was asked for is missing, which the notes name.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    data: Any
    notes: Sequence[str] = ()
    chart: Sequence[str] = field(default=())
    partly: bool = False


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare in which form the answer is printed."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the result as JSON")
    form.add_argument("--csv", action="store_true", help="print the rows as CSV with a header")


def show(arguments: argparse.Namespace, listing: Listing) -> None:
    """Print an answer in the form that was asked for; unknown is ``null``, empty, or a dash."""
    for line in listing.notes:
        output.note(f"note: {line}")
    if arguments.json:
        output.data(listing.data)
    elif arguments.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(listing.columns)
        writer.writerows([_plain(value) for value in row] for row in listing.rows)
    else:
        shown = [[cell(value) for value in row] for row in listing.rows]
        output.table(listing.title, list(listing.columns), shown)
        if sys.stdout.isatty():
            for line in listing.chart:
                output.say(line)


def cell(value: Cell) -> str:
    """A value for people: thousands apart on a terminal, ``-`` for unknown."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}" if sys.stdout.isatty() else f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}" if sys.stdout.isatty() else str(value)
    return str(value)


def about(answer: QueryResult) -> dict[str, Any]:
    """What JSON says of the data beside the answer itself."""
    return {
        "data_through": answer.data_through.isoformat() if answer.data_through else None,
        "loaded_at": answer.loaded_at.isoformat() if answer.loaded_at else None,
    }


def range_of(window: Window | None) -> dict[str, Any]:
    """The range of an answer for JSON, with its unknown days."""
    if window is None:
        return {"start": None, "end": None, "missing_days": []}
    return {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "missing_days": [day.isoformat() for day in window.missing_days],
    }


def data_notes(answer: QueryResult, window: Window | None = None, *, now: datetime) -> list[str]:
    """What a reader has to know: how old the data is, which days of the range are unknown."""
    notes = []
    if window is not None and window.missing:
        gaps = [
            str(gap.first) if gap.first == gap.last else f"{gap.first} to {gap.last}"
            for gap in window.gaps
        ]
        more = f" and {len(gaps) - SHOWN_GAPS} more gaps" if len(gaps) > SHOWN_GAPS else ""
        notes.append(
            f"{window.missing} of {window.days} days are unknown: "
            f"{', '.join(gaps[:SHOWN_GAPS])}{more}"
        )
    if answer.data_through is not None:
        ended = datetime.combine(answer.data_through, datetime.max.time(), now.tzinfo)
        if (now - ended).total_seconds() > LATE_HOURS * 3600:
            notes.append(f"the last day loaded is {answer.data_through}")
    return notes


def _plain(value: Cell) -> Cell:
    if isinstance(value, float):
        return round(value, 4)
    return "" if value is None else value
