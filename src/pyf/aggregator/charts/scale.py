"""Numbers on axes: round steps, short forms, dates that have room. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def format_short(value: float) -> str:
    """A number in at most five characters: ``950``, ``1.2k``, ``34M``."""
    size = abs(value)
    for number, (unit, letter) in enumerate(_UNITS):
        # What would round up to a thousand of a unit is one of the next.
        if size >= unit * 0.9995 or (number == len(_UNITS) - 1 and size >= 999.5):
            scaled = value / unit
            digits = 0 if abs(scaled) >= 99.95 else 1
            return f"{scaled:.{digits}f}".removesuffix(".0") + letter
    return f"{value:.0f}" if size >= 10 or float(value).is_integer() else f"{value:.1f}"


def ticks(highest: float, wanted: int = 4, *, whole: bool = True) -> tuple[float, ...]:
    """Round values from 0 to at least ``highest``, about ``wanted`` steps apart.

    ``whole`` keeps the steps whole numbers, as counts have them.
    """
    if highest < 1e-9:  # nothing, or less than a chart can tell from it
        return (0.0, 1.0)
    step = _round_step(highest / wanted)
    step = float(math.ceil(step)) if whole else step
    count = math.ceil(highest / step - 1e-9)
    return tuple(number * step for number in range(count + 1))


def _round_step(rough: float) -> float:
    base: float = 10.0 ** math.floor(math.log10(rough))
    return next(
        base * times for times in (1.0, 2.0, 2.5, 5.0, 10.0) if rough <= base * times * 1.0000001
    )


def day_ticks(days: Sequence[date], most: int = 8) -> list[tuple[int, str]]:
    """Positions and labels of those days that are named on an axis, the first among them."""
    if not days:
        return []
    step = max(1, math.ceil(len(days) / most))
    return [(number, _day_label(days, number, step)) for number in range(0, len(days), step)]


def _day_label(days: Sequence[date], number: int, step: int) -> str:
    """Month and day; the year where it is the first that is named, or a new one."""
    day = days[number]
    is_new = number == 0 or days[number - step].year != day.year
    return day.isoformat() if is_new else f"{day:%m-%d}"
