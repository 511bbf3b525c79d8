"""Vulnerabilities and warnings brought to the documents of a collection.

Each release gets those advisories that speak of it; a project's flags stand on all its documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ..documents.advisories import Advisory, by_package, parse_osv_record
from ..documents.vulnerabilities import find_vulnerabilities, malware_advisories
from ..index import SearchServer
from ..store import Store, advisories
from ..store.advisories import ProjectFlags
from ..store.catalog import QUARANTINED
from .document_updates import (
    Facts,
    ProjectDocuments,
    UpdateOptions,
    UpdateResult,
    project_names,
    update_documents,
)
from .flags import MALICIOUS, FlagEvaluator, credible_malware_reports, evaluate_flags, flags_of
from .flags import FlagFacts as Known

FIELDS = ("vulnerabilities", "is_vulnerable", "flags", "resembles")
READS = ("version", "status")
NO_ADVISORIES = "no advisories were loaded yet: vulnerabilities stay as they are"
NO_DOWNLOADS = "the store holds no downloads: no name can be held against popular ones"


@dataclass(frozen=True)
class SecurityOptions:
    """Which projects of a collection: beyond ``after``, ``limit`` of them at most."""

    collection: str
    after: str = ""
    limit: int | None = None
    report: Callable[[int, int], None] = lambda _done, _total: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class SecurityResult(UpdateResult):
    """The account: ``vulnerable`` documents with advisories, and how many projects are flagged."""

    vulnerable: int = 0
    malicious: int = 0
    quarantined: int = 0
    typosquats: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        own = {
            "vulnerable": self.vulnerable,
            "malicious": self.malicious,
            "quarantined": self.quarantined,
            "typosquats": self.typosquats,
        }
        return {**super().as_dict(), **own}


def enrich_security(store: Store, server: SearchServer, wanted: SecurityOptions) -> SecurityResult:
    """Judge the collection's projects on PyPI and bring what follows to all their documents.

    The store has to be one that may be written to; its advisories are taken as they are. Raises
    the errors of both servers; what was written stays.
    """
    begun = time.monotonic()
    names = project_names(server, wanted.collection, after=wanted.after, limit=wanted.limit)
    judge = FlagEvaluator(store)
    facts = _SecurityFacts(store, judge, evaluate_flags(store, judge, names))
    order = UpdateOptions(
        wanted.collection, FIELDS, reads=READS, report=wanted.report, stop=wanted.stop
    )
    account = SecurityResult(**vars(update_documents(server, order, names, facts)))
    account.vulnerable, account.malicious = facts.vulnerable, len(facts.malicious)
    account.quarantined, account.typosquats = len(facts.hidden), facts.typosquats(names)
    if not facts.has_advisories:
        account.notes.append(NO_ADVISORIES)
    if not judge.has_downloads:
        account.notes.append(NO_DOWNLOADS)
    account.seconds = time.monotonic() - begun
    return account


class _SecurityFacts:
    """The facts of some projects' documents, asked for together; counts what it says."""

    def __init__(
        self, store: Store, judge: FlagEvaluator, flagged: dict[str, ProjectFlags]
    ) -> None:
        self._store, self._judge, self._flagged = store, judge, flagged
        self.has_advisories = advisories.last_load(store, whole=True) is not None
        self.vulnerable = 0
        self.malicious: set[str] = set()
        self.hidden: set[str] = set()

    def typosquats(self, names: Sequence[str]) -> int:
        """How many of these are suspected."""
        found = (self._flagged.get(name) for name in names)
        return sum(bool(each and each.resembles) for each in found)

    def __call__(self, projects: Sequence[ProjectDocuments]) -> dict[str, Facts]:
        names = [project.name for project in projects]
        bodies = advisories.advisory_bodies(self._store, names)
        records = by_package(parse_osv_record(orjson.loads(body)) for body in bodies)
        known = self._judge.facts(names)
        return {
            str(document["id"]): self._document(
                project.name, document, records.get(project.name, ()), known[project.name]
            )
            for project in projects
            for document in project.documents
        }

    def _document(
        self, name: str, document: Any, records: Sequence[Advisory], known: Known
    ) -> Facts:
        version = str(document.get("version") or "")
        project = self._flagged.get(name)
        is_malicious = bool(
            credible_malware_reports(malware_advisories(records, name, version), known)
        )
        is_hidden = known.is_quarantined or document.get("status") == QUARANTINED
        flags = flags_of({MALICIOUS: is_malicious, QUARANTINED: is_hidden}, project)
        self.malicious |= {name} if is_malicious else set()
        self.hidden |= {name} if is_hidden else set()
        facts: dict[str, Any] = {
            "flags": flags or None,
            "resembles": (project.resembles if project else "") or None,
        }
        if not self.has_advisories:
            return facts
        entries = [entry.as_dict() for entry in find_vulnerabilities(records, name, version)]
        self.vulnerable += bool(entries)
        return {**facts, "vulnerabilities": entries or None, "is_vulnerable": bool(entries)}
