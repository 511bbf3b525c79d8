"""Charts of the pages, drawn here so that they are there before and without any script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .. import charts
from ..store import queries
from .package_facts import ReleaseDocument

FIRST_DAYS = 90
"""Days of the chart that a page opens with."""
MOST_MARKS = 12


def daily_chart(
    series: queries.DownloadSeries, releases: Sequence[ReleaseDocument], days: int = FIRST_DAYS
) -> Markup:
    """Downloads without mirrors: each day faint, the mean of 7 days, releases marked."""
    values = series.values(queries.WITHOUT_MIRRORS)
    means = series.rolling(queries.WITHOUT_MIRRORS)
    starts = [bucket.start for bucket in series.buckets]
    shown = set(starts[-days:])
    marks = [
        charts.DayMarker(release.day, release.version or "")
        for release in releases
        if release.day in shown and not release.is_prerelease
    ]
    return Markup(  # noqa: S704 - the chart escapes what it is given
        charts.line_chart(
            [
                charts.LineSeries("each day", values[-days:], faint=True, colour=0),
                charts.LineSeries("mean of 7 days", means[-days:], derived=True, colour=0),
            ],
            starts[-days:],
            title=f"Downloads of {series.package}, last {min(days, len(starts))} days",
            marks=marks[:MOST_MARKS],
            style=False,
        )
    )


def shares_chart(label: str, found: queries.DimensionShares) -> Markup:
    """The parts of a month's downloads as bars."""
    bars = [
        charts.Bar(
            "unknown" if one.category == "null" else one.category,
            one.downloads,
            f"{one.share * 100:.1f} %",
        )
        for one in (*found.shares, *([found.rest] if found.rest else []))
    ]
    return Markup(charts.bar_chart(bars, title=label, style=False, width=360))  # noqa: S704


def comparison_chart(found: queries.PackageComparison, *, indexed: bool = False) -> Markup:
    """Several packages as lines over the same days, or as percentages of their first day."""
    of = found.index_values if indexed else found.values
    lines = [
        charts.LineSeries(series.package, of(series.package), dashed=number % 2 == 1)
        for number, series in enumerate(found.series)
    ]
    return Markup(  # noqa: S704
        charts.line_chart(
            lines,
            [bucket.start for bucket in found.buckets],
            title="Downloads without mirrors" + (", first day = 100" if indexed else ""),
            unit="% of the first day" if indexed else "downloads",
            style=False,
        )
    )


def sparkline_svg(values: Sequence[int | None], title: str) -> Markup:
    """A small line for a row of a table."""
    return Markup(charts.sparkline(values, title=title, style=False))  # noqa: S704
