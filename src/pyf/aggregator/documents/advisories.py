"""Advisories: which releases of a project an OSV record speaks of.

As OSV's schema defines it: a version is affected when it is among the listed ``versions`` or inside
one of the ``ranges``, whose events, put in order, switch "affected" on (``introduced``) and off
(``fixed`` from that version on, ``last_affected`` after it); ``limit`` ends a range altogether.
Versions compare by PEP 440, so ``1.0`` and ``1.0.0`` are one. A withdrawn record affects nothing;
ranges of commits (``GIT``) say nothing about releases.

A version that is not PEP 440 has no place in an order: it is affected when it is listed as it is
written, or when a range covers all there ever were. A range with such a version in an event decides
nothing; OSV lists the versions it means beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packaging.version import Version

from ..names import normalize_name
from .severity import Severity, rate_severity
from .versions import parse_version

__all__ = [
    "Advisory",
    "AffectedPackage",
    "InvalidRecord",
    "RangeEvent",
    "VersionRange",
    "by_package",
    "parse_osv_record",
]

ECOSYSTEM = "PyPI"
MALWARE = "MAL-"

_SUMMARY = 200
_START = "0"
_NO_LIMIT = "*"
# The order of events that name the same version: what begins there may end there.
_KINDS = ("introduced", "last_affected", "fixed", "limit")
_NOTHING = ("", "null", "none", "~")

ReleaseKey = Version | str
"""A version as it compares: by PEP 440, else as it is written."""


class InvalidRecord(ValueError):
    """What was given is no OSV record; the sentence says why."""


@dataclass(frozen=True, slots=True)
class RangeEvent:
    """A point of a range. ``at`` is None for the beginning (``0``) and for no limit (``*``)."""

    kind: str
    at: Version | None

    @property
    def order(self) -> tuple[bool, Version, int]:
        """What events are put in order by."""
        return self.at is not None, self.at or Version("0"), _KINDS.index(self.kind)

    def is_reached(self, version: Version) -> bool:
        """Tell whether a version lies at the point or behind it."""
        return self.at is None or version >= self.at


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Events in order, limits apart: a version has to lie below one of them, if there are any."""

    events: tuple[RangeEvent, ...]
    limits: tuple[RangeEvent, ...] = ()

    @property
    def is_everything(self) -> bool:
        """True when every version there ever was is inside."""
        open_end = all(event.kind == "introduced" for event in self.events)
        unlimited = all(event.at is None for event in self.limits)
        return bool(self.events) and self.events[0].at is None and open_end and unlimited

    def includes(self, version: Version) -> bool:
        """Tell whether a version is affected by this range."""
        limits = self.limits
        if limits and not any(limit.at is None or version < limit.at for limit in limits):
            return False
        affected = False
        for event in self.events:
            if event.kind == "introduced":
                affected = affected or event.is_reached(version)
            elif event.kind == "fixed":
                affected = affected and not event.is_reached(version)
            elif event.at is not None and version > event.at:
                affected = False
        return affected


@dataclass(frozen=True)
class AffectedPackage:
    """What a record says of one package; ``name`` is PEP 503, ``versions`` as they are listed."""

    name: str
    versions: tuple[str, ...]
    ranges: tuple[VersionRange, ...]
    severity: Severity
    all_versions: bool = False

    @cached_property
    def listed_releases(self) -> frozenset[ReleaseKey]:
        """The listed versions as they compare."""
        return frozenset(map(parse_release, self.versions))

    @cached_property
    def fixes(self) -> tuple[Version, ...]:
        """The versions that ``fixed`` events name, lowest first."""
        events = (event for span in self.ranges for event in span.events)
        return tuple(sorted({event.at for event in events if event.kind == "fixed" and event.at}))

    def includes(self, version: ReleaseKey) -> bool:
        """Tell whether a version is affected."""
        if self.all_versions or version in self.listed_releases:
            return True
        if isinstance(version, str):
            return any(span.is_everything for span in self.ranges)
        return any(span.includes(version) for span in self.ranges)


@dataclass(frozen=True)
class Advisory:
    """An OSV record. ``withdrawn``, ``published``, ``modified`` are times as the record has them;
    ``origins`` is how many sources reported a piece of malware (0 where that is not told).
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: Severity
    affected: tuple[AffectedPackage, ...]
    withdrawn: str = ""
    published: str = ""
    modified: str = ""
    origins: int = 0

    @property
    def is_malware(self) -> bool:
        """True when the record says that the package itself is malicious."""
        return self.id.startswith(MALWARE)

    @property
    def packages(self) -> tuple[str, ...]:
        """The PEP 503 names that the record speaks of."""
        return tuple(dict.fromkeys(entry.name for entry in self.affected))

    def entries_for(self, name: str) -> tuple[AffectedPackage, ...]:
        """What the record says of a package by its PEP 503 name; there may be several entries."""
        return tuple(entry for entry in self.affected if entry.name == name)

    def affects(self, name: str, version: ReleaseKey) -> bool:
        """Tell whether a release is affected: PEP 503 name, version from ``release``."""
        if self.withdrawn:
            return False
        return any(entry.includes(version) for entry in self.entries_for(name))

    def severity_of(self, name: str) -> Severity:
        """The rating of the record, or the worst that it gives for this package alone."""
        own = (
            entry.severity for entry in self.entries_for(name) if entry.severity.level != "unknown"
        )
        return max(own, key=lambda rated: rated.rank, default=self.severity)


def parse_release(version: str) -> ReleaseKey:
    """Return a version as it compares."""
    text = version.strip()
    return parse_version(text) or text


def by_package(advisories: Iterable[Advisory]) -> dict[str, tuple[Advisory, ...]]:
    """Sort advisories by the PEP 503 names that they speak of."""
    found: dict[str, list[Advisory]] = {}
    for advisory in advisories:
        for name in advisory.packages:
            found.setdefault(name, []).append(advisory)
    return {name: tuple(each) for name, each in found.items()}


def parse_osv_record(record: object) -> Advisory:
    """Read an OSV record as decoded JSON; packages of other ecosystems are left out.

    Parts that are not as the schema has them are passed over. Raises ``InvalidRecord`` for what has
    no ``id``.
    """
    if not isinstance(record, Mapping):
        raise InvalidRecord("it is not a JSON object")
    if not (id_ := _text(record.get("id"))):
        raise InvalidRecord("it has no id")
    return Advisory(
        id=id_,
        aliases=tuple(dict.fromkeys(_texts(record.get("aliases")))),
        summary=_text(record.get("summary")) or _shorten_details(_text(record.get("details"))),
        severity=rate_severity(record),
        affected=tuple(_affected_packages(record, id_)),
        withdrawn=_time(record.get("withdrawn")),
        published=_time(record.get("published")),
        modified=_time(record.get("modified")),
        origins=_origins(record),
    )


def _affected_packages(record: Mapping[str, Any], id_: str) -> Iterator[AffectedPackage]:
    for entry in _mappings(record.get("affected")):
        package = entry.get("package")
        if not isinstance(package, Mapping) or _ecosystem(package) != ECOSYSTEM:
            continue
        if not (name := _text(package.get("name"))):
            continue
        versions, ranges = _texts(entry.get("versions")), tuple(_ranges(entry))
        # Reports of malware that name no version mean the project.
        whole = id_.startswith(MALWARE) and not (versions or _mappings(entry.get("ranges")))
        yield AffectedPackage(
            normalize_name(name), tuple(versions), ranges, rate_severity(entry), whole
        )


def _ecosystem(package: Mapping[str, Any]) -> str:
    # A suffix behind a colon narrows an ecosystem down.
    return _text(package.get("ecosystem")).partition(":")[0]


def _ranges(entry: Mapping[str, Any]) -> Iterator[VersionRange]:
    for span in _mappings(entry.get("ranges")):
        if span.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue
        pairs = (pair for each in _mappings(span.get("events")) for pair in each.items())
        events = [_event(kind, value) for kind, value in pairs if kind in _KINDS]
        known = sorted((event for event in events if event), key=lambda event: event.order)
        if len(known) == len(events):
            yield VersionRange(
                tuple(event for event in known if event.kind != "limit"),
                tuple(event for event in known if event.kind == "limit"),
            )


def _event(kind: str, value: object) -> RangeEvent | None:
    """Return an event, or None for one that cannot be placed."""
    text = _text(value)
    if (kind, text) in (("introduced", _START), ("limit", _NO_LIMIT)):
        return RangeEvent(kind, None)
    version = parse_version(text)
    return RangeEvent(kind, version) if version else None


def _origins(record: Mapping[str, Any]) -> int:
    specific = record.get("database_specific")
    given = specific.get("malicious-packages-origins") if isinstance(specific, Mapping) else None
    return len({_text(origin.get("source")) for origin in _mappings(given)})


def _shorten_details(details: str) -> str:
    """What a description begins with, where nobody summed it up: a line, cut between words."""
    line = details.partition("\n")[0]
    return line if len(line) <= _SUMMARY else f"{line[:_SUMMARY].rpartition(' ')[0]} ..."


def _time(value: object) -> str:
    text = _text(value)
    return "" if text.lower() in _NOTHING else text


def _text(value: object) -> str:
    """Return a scalar as text; records that were YAML may hold numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _texts(value: object) -> list[str]:
    texts = map(_text, value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [text for text in texts if text]


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
