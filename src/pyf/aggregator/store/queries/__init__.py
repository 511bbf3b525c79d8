"""Questions to the statistics store: one function each, typed results.

Each takes the store, what is asked and, for pages that ask several, the one ``snapshot`` that all
of them shall read. Names are normalized here; ``__all__`` stands for the whole registry. What each
figure means stands in docs/statistics.md.
"""

from __future__ import annotations

from .anomalies import Anomalies, Anomaly, anomalies
from .base import (
    ALL,
    DIMENSIONS,
    WITH_MIRRORS,
    WITHOUT_MIRRORS,
    Answer,
    Condition,
    Dimension,
)
from .counts import Counts, PackageCounts, counts
from .daily import Daily, daily
from .forecast import Expected, Forecast, TooShort, forecast
from .momentum import Change, Direction, Growth, Momentum, Pairs, growth, momentum
from .ranking import Missed, Rank, Ranked, Stale, Standings, Top, rank, stale, standings, top
from .recent import Recent, recent
from .releases import Impact, Release, ReleaseImpact, release_impact
from .series import Comparison, Point, Series, compare, series
from .sheet import Ground, Sheet, ground, sheet
from .totals import Peak, Share, Shares, Total, all_shares, peak, shares, total
from .windows import PERIOD_DAYS, Bucket, BucketSize, Gap, Period, Window

__all__ = [
    "ALL",
    "DIMENSIONS",
    "PERIOD_DAYS",
    "WITHOUT_MIRRORS",
    "WITH_MIRRORS",
    "Anomalies",
    "Anomaly",
    "Answer",
    "Bucket",
    "BucketSize",
    "Change",
    "Comparison",
    "Condition",
    "Counts",
    "Daily",
    "Dimension",
    "Direction",
    "Expected",
    "Forecast",
    "Gap",
    "Ground",
    "Growth",
    "Impact",
    "Missed",
    "Momentum",
    "PackageCounts",
    "Pairs",
    "Peak",
    "Period",
    "Point",
    "Rank",
    "Ranked",
    "Recent",
    "Release",
    "ReleaseImpact",
    "Series",
    "Share",
    "Shares",
    "Sheet",
    "Stale",
    "Standings",
    "TooShort",
    "Top",
    "Total",
    "Window",
    "all_shares",
    "anomalies",
    "compare",
    "counts",
    "daily",
    "forecast",
    "ground",
    "growth",
    "momentum",
    "peak",
    "rank",
    "recent",
    "release_impact",
    "series",
    "shares",
    "sheet",
    "stale",
    "standings",
    "top",
    "total",
]
