"""What a release's document says of its security: one entry for each vulnerability.

The same flaw mostly has several records, of PyPA (``PYSEC-``), of GitHub (``GHSA-``) and others,
that name each other or one CVE as aliases. They become one entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from .advisories import Advisory, ReleaseKey, parse_release
from .severity import Severity

__all__ = ["Vulnerability", "find_vulnerabilities", "malware_advisories", "matching_advisories"]

_SOURCES = ("PYSEC-", "GHSA-")
"""Whose id an entry goes by, first choice first; then any other."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A flaw of one release. ``aliases`` are all other ids; ``fixed_in`` is the lowest release
    above that none of its records affects, "" while there is none.
    """

    id: str
    aliases: tuple[str, ...]
    severity: Severity
    summary: str
    fixed_in: str

    def as_dict(self) -> dict[str, Any]:
        """The entry as documents hold it; ``score`` only where there is a CVSS vector."""
        entry: dict[str, Any] = {
            "id": self.id,
            "aliases": list(self.aliases),
            "severity": self.severity.level,
            "summary": self.summary,
            "fixed_in": self.fixed_in,
        }
        return entry if self.severity.score is None else {**entry, "score": self.severity.score}


def matching_advisories(advisories: Iterable[Advisory], name: str, version: str) -> list[Advisory]:
    """The records that affect a release, by its PEP 503 name, sorted by id."""
    wanted = parse_release(version)
    found = (advisory for advisory in advisories if advisory.affects(name, wanted))
    return sorted(found, key=lambda advisory: advisory.id)


def malware_advisories(advisories: Iterable[Advisory], name: str, version: str) -> list[Advisory]:
    """The records that call a release malicious, sorted by id."""
    return [each for each in matching_advisories(advisories, name, version) if each.is_malware]


def find_vulnerabilities(
    advisories: Iterable[Advisory], name: str, version: str
) -> tuple[Vulnerability, ...]:
    """The flaws of a release, worst first, malware apart.

    ``name`` is PEP 503. Order and content depend on the set of advisories alone.
    """
    wanted = parse_release(version)
    flaws = [each for each in matching_advisories(advisories, name, version) if not each.is_malware]
    entries = [_merge(group, name, wanted) for group in _group_by_alias(flaws)]
    return tuple(sorted(entries, key=lambda entry: (*(-n for n in entry.severity.rank), entry.id)))


def _group_by_alias(advisories: Sequence[Advisory]) -> Iterator[list[Advisory]]:
    """Group records that share an id or an alias, directly or through others."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for advisory in advisories:
        ids, members = {advisory.id, *advisory.aliases}, [advisory]
        apart = []
        for group in groups:
            if group[0] & ids:
                ids |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (ids, members)]
    for _, members in groups:
        yield members


def _merge(group: Sequence[Advisory], name: str, version: ReleaseKey) -> Vulnerability:
    first = min(group, key=_choice)
    ids = {id_ for advisory in group for id_ in (advisory.id, *advisory.aliases)}
    return Vulnerability(
        id=first.id,
        aliases=tuple(sorted(ids - {first.id})),
        severity=max((each.severity_of(name) for each in group), key=lambda rated: rated.rank),
        summary=next((each.summary for each in sorted(group, key=_choice) if each.summary), ""),
        fixed_in=fixed_in(group, name, version),
    )


def fixed_in(advisories: Sequence[Advisory], name: str, version: ReleaseKey) -> str:
    """The lowest ``fixed`` version above a release that no record affects; "" without one."""
    fixes: set[Version] = set()
    for advisory in advisories:
        fixes.update(fix for entry in advisory.entries_for(name) for fix in entry.fixes)
    for fix in sorted(fixes):
        is_above = isinstance(version, str) or fix > version
        if is_above and not any(advisory.affects(name, fix) for advisory in advisories):
            return str(fix)
    return ""


def _choice(advisory: Advisory) -> tuple[int, str]:
    ranks = [rank for rank, source in enumerate(_SOURCES) if advisory.id.startswith(source)]
    return next(iter(ranks), len(_SOURCES)), advisory.id
