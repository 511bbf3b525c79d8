"""Headings of a README: where they are, how deep, what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .sanitizer import html_to_text

__all__ = ["Heading", "html_headings", "text_headings"]

_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading between two offsets; ``wrap`` are the tags that are open where it begins."""

    level: int
    title: str
    start: int
    end: int
    wrap: str = ""


# nh3 writes attributes with < and > escaped, so a tag ends at the first >.
_TAG = re.compile(
    r"<(?P<end>/?)(?P<tag>h[1-6]|div|section|blockquote|ul|ol|dl|table|details|aside|nav|figure)"
    r"(?=[ >])[^>]*>"
)
_IMG = re.compile(r"<img\b[^>]*>")
_TRANSPARENT = ("div", "section")
"""A heading within these is one of the page; within others it belongs to a quote, a list, ..."""


def html_headings(html: str) -> list[Heading]:
    """Return the headings of sanitized HTML, without those inside quotes, lists and tables."""
    headings: list[Heading] = []
    open_tags: list[tuple[str, str, int]] = []
    closed_off = 0
    begun: re.Match[str] | None = None
    for match in _TAG.finditer(html):
        tag = match["tag"]
        if tag[0] == "h" and tag[1:].isdigit():
            if not match["end"]:
                begun = match
            elif begun is not None and not closed_off:
                headings.append(_heading(html, begun, match, open_tags))
                begun = None
        elif not match["end"]:
            open_tags.append((tag, match.group(), match.start()))
            closed_off += tag not in _TRANSPARENT
        elif open_tags:
            closed_off -= open_tags.pop()[0] not in _TRANSPARENT
    return [heading for heading in headings if heading.title]


def _heading(
    html: str,
    begun: re.Match[str],
    ended: re.Match[str],
    open_tags: list[tuple[str, str, int]],
) -> Heading:
    """A section begins with its heading: its tag goes with it."""
    start, wrap = begun.start(), list(open_tags)
    while wrap and not html[wrap[-1][2] + len(wrap[-1][1]) : start].strip():
        start = wrap.pop()[2]
    inner = html[begun.end() : ended.start()]
    title = html_to_text(_IMG.sub("", inner)) or html_to_text(
        inner
    )  # a logo beside the name is no name
    title = title[:_LONGEST_TITLE]
    opened = "".join(tag for _, tag, _ in wrap)
    return Heading(int(begun["tag"][1]), title, start, ended.end(), opened)


_UNDERLINED = re.compile(
    r"^(?:(?P<over>[=\-~^\"'*+#`_.:])(?P=over){2,}[ \t]*\n)?[ \t]?(?P<title>\S.*)\n"
    r"(?P<line>(?P<mark>[=\-~^\"'*+#`_.:])(?P=mark){2,})[ \t]*$",
    re.MULTILINE,
)
_HASHED = re.compile(r"^(?P<marks>#{1,6}) +(?P<title>\S.*?)[ #]*$", re.MULTILINE)


def text_headings(text: str) -> list[Heading]:
    """Return what looks like a heading in plain text: underlined lines, or lines after #."""
    headings = []
    styles: list[tuple[str, bool]] = []
    for match in _UNDERLINED.finditer(text):
        title = match["title"].strip()
        if len(title) > _LONGEST_TITLE or not title.strip("=-~^\"'*+#`_.:| "):
            continue
        if len(match["line"]) < len(title) - 3:
            continue
        style = (match["mark"], match["over"] is not None)
        if style not in styles:
            styles.append(style)
        level = min(6, styles.index(style) + 1)
        headings.append(Heading(level, title, match.start(), match.end()))
    for match in _HASHED.finditer(text):
        title = match["title"][:_LONGEST_TITLE]
        headings.append(Heading(len(match["marks"]), title, match.start(), match.end()))
    return _without_overlaps(sorted(headings, key=lambda heading: heading.start))


def _without_overlaps(headings: list[Heading]) -> list[Heading]:
    apart: list[Heading] = []
    for heading in headings:
        if not apart or heading.start >= apart[-1].end:
            apart.append(heading)
    return apart
