"""Which projects have to be warned of, kept in the store for lists and documents alike.

Judged are the projects named, and all that lists of the whole registry could show: the most
downloaded ones, those quarantined, those called malicious.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from ..documents import typosquats
from ..documents.advisories import Advisory, by_package, parse_osv_record
from ..documents.vulnerabilities import malware_advisories
from ..names import NormalizedName, normalize_name
from ..store import Store, advisories, catalog
from ..store.advisories import ProjectFlags
from ..store.catalog import QUARANTINED
from ..store.queries import bulk_counts, top_packages

MALICIOUS, TYPOSQUAT = "malicious", "suspected-typosquat"
POPULAR = 15_000
"""Most downloaded projects that others may imitate."""
WELL_KNOWN = 100_000
"""Downloads a month from which one report of malware is not enough: false ones hit such projects,
and are withdrawn within a day."""
MIN_SIGNS = 2
"""Reports that are."""
DAY = 86_400


@dataclass(frozen=True)
class FlagFacts:
    """What is known of a project: its catalog row or None, its downloads of 30 days or None."""

    row: catalog.CatalogProject | None
    downloads: int | None

    @property
    def is_quarantined(self) -> bool:
        """Whether the registry hides it, by the catalog."""
        return self.row is not None and self.row.status == QUARANTINED and not self.row.gone


class FlagEvaluator:
    """Judges projects by what the store knew when it was made.

    Without downloads in the store no name is suspected; ``has_downloads`` tells.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshot = store.snapshot()
        self._now = int(time.time())
        popular = top_packages(store, "month", limit=POPULAR, snapshot=self._snapshot).rows
        self.popular = tuple(ranked.package for ranked in popular)
        rows = catalog.projects(store, self.popular)
        self._corpus = typosquats.PopularProjects(
            self._project(normalize_name(name), FlagFacts(rows.get(name), downloads))
            for _, name, downloads in popular
        )

    @property
    def has_downloads(self) -> bool:
        """Whether there is anything that names can be held against."""
        return bool(self.popular)

    def facts(self, names: Iterable[str]) -> dict[str, FlagFacts]:
        """What the store knows of projects."""
        wanted = set(names)
        rows = catalog.projects(self._store, wanted)
        counted = bulk_counts(self._store, wanted, snapshot=self._snapshot)
        known = bool(counted.windows)
        return {
            name: FlagFacts(
                rows.get(name),
                counted.packages[name].last_month
                if name in counted.packages
                else (0 if known else None),
            )
            for name in wanted
        }

    def typosquat(self, name: str, facts: FlagFacts) -> typosquats.TyposquatSuspicion | None:
        """What a project's name imitates, if anything."""
        return typosquats.detect_typosquat(self._project(normalize_name(name), facts), self._corpus)

    def _project(self, name: NormalizedName, facts: FlagFacts) -> typosquats.ProjectPopularity:
        row = facts.row
        uploaded = row.first_upload if row else 0
        return typosquats.ProjectPopularity(
            name,
            facts.downloads,
            author=row.author if row else "",
            age_days=max(0, self._now - uploaded) // DAY if uploaded else None,
            summary=row.summary if row else "",
        )


def credible_malware_reports(reports: Iterable[Advisory], facts: FlagFacts) -> list[Advisory]:
    """The reports of malware that count: of a well-known project those with a second sign."""
    well_known = (facts.downloads or 0) >= WELL_KNOWN
    hidden = facts.is_quarantined or (facts.row is not None and facts.row.gone)
    return [report for report in reports if not well_known or hidden or report.origins >= MIN_SIGNS]


def evaluate_flags(
    store: Store, judge: FlagEvaluator, names: Iterable[str] = ()
) -> dict[str, ProjectFlags]:
    """Judge the projects named and those of the whole registry, and keep the flags.

    Returns every project that is flagged. Raises the errors of ``Store``.
    """
    reports = by_package(
        parse_osv_record(orjson.loads(body)) for body in advisories.malware_bodies(store)
    )
    before = advisories.flagged_projects(store)
    hidden = catalog.quarantined_projects(store)
    wanted = {*names, *judge.popular, *hidden, *reports, *before}
    facts = judge.facts(wanted)
    found = {
        name: flagged
        for name in wanted
        if (flagged := _evaluate_project(judge, name, facts[name], reports.get(name, ()))).flags
    }
    changed = {name: each for name, each in found.items() if before.get(name) != each}
    cleared = {name: ProjectFlags(()) for name in before.keys() - found.keys()}
    advisories.put_flags(store, {**changed, **cleared}, int(time.time() * 1000))
    return found


def _evaluate_project(
    judge: FlagEvaluator, name: str, facts: FlagFacts, reports: Iterable[Advisory]
) -> ProjectFlags:
    flags, reasons, resembles = [], [], ""
    latest = facts.row.latest if facts.row else ""
    named = (
        malware_advisories(reports, name, latest)
        if latest
        else _whole_project_advisories(reports, name)
    )
    if malicious := credible_malware_reports(named, facts):
        flags.append(MALICIOUS)
        reasons.append(", ".join(report.id for report in malicious))
    if facts.is_quarantined:
        flags.append(QUARANTINED)
    if suspicion := judge.typosquat(name, facts):
        flags.append(TYPOSQUAT)
        resembles = str(suspicion.resembles)
        reasons.append(suspicion.why)
    return ProjectFlags(tuple(flags), resembles, "; ".join(reasons))


def _whole_project_advisories(reports: Iterable[Advisory], name: str) -> list[Advisory]:
    """The reports that mean every release, where it is not known which there are."""
    return [
        report
        for report in reports
        if any(
            entry.all_versions or any(span.is_everything for span in entry.ranges)
            for entry in report.entries_for(name)
        )
    ]


def flags_of(release: Mapping[str, bool], project: ProjectFlags | None) -> list[str]:
    """The flags of one release's document, in the order of the table in docs/security.md."""
    names = {flag for flag, raised in release.items() if raised}
    if project:
        names.update(flag for flag in project.flags if flag != MALICIOUS)
    return [flag for flag in (MALICIOUS, QUARANTINED, TYPOSQUAT) if flag in names]
