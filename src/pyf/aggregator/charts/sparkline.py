"""A line without axes, as wide as a word. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from . import svg
from .lines import Value, known_runs
from .scale import format_short


def sparkline(
    values: Sequence[Value],
    *,
    title: str,
    colour: int = 0,
    width: float = 120.0,
    height: float = 28.0,
    style: bool = True,
) -> str:
    """An SVG of one small line from 0 up; unknown values are gaps, the last known has a dot."""
    known = [value for value in values if value is not None]
    highest = max(known, default=0.0) or 1.0
    inner, last = height - 6.0, max(1, len(values) - 1)

    def point(position: int) -> tuple[float, float]:
        value = max(0.0, values[position] or 0.0)
        return 3.0 + (width - 6.0) * position / last, 3.0 + inner * (1.0 - value / highest)

    parts = []
    for start, end in known_runs(values):
        points = " ".join(
            ",".join(map(svg.format_coordinate, point(at))) for at in range(start, end)
        )
        parts.append(svg.element("polyline", class_=f"line s{colour}", points=points))
    if known:
        at = max(position for position, value in enumerate(values) if value is not None)
        x, y = point(at)
        parts.append(svg.element("circle", class_=f"f{colour}", cx=x, cy=y, r=2.0))
    told = (
        f"{len(known)} values, at most {format_short(highest)}, last {format_short(known[-1])}"
        if known
        else "nothing known"
    )
    return svg.svg_document(
        parts, width=width, height=height, title=title, description=f"{told}.", style=style
    )
