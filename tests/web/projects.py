"""A made-up profile with every fact that pages show, and texts that try to break out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyf.aggregator.documents import ProjectFacts, build_document
from pyf.aggregator.documents.readme import render_readme

FAMILY = "Framework :: Flask"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
NOW = 1_790_000_000
"""When the facts were brought, Unix seconds: 2026-09-21."""


@dataclass(frozen=True)
class Made:
    """A project: its releases from old to new, its metadata, facts on each document."""

    name: str
    versions: tuple[str, ...] = ("1.0",)
    info: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: str = "active"

    def documents(self) -> list[dict[str, Any]]:
        """One for each release, a month between them."""
        project = ProjectFacts(serial=7, latest_version=self.versions[-1], status=self.status)
        built = []
        for month, version in enumerate(self.versions, 1):
            info = {"name": self.name, "version": version, "classifiers": [FAMILY], **self.info}
            document = build_document(info, [_file(version, month)], project).document
            built.append({**document, **self._readme(), **self.facts})
        return built

    def _readme(self) -> dict[str, Any]:
        """What a run makes of the description."""
        if "description" not in self.info:
            return {}
        kind = self.info["description_content_type"]
        fields = render_readme(self.info["description"], kind).fields()
        return {name: value for name, value in fields.items() if value is not None}


def _file(version: str, month: int) -> dict[str, Any]:
    return {
        "filename": f"x-{version}.tar.gz",
        "upload_time_iso_8601": f"2026-{month:02}-05T10:00:00.000000Z",
        "size": 2048,
        "yanked": version.endswith(".13"),
        "yanked_reason": "broken" if version.endswith(".13") else None,
    }


def _github(stars: int, **more: Any) -> dict[str, Any]:
    return {
        "github_stars": stars,
        "github_watchers": stars // 9,
        "github_forks": stars // 5,
        "github_open_issues": 12,
        "github_updated": NOW - 5000,
        "github_pushed": NOW - 9000,
        "github_url": "https://github.com/example/repository",
        **more,
    }


BREAKDOWN = {
    "recency": {"points": 40, "problems": [], "bonuses": []},
    "documentation": {
        "points": 18,
        "problems": ["Link to the documentation in the project's URLs."],
        "bonuses": [],
    },
    "metadata": {"points": 20, "problems": ["Name a licence."], "bonuses": []},
    "github_stars_bonus": 5,
    "github_activity_bonus": 0,
    "github_issue_bonus": 0,
    "github_bonus_total": 5,
}
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "severity": "high",
    "summary": "Lets anybody in.",
    "fixed_in": ["2.1"],
}


def _health(score: int) -> dict[str, Any]:
    return {
        "health_score": score,
        "health_score_breakdown": BREAKDOWN,
        "health_score_version": 1,
        "health_score_last_calculated": NOW,
    }


def _downloads(month: int, rank: int, trend: float = 0.1) -> dict[str, Any]:
    return {
        "download_last_day": month // 30,
        "download_last_week": month // 4,
        "download_last_month": month,
        "download_total": month * 6,
        "download_updated": NOW,
        "download_trend": trend,
        "download_rank": rank,
        "stale": False,
    }


def _classifiers(number: int) -> list[str]:
    """Versions of which old ones are more frequent than new ones."""
    plain = [f"Programming Language :: Python :: 3.{8 + number % 7}"]
    plain += ["Programming Language :: Python :: 3"] if number < 2 else []
    plain += ["Framework :: Plone :: 5.2"] if number < 4 else []
    plain += [f"Framework :: Plone :: 6.{number}"] if number < 2 else []
    plain += [f"Framework :: Django :: {4 + number}.2"] if number < 2 else []
    return [FAMILY, *plain]


PROJECTS = (
    Made(
        "Flask.Form-Kit",
        ("1.0", "1.1", "1.13", "2.0rc1", "2.0"),
        {
            "summary": "Forms for small sites & large ones",
            "license_expression": "MIT",
            "requires_python": ">=3.10",
            "requires_dist": ["Flask>=3.0", "click ; extra == 'cli'"],
            "project_urls": {"Source": "https://github.com/example/repository"},
            "description": "# Form kit\n\nMakes forms.\n\n## Changelog\n\n- 2.0 all new\n",
            "description_content_type": "text/markdown",
            "keywords": "forms,web",
        },
        {**_github(1200), **_health(83), **_downloads(90_000, 1), "insights": ["rising"]},
    ),
    Made(
        "flask-vulnerable",
        ("2.0",),
        {"summary": "Has a hole"},
        {
            **_health(41),
            **_downloads(4_000, 3, -0.2),
            "vulnerabilities": [ADVISORY],
            "is_vulnerable": True,
        },
    ),
    Made(
        "flask-fromkit",
        info={"summary": "Looks like another one"},
        facts={"flags": ["suspected-typosquat"], "resembles": "flask-form-kit"},
    ),
    Made("flask-old", info={"summary": "Put away"}, status="archived", facts=_health(20)),
    Made(
        "flask-hostile",
        ("1.0", "1.1"),
        {
            "summary": HOSTILE,
            "author": HOSTILE,
            "keywords": ",".join(("fine", HOSTILE.replace(",", " "))),
            "license": "MIT",
            "description": f"# {HOSTILE}\n\n[a](javascript:alert(3)) {HOSTILE}\n",
            "description_content_type": "text/markdown",
            "project_urls": {HOSTILE: "https://example.org/", "Bad": "javascript:alert(4)"},
        },
        {
            "github_topics": [HOSTILE],
            "github_url": "javascript:alert(5)",
            "insights": [],
            **_downloads(10, 25),
        },
    ),
    *(
        Made(
            f"flask-page{number:02}",
            info={
                "summary": f"Fills page {number}",
                "license_expression": "BSD-3-Clause",
                "keywords": f"topic-{number:02}",
                "classifiers": _classifiers(number),
            },
            facts={**_health(50 + number), **_downloads(1000 + number, 4 + number)},
        )
        for number in range(25)
    ),
)


def documents() -> list[dict[str, Any]]:
    """All documents."""
    return [document for made in PROJECTS for document in made.documents()]
