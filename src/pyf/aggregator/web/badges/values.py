"""What the badges of a package say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...store import queries
from .. import package_facts
from ..site import Site
from ..templating import short
from .badge import Tone


@dataclass(frozen=True)
class BadgeValue:
    """A badge's two texts and its tone."""

    label: str
    value: str
    tone: Tone = "plain"


def _window(period: queries.Period, words: str) -> Callable[[Site, str], BadgeValue]:
    def say(site: Site, name: str) -> BadgeValue:
        found = queries.recent_downloads(site.store, name, snapshot=site.snapshot())
        count = {"day": found.last_day, "week": found.last_week, "month": found.last_month}[period]
        if not found.found or count is None:
            return BadgeValue("downloads", "unknown", "unknown")
        return BadgeValue("downloads", f"{short(count)}/{words}")

    return say


def _total(site: Site, name: str) -> BadgeValue:
    found = queries.total_downloads(site.store, name, snapshot=site.snapshot())
    if not found.found:
        return BadgeValue("downloads", "unknown", "unknown")
    return BadgeValue("downloads", short(found.downloads))


def _health(site: Site, name: str) -> BadgeValue:
    indexed = package_facts.read_index(site, name)
    score = indexed.health_score if indexed else None
    if score is None:
        return BadgeValue("health", "unknown", "unknown")
    tone: Tone = "good" if score >= 75 else "fair" if score >= 50 else "poor"
    return BadgeValue("health", f"{score}/100", tone)


def _version(site: Site, name: str) -> BadgeValue:
    indexed = package_facts.read_index(site, name)
    if indexed is None:
        return BadgeValue("version", "unknown", "unknown")
    return BadgeValue("version", str(indexed.document["version"]))


KINDS: Mapping[str, Callable[[Site, str], BadgeValue]] = {
    "day": _window("day", "day"),
    "week": _window("week", "week"),
    "month": _window("month", "month"),
    "total": _total,
    "health": _health,
    "version": _version,
}
