"""Lines over days, with gaps where nothing is known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from . import svg
from .scale import day_ticks, format_short, ticks
from .style import COLOUR_COUNT

Value = float | None
"""A number, or None where it is unknown."""
AxisScale = Callable[[float], float]

LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 34.0, 26.0
"""Room around the lines in pixels: for numbers, nothing, the title, and dates."""
LEGEND_ROW = 20.0
LETTER = 7.2
"""About the width in pixels of one letter of a legend."""


@dataclass(frozen=True)
class LineSeries:
    """One line: a value for each day of the chart, None where it is unknown.

    ``faint`` draws it thin and pale, ``dashed`` as what is not measured; ``derived`` is computed
    from others, such as a mean: days that only such lines know count as unknown. ``colour`` is
    its number; None gives each line the next one.
    """

    label: str
    values: Sequence[Value]
    faint: bool = False
    dashed: bool = False
    derived: bool = False
    colour: int | None = None


@dataclass(frozen=True)
class IntervalBand:
    """The space between two lines, such as an interval of a forecast."""

    low: Sequence[Value]
    high: Sequence[Value]
    colour: int = 0


@dataclass(frozen=True)
class DayMarker:
    """An upright line on one day, with a word to it, such as a release."""

    day: date
    label: str


@dataclass(frozen=True)
class _PlotArea:
    """Where days and values lie."""

    days: Sequence[date]
    steps: tuple[float, ...]
    width: float
    height: float

    def x(self, position: float) -> float:
        span = self.width - LEFT - RIGHT
        last = len(self.days) - 1
        return LEFT + (span * position / last if last > 0 else span / 2)

    def y(self, value: float) -> float:
        span = self.height - TOP - BOTTOM
        return self.height - BOTTOM - span * value / self.steps[-1]


def line_chart(
    series: Sequence[LineSeries],
    days: Sequence[date],
    *,
    title: str,
    description: str | None = None,
    unit: str = "downloads",
    band: IntervalBand | None = None,
    marks: Sequence[DayMarker] = (),
    width: float = 720.0,
    height: float = 280.0,
    style: bool = True,
) -> str:
    """An SVG of one or more lines over the same days, one value a day; the axis begins with 0.

    Without a ``description`` one is made of the range, the peak and the days unknown. Raises
    ``ValueError`` where a line or the band has not as many values as there are days.
    """
    _check(series, days, band)
    highest = max(
        _known_values([*(one.values for one in series), *([band.high] if band else [])]), default=0
    )
    plane = _PlotArea(days, ticks(highest), width, height)
    legend = _legend(series, plane)
    parts = [
        svg.text_element(title, LEFT, 18, class_="head"),
        *_grid(plane, unit),
        *_gaps(series, plane),
        *_marks(marks, plane),
        *(_band(band, plane) if band else ()),
        *_lines(series, plane),
        *(part for row in legend for part in row),
    ]
    return svg.svg_document(
        parts,
        width=width,
        height=height + LEGEND_ROW * len(legend),
        title=title,
        description=_describe_series(series, days, unit) if description is None else description,
        style=style,
    )


def known_runs(values: Sequence[Value]) -> Iterator[tuple[int, int]]:
    """The stretches of known values: first position and the one after the last."""
    start = None
    for position, value in enumerate([*values, None]):
        if value is not None and start is None:
            start = position
        elif value is None and start is not None:
            yield start, position
            start = None


def _check(series: Sequence[LineSeries], days: Sequence[date], band: IntervalBand | None) -> None:
    given = [one.values for one in series] + ([band.low, band.high] if band else [])
    if any(len(values) != len(days) for values in given):
        raise ValueError(f"every line needs a value, or None, for each of the {len(days)} days")


def _known_values(many: Sequence[Sequence[Value]]) -> Iterator[float]:
    return (value for values in many for value in values if value is not None)


def _grid(plane: _PlotArea, unit: str) -> Iterator[str]:
    right = plane.width - RIGHT
    for step in plane.steps:
        y = plane.y(step)
        yield svg.element("line", class_="grid", x1=LEFT, x2=right, y1=y, y2=y)
        yield svg.text_element(format_short(step), LEFT - 6, y + 4, text_anchor="end")
    yield svg.text_element(unit, right, 18, text_anchor="end")
    most = max(2, int((plane.width - LEFT - RIGHT) / 92))
    for position, label in day_ticks(plane.days, most):
        anchor = "start" if position == 0 and len(plane.days) > 1 else "middle"
        # The last label has to end within the picture.
        if plane.x(position) + 3 * LETTER > plane.width:
            anchor = "end"
        yield svg.text_element(label, plane.x(position), plane.height - 8, text_anchor=anchor)


def _gaps(series: Sequence[LineSeries], plane: _PlotArea) -> Iterator[str]:
    """Shade the days of which no measured line knows anything."""
    measured = [one.values for one in series if not (one.dashed or one.derived)]
    if not measured or not plane.days:
        return
    unknown = [
        None if any(v is not None for v in at) else 1.0 for at in zip(*measured, strict=True)
    ]
    known = [position for position, value in enumerate(unknown) if value is None]
    for start, end in known_runs(unknown):
        if not known or start > known[-1]:
            return  # beyond the last measured day: a forecast, or nothing at all
        left, right = plane.x(max(0, start - 0.5)), plane.x(min(len(plane.days) - 1, end - 0.5))
        shade = partial(svg.element, "rect", class_="gap", x=left, width=max(1.0, right - left))
        note = svg.element("title", svg.escape_text(_gap_text(plane.days, start, end)))
        yield shade(note, y=TOP, height=plane.height - TOP - BOTTOM)


def _gap_text(days: Sequence[date], start: int, end: int) -> str:
    if end - start == 1:
        return f"{days[start]}: no data"
    return f"{days[start]} to {days[end - 1]}: no data"


def _marks(marks: Sequence[DayMarker], plane: _PlotArea) -> Iterator[str]:
    positions = {day: position for position, day in enumerate(plane.days)}
    for mark in marks:
        if mark.day not in positions:
            continue
        x = plane.x(positions[mark.day])
        name = svg.element("title", svg.escape_text(f"{mark.label} ({mark.day})"))
        yield svg.element("line", name, class_="mark", x1=x, x2=x, y1=TOP, y2=plane.height - BOTTOM)
        yield svg.text_element(mark.label, x + 3, TOP + 10)


def _band(band: IntervalBand, plane: _PlotArea) -> Iterator[str]:
    both = [
        None if low is None or high is None else 1.0
        for low, high in zip(band.low, band.high, strict=True)
    ]
    for start, end in known_runs(both):
        upper = [_point(plane, at, band.high[at]) for at in range(start, end)]
        lower = [_point(plane, at, band.low[at]) for at in reversed(range(start, end))]
        yield svg.element(
            "polygon", class_=f"band f{band.colour % COLOUR_COUNT}", points=" ".join(upper + lower)
        )


def _point(plane: _PlotArea, position: int, value: Value) -> str:
    x, y = plane.x(position), plane.y(max(0.0, value or 0.0))
    return f"{svg.format_coordinate(x)},{svg.format_coordinate(y)}"


def _lines(series: Sequence[LineSeries], plane: _PlotArea) -> Iterator[str]:
    for one, colour in zip(series, _colours(series), strict=True):
        more = " faint" * one.faint + " dashed" * one.dashed
        for start, end in known_runs(one.values):
            points = [_point(plane, at, one.values[at]) for at in range(start, end)]
            if len(points) == 1:
                x, _, y = points[0].partition(",")
                yield svg.element("circle", class_=f"f{colour}", cx=float(x), cy=float(y), r=2.5)
            else:
                yield svg.element(
                    "polyline", class_=f"line s{colour}{more}", points=" ".join(points)
                )


def _colours(series: Sequence[LineSeries]) -> list[int]:
    return [
        (n if one.colour is None else one.colour) % COLOUR_COUNT for n, one in enumerate(series)
    ]


def _legend(series: Sequence[LineSeries], plane: _PlotArea) -> list[list[str]]:
    """Rows of names below the chart; a single line needs none."""
    if len(series) < 2:
        return []
    rows: list[list[str]] = [[]]
    x = LEFT
    for one, colour in zip(series, _colours(series), strict=True):
        room = 30 + LETTER * len(one.label)
        if rows[-1] and x + room > plane.width:
            rows.append([])
            x = LEFT
        y = plane.height + LEGEND_ROW * len(rows) - 10
        more = " faint" * one.faint + " dashed" * one.dashed
        rows[-1].append(
            svg.element("line", class_=f"line s{colour}{more}", x1=x, x2=x + 16, y1=y, y2=y)
        )
        rows[-1].append(svg.text_element(one.label, x + 22, y + 4, class_="label"))
        x += room + 8
    return rows


def _describe_series(series: Sequence[LineSeries], days: Sequence[date], unit: str) -> str:
    """What a reader would see at a glance, in words."""
    if not days:
        return "No days."
    told = [f"From {days[0]} to {days[-1]}."]
    for one in series:
        known = [
            (value, day) for value, day in zip(one.values, days, strict=True) if value is not None
        ]
        if not known:
            told.append(f"{one.label}: nothing known.")
            continue
        peak, day = max(known, key=lambda pair: pair[0])
        told.append(
            f"{one.label}: at most {format_short(peak)} {unit} on {day}, "
            f"last {format_short(known[-1][0])}."
        )
        if len(known) < len(days) and not (one.dashed or one.derived):
            told.append(f"{len(days) - len(known)} of {len(days)} days are unknown.")
    return " ".join(told)
