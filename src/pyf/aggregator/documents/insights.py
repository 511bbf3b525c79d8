"""What is remarkable about a project, told by several facts together. Pure.

Definitions, thresholds and their reasons stand in docs/insights.md; a test holds them together.
"""

from __future__ import annotations

from typing import Literal, get_args

from .health_facts import HealthFacts

__all__ = ["INSIGHTS", "Insight", "find_insights"]

Insight = Literal["hidden-gem", "rising", "needs-maintainers", "abandoned-dependency-risk"]
INSIGHTS: tuple[Insight, ...] = get_args(Insight)

DAY = 86_400
POPULAR = 50_000
"""Downloads a month, without mirrors."""
GEM_DOWNLOADS = 100_000
GEM_STARS = 100
GEM_STARS_PER_DOWNLOADS = 0.0005
"""Stars for each download of a month that a gem has at the most."""
RISING_TREND = 0.58
"""Base 2 logarithm: half as many again."""
RISING_DOWNLOADS = 3_000
RISING_STARS = 500
STALE_DAYS = 365
NEEDY_ISSUES = 50
NEEDY_ISSUES_ARCHIVED = 10
ABANDONED_DAYS = 730


def find_insights(facts: HealthFacts, now: int) -> tuple[Insight, ...]:
    """Return what holds of a project at a moment (Unix seconds UTC), in the order of ``INSIGHTS``.

    A fact that is not known makes nothing hold. A project that one has to be warned of is in no
    list that praises it.
    """
    holds: dict[Insight, bool] = {
        "hidden-gem": _is_hidden_gem(facts),
        "rising": _is_rising(facts),
        "needs-maintainers": _needs_maintainers(facts, now),
        "abandoned-dependency-risk": _is_abandoned_risk(facts, now),
    }
    return tuple(name for name in INSIGHTS if holds[name])


def _is_sound(facts: HealthFacts) -> bool:
    warned = facts.is_malicious or facts.is_quarantined or facts.is_suspected
    return not (warned or facts.is_archived or facts.is_yanked)


def _is_hidden_gem(facts: HealthFacts) -> bool:
    if facts.stars is None or facts.downloads is None or not _is_sound(facts):
        return False
    few = facts.stars < GEM_STARS and facts.stars <= facts.downloads * GEM_STARS_PER_DOWNLOADS
    return facts.downloads >= GEM_DOWNLOADS and few


def _is_rising(facts: HealthFacts) -> bool:
    if facts.stars is None or facts.download_trend is None or not _is_sound(facts):
        return False
    is_noticed = facts.stars >= RISING_STARS
    many = (facts.downloads or 0) >= RISING_DOWNLOADS
    return many and facts.download_trend >= RISING_TREND and not is_noticed


def _needs_maintainers(facts: HealthFacts, now: int) -> bool:
    if (facts.downloads or 0) < POPULAR or facts.open_issues is None or facts.is_malicious:
        return False
    if facts.is_archived:
        return facts.open_issues >= NEEDY_ISSUES_ARCHIVED
    last_sign = max(facts.uploaded, facts.pushed or 0)
    is_stale = 0 < last_sign < now - STALE_DAYS * DAY
    return is_stale and facts.open_issues >= NEEDY_ISSUES


def _is_abandoned_risk(facts: HealthFacts, now: int) -> bool:
    is_old = 0 < facts.uploaded < now - ABANDONED_DAYS * DAY
    return (facts.downloads or 0) >= POPULAR and bool(facts.severities) and is_old
