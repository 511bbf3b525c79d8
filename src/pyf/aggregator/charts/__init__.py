"""Charts as SVG texts: lines over days, bars, sparks. Pure, and complete in themselves.

They follow the reader's light or dark scheme, name themselves to screen readers, and show what is
unknown as a gap. Colours are the CSS variables ``--chart-*``, which a page may set.
``style=False`` leaves the style sheet out, for a page that has ``STYLE`` in its own.
"""

from __future__ import annotations

from .bars import Bar, bar_chart
from .lines import DayMarker, IntervalBand, LineSeries, line_chart
from .scale import format_short
from .sparkline import sparkline
from .style import COLOUR_COUNT, STYLE
from .text import text_bars, text_sparkline

__all__ = [
    "COLOUR_COUNT",
    "STYLE",
    "Bar",
    "DayMarker",
    "IntervalBand",
    "LineSeries",
    "bar_chart",
    "format_short",
    "line_chart",
    "sparkline",
    "text_bars",
    "text_sparkline",
]
