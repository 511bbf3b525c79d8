"""A catalogue of recorded answers: a folder with ``json/``, and where there is any
``json-derived/``, ``json-version/``, ``simple/`` and ``rss/``.

Bodies are served byte by byte as they were recorded. What nobody recorded is derived from
the project's answer: other versions show its metadata under their own number, and its
journal is one row at its last serial (or at one of its own after all others).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import orjson

from ...errors import UsageError
from .model import VALID_NAME, ChangelogRow, FileObject, Info, SampleProject, SampleRelease, Status

_ITEM = re.compile(r"<item>.*?</item>", re.DOTALL)
_FOLDERS = ("json-derived", "json")
_FIRST_ASSIGNED = 40_000_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is kept in memory of a recorded project."""

    name: str
    serial: int
    created: float
    version: str | None
    classifiers: frozenset[str]


class RecordedSource:
    """The catalogue that a folder of recorded answers holds.

    Raises:
        UsageError: the folder holds no recorded answers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {
            path.stem: path for sub in _FOLDERS for path in sorted((folder / sub).glob("*.json"))
        }
        self._pages = {
            path.stem: path
            for path in sorted((folder / "simple").glob("*.json"))
            if "__" not in path.stem
        }
        if not self._files and not self._pages:
            raise UsageError(f"no recorded answers: {folder} has neither json/ nor simple/ in it")
        self._entries = self._read_entries()
        self._load = lru_cache(maxsize=256)(self._read)

    def _read_entries(self) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        taken: set[int] = set()
        for normalized in sorted({*self._files, *self._pages}):
            entry = self._entry(normalized)
            if entry.serial <= 0 or entry.serial in taken:
                assigned = max(_FIRST_ASSIGNED, *taken, 0) + 1
                entry = _Entry(
                    entry.name, assigned, entry.created, entry.version, entry.classifiers
                )
            taken.add(entry.serial)
            found[normalized] = entry
        return found

    def _entry(self, normalized: str) -> _Entry:
        if normalized not in self._files:
            page = orjson.loads(self._pages[normalized].read_bytes())
            serial = page.get("meta", {}).get("_last-serial") or 0
            return _Entry(
                _display_name(page.get("name"), normalized), serial, 0.0, None, frozenset()
            )
        answer = orjson.loads(self._files[normalized].read_bytes())
        info = answer["info"]
        times = [_upload_time(file) for files in _files_of(answer).values() for file in files]
        return _Entry(
            name=_display_name(info.get("name"), normalized),
            serial=answer.get("last_serial") or 0,
            created=max(times, default=0.0),
            version=info.get("version"),
            classifiers=frozenset(info.get("classifiers") or ()),
        )

    @property
    def last_serial(self) -> int:
        """The highest serial of all projects."""
        return max(entry.serial for entry in self._entries.values())

    @property
    def last_time(self) -> float:
        """The time of the newest upload."""
        return max(entry.created for entry in self._entries.values())

    def project(self, normalized: str) -> SampleProject | None:
        """Return a project, None when it was not recorded."""
        return self._load(normalized) if normalized in self._entries else None

    def listing(self) -> Iterable[tuple[str, str, int]]:
        """Return normalised name, display name and serial of all projects."""
        return ((key, entry.name, entry.serial) for key, entry in sorted(self._entries.items()))

    def quarantined_projects(self) -> frozenset[str]:
        """Return the projects whose recorded page says so."""
        return frozenset(
            key for key in self._pages if _status(self._pages[key].read_bytes()) == "quarantined"
        )

    def candidates(self, classifier: str) -> Iterable[str]:
        """Return the projects whose answer carries the classifier."""
        return [key for key, entry in self._entries.items() if classifier in entry.classifiers]

    def rows_after(self, serial: int) -> Iterator[ChangelogRow]:
        """Yield one row per project whose serial is higher, ascending."""
        for entry in sorted(self._entries.values(), key=lambda each: each.serial):
            if entry.serial > serial:
                action = "new release" if entry.version else "create"
                moment = int(entry.created)
                yield ChangelogRow(entry.name, entry.version, moment, action, entry.serial)

    def newest_releases(self) -> Iterator[tuple[str, str]]:
        """Yield (project, version) of the newest release of each, the newest first."""
        for key in self.newest_projects():
            project = self._load(key)
            yield key, max(project.releases, key=lambda each: each.created).version

    def newest_projects(self) -> Iterator[str]:
        """Yield the projects that have a release, the last uploaded first."""
        by_time = sorted(self._entries, key=lambda key: self._entries[key].created, reverse=True)
        return (key for key in by_time if self._load(key).releases)

    def feed_items(self, feed: str) -> list[str]:
        """Return the items of a recorded feed."""
        path = self._folder / "rss" / f"{feed}.xml"
        return _ITEM.findall(path.read_text("utf-8")) if path.is_file() else []

    def _read(self, normalized: str) -> SampleProject:
        entry = self._entries[normalized]
        bodies: dict[str, bytes] = {}
        if normalized in self._pages:
            bodies["simple"] = self._pages[normalized].read_bytes()
        answer: dict[str, Any] = {}
        if normalized in self._files:
            bodies["json"] = self._files[normalized].read_bytes()
            answer = orjson.loads(bodies["json"])
        for path in sorted((self._folder / "json-version" / normalized).glob("*.json")):
            bodies[f"json/{path.stem}"] = path.read_bytes()
        releases = _releases(answer, bodies) if answer else ()
        roles = ((answer.get("ownership") or {}).get("roles")) or []
        return SampleProject(
            name=entry.name,
            normalized=normalized,
            serial=entry.serial,
            releases=releases,
            owners=tuple(role["user"] for role in roles),
            created=min((each.created for each in releases), default=entry.created),
            status=_status(bodies.get("simple", b"{}")),
            recorded=bodies,
        )


def _display_name(name: str | None, normalized: str) -> str:
    return name if name and VALID_NAME.fullmatch(name) else normalized


def _status(page: bytes) -> Status:
    said = (orjson.loads(page).get("project-status") or {}).get("status")
    return said if said in ("archived", "quarantined") else "active"


def _files_of(answer: Mapping[str, Any]) -> dict[str, list[FileObject]]:
    """Return files by version; the shown release counts even where ``releases`` was left out."""
    releases = dict(answer.get("releases") or {})
    releases.setdefault(answer["info"]["version"], answer.get("urls") or [])
    return releases


def _upload_time(file: FileObject) -> float:
    text = file.get("upload_time_iso_8601") or file.get("upload_time")
    if not text:
        return 0.0
    return datetime.fromisoformat(text if text.endswith("Z") else f"{text}Z").timestamp()


def _releases(answer: Mapping[str, Any], bodies: Mapping[str, bytes]) -> tuple[SampleRelease, ...]:
    found = []
    for version, files in _files_of(answer).items():
        info = answer["info"]
        if (own := bodies.get(f"json/{version}")) is not None:
            info = orjson.loads(own)["info"]
        found.append(_release(version, files, info))
    return tuple(sorted(found, key=lambda each: each.created))


def _release(version: str, files: list[FileObject], info: Info) -> SampleRelease:
    yanked = any(file.get("yanked") for file in files)
    reason = next((file["yanked_reason"] for file in files if file.get("yanked_reason")), "")
    return SampleRelease(
        version=version,
        created=min((_upload_time(file) for file in files), default=0.0),
        classifiers=tuple(info.get("classifiers") or ()),
        describe=partial(dict, info),
        files=partial(tuple, files),
        yanked=reason if yanked else None,
    )
