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
    Dimension,
    PackageCondition,
    QueryResult,
)
from .bulk_counts import BulkCounts, PackageCounts, bulk_counts
from .daily import DailyDownloads, daily_downloads
from .forecast import Forecast, ForecastDay, SeriesTooShort, forecast
from .momentum import (
    DayPairs,
    Direction,
    Growth,
    MomentumBoard,
    PackageChange,
    growth,
    momentum_board,
)
from .package_stats import PackageStats, StatsContext, package_stats, stats_context
from .ranking import (
    PackageRank,
    RankedPackage,
    StalePackage,
    StalePackages,
    Standings,
    TopPackages,
    package_rank,
    stale_packages,
    standings,
    top_packages,
)
from .recent import RecentDownloads, recent_downloads
from .releases import ImpactOfRelease, ReleaseDay, ReleaseImpact, release_impact
from .series import DownloadSeries, PackageComparison, Point, compare_packages, download_series
from .totals import (
    CategoryShare,
    DimensionShares,
    PeakDay,
    TotalDownloads,
    dimension_shares,
    peak_day,
    shares_by_dimension,
    total_downloads,
)
from .windows import PERIOD_DAYS, Bucket, BucketSize, Gap, Period, Window

__all__ = [
    "ALL",
    "DIMENSIONS",
    "PERIOD_DAYS",
    "WITHOUT_MIRRORS",
    "WITH_MIRRORS",
    "Anomalies",
    "Anomaly",
    "Bucket",
    "BucketSize",
    "BulkCounts",
    "CategoryShare",
    "DailyDownloads",
    "DayPairs",
    "Dimension",
    "DimensionShares",
    "Direction",
    "DownloadSeries",
    "Forecast",
    "ForecastDay",
    "Gap",
    "Growth",
    "ImpactOfRelease",
    "MomentumBoard",
    "PackageChange",
    "PackageComparison",
    "PackageCondition",
    "PackageCounts",
    "PackageRank",
    "PackageStats",
    "PeakDay",
    "Period",
    "Point",
    "QueryResult",
    "RankedPackage",
    "RecentDownloads",
    "ReleaseDay",
    "ReleaseImpact",
    "SeriesTooShort",
    "StalePackage",
    "StalePackages",
    "Standings",
    "StatsContext",
    "TopPackages",
    "TotalDownloads",
    "Window",
    "anomalies",
    "bulk_counts",
    "compare_packages",
    "daily_downloads",
    "dimension_shares",
    "download_series",
    "forecast",
    "growth",
    "momentum_board",
    "package_rank",
    "package_stats",
    "peak_day",
    "recent_downloads",
    "release_impact",
    "shares_by_dimension",
    "stale_packages",
    "standings",
    "stats_context",
    "top_packages",
    "total_downloads",
]
