"""What is not given to a renderer, because it would take time or memory without end.

HTML parsers need time that grows with the square of the depth; a table row may declare as many
columns as it likes for every line after it; comrak compares each heading's anchor with all before
it, looks for the end of each comment in all that follows, and copies what follows each tag to
filter some. No README for people comes near these limits.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

__all__ = ["MAX_SOURCE", "cut_source", "too_complex", "too_long_for_markdown"]

MAX_SOURCE = 256 * 1024
"""Characters of a description that are rendered."""

_MAX_DEPTH = 100
_MAX_CELLS = 200_000
_MAX_LINE = 20_000
_MAX_RST_COLUMNS = 100
_MAX_HEADINGS = 3_000
_MAX_COMMENTS = 2_000
_MAX_TAG_WORK = 4_000_000_000
"""Tags times characters, of which comrak needs one second for two thousand million."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])")
_FLAT = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "p", "li", "dd", "dt", "option", "tr", "td", "th"),
    }
)
"""Elements that need no end tag."""
_QUOTES = re.compile(rf"^(?:[ \t]*>){{{_MAX_DEPTH}}}", re.MULTILINE)
_DELIMITER_ROW = re.compile(
    r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$", re.MULTILINE
)
_GRID_ROW = re.compile(rf"^[ \t]*(?:\+[-=]*){{{_MAX_RST_COLUMNS}}}", re.MULTILINE)
_HEADING = re.compile(r"^[ \t>*+\-0-9.)]*#{1,6}(?:[ \t]|$)|^[ \t>]*(?:=+|-+)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<[!?]")
_DEEP_INDENT = re.compile(rf"^(?:[ \t]{{2}}){{{2 * _MAX_DEPTH}}}", re.MULTILINE)


def cut_source(text: str) -> str:
    """Return the text up to the last line that ends within the limit."""
    if len(text) <= MAX_SOURCE:
        return text
    end = text.rfind("\n", 0, MAX_SOURCE)
    return text[: end if end > 0 else MAX_SOURCE]


def too_complex(text: str) -> str:
    """Return why a text should not be rendered, "" if it may."""
    if _QUOTES.search(text) or _DEEP_INDENT.search(text) or _tag_depth(text) > _MAX_DEPTH:
        return "it is nested too deeply"
    if _cells(text) > _MAX_CELLS or _GRID_ROW.search(text):
        return "it has a table that is too large"
    return ""


def too_long_for_markdown(text: str) -> str:
    """Return why comrak would take many seconds for a text, "" if it would not."""
    if _more_than(_MAX_HEADINGS, _HEADING, text):
        return "it has too many headings"
    if _more_than(_MAX_COMMENTS, _COMMENT, text):
        return "it has too many comments"
    if text.count("<") * len(text) > _MAX_TAG_WORK:
        return "it has too many tags"
    return ""


def _more_than(most: int, pattern: re.Pattern[str], text: str) -> bool:
    return next(islice(pattern.finditer(text), most, None), None) is not None


def _tag_depth(text: str) -> int:
    """How deep tags may be nested at the most; an end tag counts for its own name only."""
    opened: Counter[str] = Counter()
    depth = deepest = 0
    for end, name in _TAG.findall(text):
        tag = name.lower()
        if tag in _FLAT:
            continue
        if not end:
            opened[tag] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[tag]:
            opened[tag] -= 1
            depth -= 1
    return deepest


def _cells(text: str) -> int:
    """How many cells the widest Markdown table could have if it took all lines."""
    if "|" not in text:
        return 0
    rows = (match.group() for match in _DELIMITER_ROW.finditer(text))
    return max((row.count("|") for row in rows), default=0) * text.count("\n")
