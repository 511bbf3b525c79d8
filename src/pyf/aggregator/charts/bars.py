"""Lying bars: a label, a bar, a number. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import svg
from .lines import LETTER
from .scale import format_short
from .style import COLOUR_COUNT

ROW = 24.0
TOP = 34.0
NUMBER_WIDTH = 110.0
"""Room for numbers to the right of the bars, in pixels."""
MAX_LABEL_LENGTH = 28
"""Letters of a label that are shown; a pointer over it shows all."""


@dataclass(frozen=True)
class Bar:
    """One bar; a ``value`` of None is unknown and says so. ``note`` stands behind the number."""

    label: str
    value: float | None
    note: str = ""


def bar_chart(
    bars: Sequence[Bar],
    *,
    title: str,
    description: str | None = None,
    colour: int | None = 0,
    width: float = 720.0,
    style: bool = True,
) -> str:
    """An SVG of lying bars, in the order given; the longest fills the width.

    A ``colour`` of None gives each bar the next one.
    """
    longest = max((len(one.label) for one in bars), default=0)
    left = 16 + LETTER * min(longest, MAX_LABEL_LENGTH)
    highest = max((one.value or 0.0 for one in bars), default=0.0)
    room = max(40.0, width - left - NUMBER_WIDTH)
    parts = [svg.text_element(title, 8, 18, class_="head")]
    for number, one in enumerate(bars):
        tone = (number if colour is None else colour) % COLOUR_COUNT
        length = room * (one.value or 0.0) / highest if highest > 0 else 0.0
        parts.extend(_row(one, TOP + ROW * number, left, length, tone))
    if not bars:
        parts.append(svg.text_element("nothing to show", 8, TOP + 14))
    told = "; ".join(f"{one.label} {_value_text(one)}" for one in bars) or "Nothing to show"
    return svg.svg_document(
        parts,
        width=width,
        height=TOP + ROW * max(1, len(bars)) + 6,
        title=title,
        description=f"{told}." if description is None else description,
        style=style,
    )


def _row(one: Bar, y: float, left: float, length: float, tone: int) -> Iterator[str]:
    label = (
        one.label if len(one.label) <= MAX_LABEL_LENGTH else one.label[: MAX_LABEL_LENGTH - 1] + "…"
    )
    whole = svg.element("title", svg.escape_text(f"{one.label}: {_value_text(one)}"))
    name = svg.element(
        "text", svg.escape_text(label), class_="label", x=left - 8, y=y + 15, text_anchor="end"
    )
    drawn = svg.element(
        "rect", class_=f"f{tone}", x=left, y=y + 3, width=length, height=ROW - 8, rx=2.0
    )
    number = svg.text_element(_value_text(one), left + length + 6, y + 15)
    yield svg.element("g", whole + name + drawn + number)


def _value_text(one: Bar) -> str:
    value = "unknown" if one.value is None else format_short(one.value)
    return f"{value} {one.note}".rstrip()
