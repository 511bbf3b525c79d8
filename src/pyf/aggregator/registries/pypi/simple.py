"""The Simple API: the list of all projects with serials, and one project's page with its status."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ijson
import orjson
import pypi_simple

from ...http import Fetcher, HttpResponse, InvalidBody, UpstreamError, expect_status
from ..results import IndexEntry

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = {"Accept": f"{JSON}, text/html;q=0.1"}


@dataclass(frozen=True)
class ProjectPage:
    """A project's page: its status (PEP 792), its versions that have files, and the files."""

    status: str
    versions: list[str]
    files: Sequence[Mapping[str, Any]] = ()
    etag: str = ""

    def releases(self) -> dict[str, list[Mapping[str, Any]]]:
        """Group the files by version, in the shape of the JSON API's ``releases``."""
        grouped: dict[str, list[Mapping[str, Any]]] = {version: [] for version in self.versions}
        for file in self.files:
            grouped.setdefault(str(file["version"]), []).append(file)
        return grouped


class PageUnchanged:
    """A project's page is the one that has the ETag which was sent along."""


@dataclass(frozen=True)
class ProjectListing:
    """A downloaded list of all projects. ``serial`` is the one it states, ``None`` without one."""

    path: Path
    is_json: bool
    serial: int | None

    def entries(self) -> Iterator[IndexEntry]:
        """Yield the projects; serial 0 where the list states none."""
        return read_index(self.path) if self.is_json else read_html_index(self.path)


async def download_index(fetcher: Fetcher, target: Path) -> int | None:
    """Bring the list of all projects to ``target``, whole and readable.

    Returns the serial it states; ``None`` when the index gives no JSON with serials, and so
    cannot tell what changed.
    """
    listing = await download_listing(fetcher, target)
    return listing.serial if listing else None


async def download_listing(fetcher: Fetcher, target: Path) -> ProjectListing | None:
    """Bring the list of all projects to ``target`` in the form that the index has.

    ``None`` when it gives no list.
    """
    for _ in range(fetcher.policy.retries + 1):
        answer = await fetcher.download("/simple/", target, headers=ACCEPT)
        if answer.status != 200:
            return None
        if JSON not in answer.headers.get("Content-Type", ""):
            return ProjectListing(target, is_json=False, serial=None)
        try:
            return ProjectListing(
                target, is_json=True, serial=await asyncio.to_thread(_check, target)
            )
        except InvalidBody as error:
            reason = str(error)
    raise UpstreamError(fetcher.base, reason)


def _check(target: Path) -> int | None:
    """Read the whole list once, so that a reader later meets no fault half-way."""
    collections.deque(read_index(target), maxlen=0)
    return _meta_serial(target)


def read_html_index(path: Path) -> Iterator[IndexEntry]:
    """Yield the projects of a list in HTML (PEP 503), which has no serials."""
    with path.open("rb") as file:
        parts = iter(lambda: file.read(1 << 16), b"")
        for link in pypi_simple.parse_links_stream(parts):
            if link.text:
                yield IndexEntry(link.text, 0)


def read_index(path: Path) -> Iterator[IndexEntry]:
    """Yield the entries of a downloaded list, in its order, without holding it in memory.

    Raises ``InvalidBody`` when the file is not the JSON it should be.
    """
    try:
        with path.open("rb") as file:
            for project in ijson.items(file, "projects.item", use_float=True):
                name = project.get("name")
                if isinstance(name, str) and name:
                    yield IndexEntry(name, int(project.get("_last-serial") or 0))
    except (ijson.JSONError, AttributeError, TypeError, ValueError) as error:
        raise InvalidBody(f"malformed list of projects ({error})") from None


def read_page(answer: HttpResponse) -> ProjectPage | None:
    """Read a project's page, JSON or HTML; ``None`` for 404."""
    if expect_status(answer, 200, 404).status == 404:
        return None
    name = answer.url.rstrip("/").rpartition("/")[2]
    try:
        page = _parse(name, answer)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidBody(f"malformed project page ({type(error).__name__})") from None
    files = [_file(package) for package in page.packages if package.version]
    versions = page.versions or sorted({str(file["version"]) for file in files})
    etag = answer.headers.get("ETag", "")
    return ProjectPage(page.status or "active", list(versions), files, etag)


def read_page_if_changed(answer: HttpResponse) -> ProjectPage | PageUnchanged | None:
    """Read the answer to a request with ``If-None-Match``; ``None`` for 404."""
    return PageUnchanged() if answer.status == 304 else read_page(answer)


def _parse(name: str, answer: HttpResponse) -> pypi_simple.ProjectPage:
    text = answer.body.decode("utf-8")
    if "json" in answer.headers.get("Content-Type", ""):
        return pypi_simple.ProjectPage.from_json_data(orjson.loads(text), base_url=answer.url)
    return pypi_simple.ProjectPage.from_html(name, text, base_url=answer.url)


def _file(package: pypi_simple.DistributionPackage) -> dict[str, Any]:
    return {
        "version": package.version,
        "filename": package.filename,
        "url": package.url,
        "digests": dict(package.digests),
        "size": package.size,
        "requires_python": package.requires_python,
        "upload_time_iso_8601": package.upload_time.isoformat() if package.upload_time else None,
        "yanked": package.is_yanked,
        "yanked_reason": package.yanked_reason,
    }


def _meta_serial(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            for value in ijson.items(file, "meta._last-serial"):
                return int(value)
    except (ijson.JSONError, TypeError, ValueError):
        return None
    return None
