"""The weights of the health score, all in one place; docs/health.md is held to them by a test.

A change of any of them is a new ``VERSION``: scores of two versions must not be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["VERSION", "step_down", "step_up"]

VERSION = 1
"""Version of the formula, in each document as ``health_score_version``."""

DAY = 86_400

RECENCY = ((183, 40), (365, 30), (730, 20), (1095, 10), (1825, 5))
"""Days since the latest release, at the most; points."""

DESCRIPTION_POINTS = 18
DESCRIPTION_CHARACTERS = 150
"""A description has to be longer than that."""
DOCS_URL_POINTS = 4
DOCS_LINK_POINTS = 3
SCREENSHOTS_POINTS = 5
README_WORDS = 500
"""A README of fewer words needs a link to documentation."""

PEOPLE_POINTS = LICENSE_POINTS = CLASSIFIERS_POINTS = 10
CLASSIFIERS = 3

STARS = ((1000, 10), (500, 7), (100, 5), (50, 3), (10, 1))
"""Stars, at least; points."""
ACTIVITY = ((30, 10), (90, 7), (180, 5), (365, 3))
"""Days since the last push, at the most; points."""
ISSUES = ((0.1, 10), (0.3, 7), (0.5, 5), (1.0, 3))
"""Open issues for each star, at the most; points. A repository without stars gets none."""

RANK = ((1_000, 5), (10_000, 3), (50_000, 1))
"""Place by downloads among all packages, at the most; points."""
TREND = ((0.5, 3), (0.1, 1))
"""Momentum (base 2 logarithm of four weeks against the four before), at least; points."""
FALLING = ((-1.0, -5), (-0.5, -2))
"""Momentum, at the most; points. -1 is half as many downloads."""

VULNERABLE = {"critical": -30, "high": -20, "medium": -10, "low": -5}
"""For the worst open vulnerability, by its severity."""
VULNERABLE_UNRATED = -10
VULNERABLE_MORE = -2
"""For each further one."""
VULNERABLE_MOST = -40
"""All together at the most."""
ARCHIVED = -20
YANKED = -15
QUARANTINED = -60
MALICIOUS = -100

HIGHEST = 100


def step_down(table: Sequence[tuple[float, int]], value: float) -> int:
    """Return the points of the first row that the value is not above, 0 for none."""
    return next((points for limit, points in table if value <= limit), 0)


def step_up(table: Sequence[tuple[float, int]], value: float) -> int:
    """Return the points of the first row that the value reaches, 0 for none."""
    return next((points for limit, points in table if value >= limit), 0)
