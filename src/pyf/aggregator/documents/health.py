"""Facts of a project in, a score from 0 to 100 out that says how it came about. Pure.

Three parts make up to 100 points: how recent the latest release is, how it is documented, what
its metadata tells. GitHub facts and downloads add to them, dangers take away; a project of which
such facts are not known neither gains nor loses. The weights stand in ``health_table``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import health_weights as table
from .health_facts import HealthFacts

__all__ = ["GitHubBonus", "Health", "HealthFacts", "HealthPart", "health_score"]


@dataclass(frozen=True, slots=True)
class HealthPart:
    """Points of one part, what a maintainer can do about it, and what was given for what."""

    points: int = 0
    problems: tuple[str, ...] = ()
    bonuses: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The part as documents hold it."""
        return {
            "points": self.points,
            "problems": list(self.problems),
            "bonuses": list(self.bonuses),
        }


@dataclass(frozen=True, slots=True)
class GitHubBonus:
    """Points for stars, for activity, for few open issues; 0 where nothing is known."""

    stars: int = 0
    activity: int = 0
    issues: int = 0

    @property
    def total(self) -> int:
        """All three together."""
        return self.stars + self.activity + self.issues


@dataclass(frozen=True, slots=True)
class Health:
    """A score from 0 to 100 and its parts."""

    score: int
    recency: HealthPart
    documentation: HealthPart
    metadata: HealthPart
    github: GitHubBonus
    usage: HealthPart
    security: HealthPart

    @property
    def problems(self) -> tuple[str, ...]:
        """All problems, the gravest part first."""
        parts = (self.security, self.recency, self.documentation, self.metadata, self.usage)
        return tuple(problem for part in parts for problem in part.problems)

    def breakdown(self) -> dict[str, Any]:
        """The value of ``health_score_breakdown``."""
        return {
            "recency": self.recency.as_dict(),
            "documentation": self.documentation.as_dict(),
            "metadata": self.metadata.as_dict(),
            "github_stars_bonus": self.github.stars,
            "github_activity_bonus": self.github.activity,
            "github_issue_bonus": self.github.issues,
            "github_bonus_total": self.github.total,
            "usage": self.usage.as_dict(),
            "security": self.security.as_dict(),
        }


@dataclass
class _Tally:
    points: int = 0
    problems: list[str] = field(default_factory=list)
    bonuses: list[str] = field(default_factory=list)

    def give(self, points: int, reason: str) -> None:
        self.points += points
        self.bonuses.append(f"{reason} ({points:+d})")

    def part(self) -> HealthPart:
        return HealthPart(self.points, tuple(self.problems), tuple(self.bonuses))


def health_score(facts: HealthFacts, now: int) -> Health:
    """Return the health of a project at a moment, in Unix seconds UTC."""
    parts = _recency(facts, now), _documentation(facts), _metadata(facts)
    github, usage, security = _github(facts, now), _usage(facts), _security(facts)
    gained = sum(part.points for part in parts) + github.total + max(0, usage.points)
    # What is taken away is taken from what is left of 100, or the best could hide a danger.
    lost = min(0, usage.points) + security.points
    total = max(0, min(table.HIGHEST, gained) + lost)
    return Health(total, *parts, github, usage, security)


def _recency(facts: HealthFacts, now: int) -> HealthPart:
    tally = _Tally()
    if not facts.uploaded:
        tally.problems.append(
            "No release has files with a date; upload one that people can install."
        )
        return tally.part()
    days = max(0, now - facts.uploaded) / table.DAY
    tally.points = table.step_down(table.RECENCY, days)
    best_days, best = table.RECENCY[0]
    if facts.is_upload_other:
        tally.problems.append(
            "The latest release has no files that people could install; upload some, or yank it. "
            f"Its age counts from the newest release with files, {_age(days)} ago."
        )
    elif tally.points < best:
        tally.problems.append(
            f"The latest release is {_age(days)} old; make a new one to show that somebody cares "
            f"for the project. Less than {best_days} days give all {best} points."
        )
    return tally.part()


def _documentation(facts: HealthFacts) -> HealthPart:
    tally = _Tally()
    if facts.description_characters > table.DESCRIPTION_CHARACTERS:
        tally.points += table.DESCRIPTION_POINTS
    elif facts.description_characters:
        tally.problems.append(
            f"The description has {_count(facts.description_characters, 'character')}; write "
            f"more than {table.DESCRIPTION_CHARACTERS} on what the package does and how to use it."
        )
    else:
        tally.problems.append(
            "There is no description; set `readme` in pyproject.toml so that one is uploaded."
        )
    if facts.has_docs_url:
        tally.give(table.DOCS_URL_POINTS, "it has a docs_url")
    if facts.has_docs_link:
        tally.give(table.DOCS_LINK_POINTS, "it links to its documentation")
    elif facts.description_characters and facts.description_words < table.README_WORDS:
        tally.problems.append(
            f"The README has {_count(facts.description_words, 'word')} and no link to "
            f"documentation; write {table.README_WORDS} or more, or add a Documentation link to "
            "the project URLs."
        )
    if facts.screenshots:
        tally.give(table.SCREENSHOTS_POINTS, "the README has screenshots")
    if facts.readme_problem:
        tally.problems.append(facts.readme_problem)
    return tally.part()


def _metadata(facts: HealthFacts) -> HealthPart:
    tally = _Tally()
    given = (
        (
            facts.has_people,
            table.PEOPLE_POINTS,
            "Nobody is named; set `authors` or `maintainers` in pyproject.toml.",
        ),
        (
            facts.has_license,
            table.LICENSE_POINTS,
            "No licence is named; set `license` in pyproject.toml to an SPDX expression such as "
            "MIT.",
        ),
        (
            facts.classifiers >= table.CLASSIFIERS,
            table.CLASSIFIERS_POINTS,
            f"There {'is' if facts.classifiers == 1 else 'are'} "
            f"{_count(facts.classifiers, 'classifier')}; name {table.CLASSIFIERS} or more, such as "
            "the Python versions and frameworks that it works with.",
        ),
    )
    for is_given, points, problem in given:
        if is_given:
            tally.points += points
        else:
            tally.problems.append(problem)
    return tally.part()


def _github(facts: HealthFacts, now: int) -> GitHubBonus:
    stars = facts.stars or 0
    days = None if facts.pushed is None else max(0, now - facts.pushed) / table.DAY
    # Issues for no stars at all say nothing about how they are dealt with.
    ratio = facts.open_issues / stars if facts.open_issues is not None and stars else None
    return GitHubBonus(
        table.step_up(table.STARS, stars),
        0 if days is None else table.step_down(table.ACTIVITY, days),
        0 if ratio is None else table.step_down(table.ISSUES, ratio),
    )


def _usage(facts: HealthFacts) -> HealthPart:
    tally = _Tally()
    if facts.download_rank is not None:
        points = table.step_down(table.RANK, facts.download_rank)
        if points:
            tally.give(points, f"it is number {facts.download_rank} by downloads")
    if facts.download_trend is not None:
        points = table.step_up(table.TREND, facts.download_trend)
        if points:
            tally.give(points, f"downloads are {_percent(facts.download_trend)} within four weeks")
        lost = table.step_down(table.FALLING, facts.download_trend)
        if lost:
            tally.points += lost
            tally.problems.append(
                f"Downloads are {_percent(facts.download_trend)} within four weeks; find out what "
                "people moved to, or say in the README what replaces the package."
            )
    return tally.part()


def _security(facts: HealthFacts) -> HealthPart:
    tally = _Tally()
    if facts.severities:
        tally.points += _vulnerability_points(facts.severities)
        tally.problems.append(
            f"The latest release has {_some(len(facts.severities), 'known vulnerability')}"
            f"{_join_ids(facts.vulnerabilities)}; release a version that fixes "
            f"{'it' if len(facts.severities) == 1 else 'them'}."
        )
    dangers = (
        (
            facts.is_malicious,
            table.MALICIOUS,
            "It is reported as malicious; do not install it, and "
            "if you maintain it, ask the registry for a review.",
        ),
        (
            facts.is_quarantined,
            table.QUARANTINED,
            "The registry has put it under quarantine; "
            "answer its administrators to get it released.",
        ),
        (
            facts.is_archived,
            table.ARCHIVED,
            "It is archived; say in the README what replaces it, "
            "or unarchive it and look for new maintainers.",
        ),
        (
            facts.is_yanked,
            table.YANKED,
            "The latest release is yanked; release a version that people can install.",
        ),
    )
    for is_so, points, problem in dangers:
        if is_so:
            tally.points += points
            tally.problems.append(problem)
    return tally.part()


def _vulnerability_points(severities: Sequence[str]) -> int:
    worst = min(table.VULNERABLE.get(each, table.VULNERABLE_UNRATED) for each in severities)
    return max(table.VULNERABLE_MOST, worst + table.VULNERABLE_MORE * (len(severities) - 1))


def _join_ids(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:3])
    return f" ({shown}{', ...' if len(ids) > 3 else ''})" if shown else ""


def _some(count: int, what: str) -> str:
    return f"a {what}" if count == 1 else f"{count} known vulnerabilities"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _age(days: float) -> str:
    years = days / 365.25
    return f"{years:.1f} years" if years >= 2 else _count(int(days), "day")


def _percent(trend: float) -> str:
    change = 100 * (2.0 ** max(-20.0, min(20.0, trend)) - 1)
    return f"{abs(change):.0f} % {'up' if change >= 0 else 'down'}"
