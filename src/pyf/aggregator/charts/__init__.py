"""Charts as SVG texts: lines over days, bars, sparks. Pure, and complete in themselves.

They follow the reader's light or dark scheme, name themselves to screen readers, and show what is
unknown as a gap. Colours are the CSS variables ``--chart-*``, which a page may set.
``style=False`` leaves the style sheet out, for a page that has ``STYLE`` in its own.
"""

from __future__ import annotations

from .bars import Bar, bar
from .lines import Band, Mark, Series, line
from .scale import short
from .sparks import spark
from .style import COLOURS, STYLE
from .text import text_bars, text_spark

__all__ = [
    "COLOURS",
    "STYLE",
    "Band",
    "Bar",
    "Mark",
    "Series",
    "bar",
    "line",
    "short",
    "spark",
    "text_bars",
    "text_spark",
]
