"""OSV's export for the sample index: an archive of advisories, a list of changes, single records.

Advisories are made up about the index's own projects, as they were at the start: what changes later
changes no record, so that the archive keeps its ETag.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson

from .answer import Answer, Request
from .model import Project, Release, parsed, rank
from .source import Source

PREFIX = "/osv/PyPI/"
EVERY = 12
"""One of so many projects of the family has an advisory."""
MOST = 300
"""Projects with an advisory within the family, and as many in all others, at the most."""
_MISSING = Answer(404, b"404 Not Found", (("Content-Type", "text/plain; charset=UTF-8"),))
_SEVERITY = (
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N",
)

Json = dict[str, Any]


def takes(request: Request) -> bool:
    """Whether a request is one for the export."""
    return request.path.startswith(PREFIX)


def advisory(
    id_: str, name: str, modified: str, end: Mapping[str, str] | None, number: int = 0
) -> Json:
    """Return a record about all releases up to an event such as ``{"fixed": "2.0"}``."""
    return {
        "id": id_,
        "modified": modified,
        "published": modified,
        "summary": "A sample of an advisory: untrusted input is not checked",
        "severity": [{"type": "CVSS_V3", "score": _SEVERITY[number % len(_SEVERITY)]}],
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": name},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *([end] if end else [])]}
                ],
            }
        ],
    }


class Export:
    """The advisories about a catalogue; they are made when they are first asked for."""

    def __init__(self, source: Source, framework: str) -> None:
        self._source, self._framework = source, framework

    def answer(self, request: Request) -> Answer:
        """Return the archive, the list of changes, a record, or that there is none."""
        name = request.path.removeprefix(PREFIX)
        if name == "all.zip":
            return self._archive
        if name == "modified_id.csv":
            return self._changes
        body = self._records.get(name.removesuffix(".json")) if name.endswith(".json") else None
        return _shown(body, "application/json") if body else _MISSING

    @cached_property
    def _archive(self) -> Answer:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for id_, body in self._records.items():
                # A fixed time: the same records are the same bytes, and have the same ETag.
                file.writestr(zipfile.ZipInfo(f"{id_}.json"), body)
        return _shown(packed.getvalue(), "application/zip")

    @cached_property
    def _changes(self) -> Answer:
        lines = [f"{self._modified},{id_}\n" for id_ in self._records]
        return _shown("".join(lines).encode(), "text/csv")

    @cached_property
    def _records(self) -> dict[str, bytes]:
        return {each["id"]: orjson.dumps(each) for each in self._made()}

    @cached_property
    def _modified(self) -> str:
        when = datetime.fromtimestamp(int(self._source.last_time), UTC)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _made(self) -> Iterator[Json]:
        year = self._modified[:4]
        affected, others = self._chosen()
        for number, project in enumerate(affected, 1):
            end = _end(project, fixed=number % 2 == 1)
            yield advisory(
                f"PYSEC-{year}-{90_000 + number}", project.name, self._modified, end, number
            )
        for project in others[:1]:
            record = advisory(f"MAL-{year}-90001", project.name, self._modified, None)
            yield {**record, "summary": "A sample of a report of malware", "severity": []}
        for project in others[1:2]:
            record = advisory(f"PYSEC-{year}-80001", project.name, self._modified, None)
            yield {**record, "withdrawn": self._modified}

    def _chosen(self) -> tuple[list[Project], list[Project]]:
        """Projects with a vulnerability, and those with a record of another kind."""
        family = sorted(set(self._source.candidates(self._framework)))
        everyone = [name for name, _, _ in self._source.listing()]
        stride = max(EVERY, len(everyone) // MOST)
        names = dict.fromkeys([*family[::EVERY][:MOST], *everyone[::stride][:MOST]])
        others = dict.fromkeys([*family[1::EVERY], *everyone[1::stride]][:EVERY])
        more = [name for name in others if name not in names]
        return list(self._projects(names)), list(self._projects(more))

    def _projects(self, names: Mapping[str, None] | list[str]) -> Iterator[Project]:
        """Those that can be seen and have a release with a version that can be compared."""
        for name in names:
            project = self._source.project(name)
            if project and project.status != "quarantined" and _newest(project):
                yield project


def _newest(project: Project) -> Release | None:
    comparable = [release for release in project.visible() if parsed(release.version)]
    return max(comparable, key=rank, default=None)


def _end(project: Project, *, fixed: bool) -> dict[str, str]:
    """The newest release is safe where there is a fix, and affected where there is none."""
    newest = _newest(project)
    version = newest.version if newest else "0"
    return {"fixed" if fixed else "last_affected": version}


def _shown(body: bytes, kind: str) -> Answer:
    return Answer(200, body, (("Content-Type", kind),), cacheable=True)
