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

from .http_messages import SampleRequest, SampleResponse
from .model import SampleProject, SampleRelease, latest_sort_key, parse_version
from .source import CatalogueSource

PREFIX = "/osv/PyPI/"
ADVISORY_INTERVAL = 12
"""One of so many projects of the family has an advisory."""
MAX_ADVISORIES = 300
"""Projects with an advisory within the family, and as many in all others, at the most."""
_MISSING = SampleResponse(404, b"404 Not Found", (("Content-Type", "text/plain; charset=UTF-8"),))
_SEVERITY = (
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N",
)

Json = dict[str, Any]


def is_osv_request(request: SampleRequest) -> bool:
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


class OsvExport:
    """The advisories about a catalogue; they are made when they are first asked for."""

    def __init__(self, source: CatalogueSource, framework: str) -> None:
        self._source, self._framework = source, framework

    def answer(self, request: SampleRequest) -> SampleResponse:
        """Return the archive, the list of changes, a record, or that there is none."""
        name = request.path.removeprefix(PREFIX)
        if name == "all.zip":
            return self._archive
        if name == "modified_id.csv":
            return self._changes
        body = self._records.get(name.removesuffix(".json")) if name.endswith(".json") else None
        return _file_response(body, "application/json") if body else _MISSING

    @cached_property
    def _archive(self) -> SampleResponse:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for id_, body in self._records.items():
                # A fixed time: the same records are the same bytes, and have the same ETag.
                file.writestr(zipfile.ZipInfo(f"{id_}.json"), body)
        return _file_response(packed.getvalue(), "application/zip")

    @cached_property
    def _changes(self) -> SampleResponse:
        lines = [f"{self._modified_time},{id_}\n" for id_ in self._records]
        return _file_response("".join(lines).encode(), "text/csv")

    @cached_property
    def _records(self) -> dict[str, bytes]:
        return {each["id"]: orjson.dumps(each) for each in self._make_records()}

    @cached_property
    def _modified_time(self) -> str:
        when = datetime.fromtimestamp(int(self._source.last_time), UTC)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _make_records(self) -> Iterator[Json]:
        year = self._modified_time[:4]
        affected, others = self._choose_projects()
        for number, project in enumerate(affected, 1):
            end = _range_end(project, fixed=number % 2 == 1)
            yield advisory(
                f"PYSEC-{year}-{90_000 + number}", project.name, self._modified_time, end, number
            )
        for project in others[:1]:
            record = advisory(f"MAL-{year}-90001", project.name, self._modified_time, None)
            yield {**record, "summary": "A sample of a report of malware", "severity": []}
        for project in others[1:2]:
            record = advisory(f"PYSEC-{year}-80001", project.name, self._modified_time, None)
            yield {**record, "withdrawn": self._modified_time}

    def _choose_projects(self) -> tuple[list[SampleProject], list[SampleProject]]:
        """Projects with a vulnerability, and those with a record of another kind."""
        family = sorted(set(self._source.candidates(self._framework)))
        everyone = [name for name, _, _ in self._source.listing()]
        stride = max(ADVISORY_INTERVAL, len(everyone) // MAX_ADVISORIES)
        names = dict.fromkeys(
            [*family[::ADVISORY_INTERVAL][:MAX_ADVISORIES], *everyone[::stride][:MAX_ADVISORIES]]
        )
        others = dict.fromkeys(
            [*family[1::ADVISORY_INTERVAL], *everyone[1::stride]][:ADVISORY_INTERVAL]
        )
        more = [name for name in others if name not in names]
        return list(self._projects(names)), list(self._projects(more))

    def _projects(self, names: Mapping[str, None] | list[str]) -> Iterator[SampleProject]:
        """Those that can be seen and have a release with a version that can be compared."""
        for name in names:
            project = self._source.project(name)
            if project and project.status != "quarantined" and _newest(project):
                yield project


def _newest(project: SampleProject) -> SampleRelease | None:
    comparable = [
        release for release in project.visible_releases() if parse_version(release.version)
    ]
    return max(comparable, key=latest_sort_key, default=None)


def _range_end(project: SampleProject, *, fixed: bool) -> dict[str, str]:
    """The newest release is safe where there is a fix, and affected where there is none."""
    newest = _newest(project)
    version = newest.version if newest else "0"
    return {"fixed" if fixed else "last_affected": version}


def _file_response(body: bytes, kind: str) -> SampleResponse:
    return SampleResponse(200, body, (("Content-Type", kind),), cacheable=True)
