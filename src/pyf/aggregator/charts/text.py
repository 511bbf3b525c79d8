"""Charts of letters, for terminals and messages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .bars import Bar
from .lines import Value
from .scale import format_short

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"
UNKNOWN = "·"


def text_sparkline(values: Sequence[Value], width: int | None = None) -> str:
    """One letter for each value, ``·`` where it is unknown.

    More values than ``width`` letters are joined to means of equal stretches.
    """
    joined = _downsample(values, width) if width is not None and len(values) > width else values
    highest = max((value for value in joined if value is not None), default=0.0)
    return "".join(_level(value, highest) for value in joined)


def text_bars(bars: Sequence[Bar], width: int = 40) -> list[str]:
    """A line of text for each bar: label, bar, number."""
    longest = max((len(one.label) for one in bars), default=0)
    highest = max((one.value or 0.0 for one in bars), default=0.0) or 1.0
    lines = []
    for one in bars:
        number = "unknown" if one.value is None else format_short(one.value)
        eighths = round(width * 8 * (one.value or 0.0) / highest)
        drawn = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        lines.append(f"{one.label:<{longest}}  {drawn:<{width}}  {number} {one.note}".rstrip())
    return lines


def _level(value: Value, highest: float) -> str:
    if value is None:
        return UNKNOWN
    share = value / highest if highest > 0 else 0.0
    return _LEVELS[min(len(_LEVELS) - 1, max(0, int(share * len(_LEVELS))))]


def _downsample(values: Sequence[Value], width: int) -> list[Value]:
    edges = [len(values) * number // width for number in range(width + 1)]
    return [_mean(values[start:end]) for start, end in pairwise(edges)]


def _mean(values: Sequence[Value]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
