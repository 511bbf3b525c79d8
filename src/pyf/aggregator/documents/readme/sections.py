"""A README divided by its headings: title, first chapter, changelog, and the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .headings import Heading

__all__ = ["ReadmeSections", "TextSpan", "split_sections"]

_ENOUGH_TEXT = 40
"""Characters of text that make a first chapter; badges and a logo alone do not."""

_CHANGELOG = re.compile(
    r"(?:full |recent |latest |the |project |detailed )?"
    r"(?:change ?-?logs?|changes|change history|history|news|releases|release (?:notes|history)"
    r"|version history|changes history|history of changes|changelog/release notes"
    r"|what(?:'|’|`)?s new(?: in .{1,40})?|latest changes|revision history)"
    r"(?: (?:for|of) .{1,60})?",
    re.IGNORECASE,
)
_NAMED_CHANGELOG = re.compile(r"\S+ (?:change ?-?log|release notes|changes)", re.IGNORECASE)
_NUMBER = r"\[?v?\d{1,8}(?:\.\w{1,12})+[\w.+-]*\]?"
_VERSION = re.compile(
    rf"(?:version |release )?{_NUMBER}(?:\s*[-–—:(/,|].*|\s+\d{{4}}-\d.*)?", re.IGNORECASE
)
_DATE = re.compile(
    r"unreleased|\d{4}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\b(?:19|20)\d\d\b", re.IGNORECASE
)
_DATED_VERSION = re.compile(
    rf"(?:[\w.-]+ )?(?:version |release )?{_NUMBER}\s*[-–—:(/,]?\s*"
    r"\(?(?:.*(?:unreleased|\d{4}[-/.]\d|\b(?:19|20)\d\d\b|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})).*",
    re.IGNORECASE,
)
_UNRELEASED = re.compile(r"\[?unreleased\]?(?:\s*[-–—(].*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece from ``start`` to ``end``, within the tags of ``wrap``."""

    start: int
    end: int
    wrap: str = ""


@dataclass(frozen=True, slots=True)
class ReadmeSections:
    """What a README is made of; ``first`` is a part of ``main``."""

    title: str | None
    first: tuple[TextSpan, ...]
    main: tuple[TextSpan, ...]
    changelog: tuple[TextSpan, ...]


def split_sections(
    headings: Sequence[Heading], length: int, text_between: Callable[[int, int], str]
) -> ReadmeSections:
    """Divide a README of ``length`` by its headings.

    ``text_between`` returns the readable text between two offsets.
    """
    in_changelog = _in_changelog(headings)
    starts = [0, *(heading.start for heading in headings)]
    wraps = ["", *(heading.wrap for heading in headings)]
    ends = [*starts[1:], length]
    logged = [False, *in_changelog]
    pieces = [
        (TextSpan(start, end, wrap), is_log)
        for start, end, wrap, is_log in zip(starts, ends, wraps, logged, strict=True)
        if end > start
    ]
    own = [heading for heading, is_log in zip(headings, in_changelog, strict=True) if not is_log]
    title = _title(own, headings, text_between)
    return ReadmeSections(
        title.title if title else None,
        _first(title, own, _begin_of_changelog(headings, in_changelog, length), text_between),
        _merge_adjacent([span for span, is_log in pieces if not is_log]),
        _merge_adjacent([span for span, is_log in pieces if is_log]),
    )


def _begin_of_changelog(headings: Sequence[Heading], marks: Sequence[bool], length: int) -> int:
    marked = zip(headings, marks, strict=True)
    return next((heading.start for heading, is_log in marked if is_log), length)


def _merge_adjacent(spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    """Neighbours become one piece, so that what is not divided stays as it was."""
    joined: list[TextSpan] = []
    for span in spans:
        if joined and joined[-1].end == span.start:
            joined[-1] = TextSpan(joined[-1].start, span.end, joined[-1].wrap)
        else:
            joined.append(span)
    return tuple(joined)


def _in_changelog(headings: Sequence[Heading]) -> list[bool]:
    """Tell for each heading whether its section belongs to a changelog.

    One begins at a heading that says so, or where headings of versions follow one another: a
    changelog that was appended without its own heading. It ends at a heading of the same depth
    that is neither.
    """
    runs = _runs_of_versions(headings)
    marks: list[bool] = []
    level = 0
    for index, heading in enumerate(headings):
        named = _is_changelog(heading.title)
        if level and heading.level <= level and not (named or _is_version(heading.title)):
            level = 0
        if not level and (named or index in runs):
            level = heading.level
        marks.append(level > 0)
    return marks


def _runs_of_versions(headings: Sequence[Heading]) -> set[int]:
    """Headings of versions that stand for themselves: dated, or several of one depth in a row."""
    found = {i for i, heading in enumerate(headings) if _is_dated(heading.title)}
    versions = [i for i, heading in enumerate(headings) if _is_version(heading.title)]
    for one, other in pairwise(versions):
        between = headings[one + 1 : other]
        level = headings[one].level
        if headings[other].level == level and all(h.level > level for h in between):
            found |= {one, other}
    return found


def _is_changelog(title: str) -> bool:
    plain = title.strip(" :.-–—*#!📝📜🗒📋🚀🎉✨\ufe0f").strip()
    return bool(_CHANGELOG.fullmatch(plain) or _NAMED_CHANGELOG.fullmatch(plain))


def _is_version(title: str) -> bool:
    return bool(_VERSION.fullmatch(title) or _UNRELEASED.fullmatch(title)) or _is_dated(title)


def _is_dated(title: str) -> bool:
    return len(title) < 100 and bool(_DATED_VERSION.fullmatch(title)) and bool(_DATE.search(title))


def _title(
    own: Sequence[Heading],
    headings: Sequence[Heading],
    text_between: Callable[[int, int], str],
) -> Heading | None:
    """The first heading, unless it is a section's that comes after text."""
    if not own or own[0] is not headings[0]:
        return None
    first = own[0]
    is_section = first.level > 1 and len(text_between(0, first.start)) > _ENOUGH_TEXT
    return None if is_section else first


def _first(
    title: Heading | None,
    own: Sequence[Heading],
    end: int,
    text_between: Callable[[int, int], str],
) -> tuple[TextSpan, ...]:
    """What stands before the first section; where that is nothing to read, the section too."""
    begin = title.end if title else 0
    stops = [heading.start for heading in own if begin < heading.start <= end]
    chosen = next((stop for stop in stops if len(text_between(begin, stop)) >= _ENOUGH_TEXT), end)
    before = [TextSpan(0, title.start)] if title and title.start else []
    return (
        *before,
        *([TextSpan(begin, chosen, title.wrap if title else "")] if chosen > begin else []),
    )
