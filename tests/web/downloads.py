"""Downloads of the made-up profile: 100 days with a gap, all dimensions, a week's rhythm."""

from __future__ import annotations

from datetime import date, timedelta

from tests.store.queries.book import Row, counted

LAST = date(2026, 9, 20)
DAYS = 100
GAP = (date(2026, 8, 1), date(2026, 8, 2))
"""Days that were never loaded."""
PYTHONS = (("3.11", 5), ("3.12", 8), ("3.13", 3), ("null", 1))
SYSTEMS = (("Linux", 9), ("Windows", 4), ("Darwin", 3), ("other", 1), ("null", 1))
PACKAGES = {
    "flask-form-kit": 3000,
    "flask-vulnerable": 130,
    "flask-hostile": 1,
    **{f"flask-page{number:02}": 33 + number for number in range(25)},
}


def days() -> list[date]:
    """The days that are loaded."""
    every = [LAST - timedelta(days=back) for back in reversed(range(DAYS))]
    return [day for day in every if day not in GAP]


def story() -> dict[date, list[Row]]:
    """All rows of every day."""
    return {day: _everything(day) for day in days()}


def of(package: str, day: date) -> int:
    """Downloads of a package on a day, without mirrors."""
    weekend = day.weekday() >= 5
    growth = 1 + (day - (LAST - timedelta(days=DAYS))).days / DAYS
    return max(1, round(PACKAGES[package] * growth * (0.5 if weekend else 1)))


def _everything(day: date) -> list[Row]:
    rows = [row for package in PACKAGES for row in _rows(package, of(package, day))]
    whole = sum(of(package, day) for package in PACKAGES)
    return [*rows, *counted("__all__", whole)]


def _rows(package: str, downloads: int) -> list[Row]:
    if package != "flask-form-kit":
        return counted(package, downloads)
    majors = {"3": 16, "null": 1}
    cuts = {
        "python_minor": dict(PYTHONS),
        "python_major": majors,
        "system": dict(SYSTEMS),
        "installer": {"pip": 12, "uv": 5},
        "version": {"1.1": 4, "2.0": 13},
    }
    return counted(package, downloads) + [
        Row(dimension, package, category, downloads * share // 17)
        for dimension, shares in cuts.items()
        for category, share in shares.items()
    ]
