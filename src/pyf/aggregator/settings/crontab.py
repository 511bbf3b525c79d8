"""Five-field crontab schedules, in the notation that Celery's ``crontab`` takes."""

from __future__ import annotations

import re
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)


class CrontabField(NamedTuple):
    """One field of a schedule: its name, its bounds and the words that stand for numbers."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


FIELDS = (
    CrontabField("minute", 0, 59),
    CrontabField("hour", 0, 23),
    CrontabField("day_of_month", 1, 31),
    CrontabField("month", 1, 12, MONTHS),
    CrontabField("day_of_week", 0, 6, DAYS),
)


def check_crontab(text: str) -> str:
    """Return the schedule with single blanks; ValueError names the field that is wrong.

    The empty text stays empty: it switches a periodic task off.
    """
    parts = text.split()
    if parts and len(parts) != len(FIELDS):
        raise ValueError(f"it has {len(parts)} fields")
    for field, part in zip(FIELDS, parts, strict=False):
        for piece in part.split(","):
            _check_piece(field, piece)
    return " ".join(parts)


def _check_piece(field: CrontabField, piece: str) -> None:
    match = _PART.fullmatch(piece)
    if not match:
        raise ValueError(f"{field.name} {piece!r} cannot be read")
    first, last, step = match.group("first", "last", "step")
    for value in (first, last):
        if value is not None and not _within(field, value):
            raise ValueError(f"{field.name} {value!r} is not within {field.low}-{field.high}")
    if step is not None and (int(step) == 0 or (first is not None and last is None)):
        raise ValueError(f"{field.name} {piece!r}: a step follows * or a range and is 1 or more")


def _within(field: CrontabField, value: str) -> bool:
    if value.isdigit():
        return field.low <= int(value) <= field.high
    return value.lower() in field.words
