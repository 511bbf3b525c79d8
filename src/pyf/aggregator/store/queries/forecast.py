"""The next 30 days of a package, by statsmodels (extra ``forecast``).

The model is Box and Jenkins' airline model with the week as its season, on log(1 + downloads):
SARIMA (0,1,1)(0,1,1)7. It is computed by a Kalman filter, which takes unknown days as unknown.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any, NamedTuple

from ...errors import NotFound, UsageError
from ..client import Store
from ..snapshot import Snapshot
from .base import QueryResult
from .daily import daily_downloads
from .windows import Window

HORIZON = 30
LEVEL = 0.95
SEASON = 7
LEAST_KNOWN = 28
MOST_USED = 365
"""Days of the past that the model is fitted to; older ones tell little and cost time."""
STEPS = 100


class SeriesTooShort(NotFound):
    """A package has too few known days to say anything of the next ones."""


class ForecastDay(NamedTuple):
    """A day to come: the median, and the bounds that it lies in with the level's probability."""

    day: date
    downloads: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class Forecast(QueryResult):
    """The days after the last known one. ``level`` is the interval's probability (0 to 1)."""

    package: str
    window: Window | None
    level: float
    days: tuple[ForecastDay, ...]

    @property
    def total(self) -> float:
        """The sum of the medians."""
        return sum(day.downloads for day in self.days)


def forecast(
    store: Store,
    package: str,
    days: int = HORIZON,
    *,
    level: float = LEVEL,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> Forecast:
    """Forecast so many days; ``end`` forgets what came later.

    Raises :class:`SeriesTooShort` where less than 28 days are known or none has downloads, and
    :class:`UsageError` without statsmodels.
    """
    found = daily_downloads(store, package, end=end, snapshot=snapshot)
    past = _since_first(found.days)[-MOST_USED:]
    known = sum(value is not None for _, value in past)
    if known < LEAST_KNOWN:
        raise SeriesTooShort(
            f"{found.package}: {known} days with figures are known since its first downloads, "
            f"a forecast needs {LEAST_KNOWN}"
        )
    bounds = predict([value for _, value in past], days, level)
    last = past[-1][0]
    return Forecast(
        snapshot=found.snapshot,
        package=found.package,
        window=found.window,
        level=level,
        days=tuple(
            ForecastDay(last + timedelta(days=i), *three) for i, three in enumerate(bounds, start=1)
        ),
    )


def predict(
    values: Sequence[int | None], days: int, level: float
) -> list[tuple[float, float, float]]:
    """Median and bounds for each of the days that follow the values. Pure."""
    sarimax, numpy, one_thread = _libraries()
    past = numpy.array([math.nan if v is None else math.log1p(v) for v in values], dtype=float)
    if numpy.nanmax(past) == numpy.nanmin(past):
        # Nothing varies: there is nothing to estimate, only counting's own chance.
        return [_bounds_of_chance(math.expm1(float(numpy.nanmax(past))), level)] * days
    model = sarimax(past, order=(0, 1, 1), seasonal_order=(0, 1, 1, SEASON), concentrate_scale=True)
    # Threads that share out matrices of nine rows wait for each other ten times as long.
    with warnings.catch_warnings(), one_thread(1, user_api="blas"):
        # What it warns of (a fit that could converge further) widens the interval, no more.
        warnings.simplefilter("ignore")
        fitted = model.fit(disp=False, maxiter=STEPS, cov_type="none")
        predicted = fitted.get_forecast(days)
    bounds = predicted.conf_int(alpha=1 - level)
    return [
        (_from_logarithm(middle), _from_logarithm(lower), _from_logarithm(upper))
        for middle, (lower, upper) in zip(predicted.predicted_mean, bounds, strict=True)
    ]


def _bounds_of_chance(mean: float, level: float) -> tuple[float, float, float]:
    reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(mean)
    return mean, max(0.0, mean - reach), mean + reach


def _from_logarithm(logarithm: float) -> float:
    """Downloads from the scale of logarithms; what no counter would reach is cut off."""
    return max(0.0, math.expm1(min(float(logarithm), 40.0)))


def _since_first(days: Sequence[tuple[date, int | None]]) -> Sequence[tuple[date, int | None]]:
    """Leave out the time before a package's first downloads, and unknown days at the end."""
    with_some = [i for i, (_, value) in enumerate(days) if value]
    known = [i for i, (_, value) in enumerate(days) if value is not None]
    return days[with_some[0] : known[-1] + 1] if with_some else ()


def _libraries() -> tuple[Any, Any, Any]:
    try:
        import numpy
        import threadpoolctl
        from statsmodels.tsa.statespace.sarimax import SARIMAX
    except ImportError:
        raise UsageError(
            "a forecast needs statsmodels: pip install 'pyf.aggregator[forecast]'"
        ) from None
    return SARIMAX, numpy, threadpoolctl.threadpool_limits
