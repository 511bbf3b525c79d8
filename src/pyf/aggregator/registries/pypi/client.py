"""PyPI's JSON API, Simple index and feeds over one ``Fetcher``.

How the endpoints behave (PEP 503, 691, 700, 792). An index that
gives no serials or answers the Simple API as HTML only is served as well, with less certainty.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from ...http import Fetcher, HttpResponse, InvalidBody, UpstreamError, expect_status
from ...names import normalize_name
from ..results import (
    AbsentProject,
    ChangelogEntry,
    EmptyProject,
    FeedItem,
    FoundProject,
    NoUsableAnswer,
    ProjectRelease,
    ProjectResult,
    QuarantinedProject,
    StaleAnswer,
)
from . import feeds, simple
from .xmlrpc import XmlRpc

NOT_FOUND = 404


class PyPI:
    """Ask a PyPI for projects, releases, changes and feeds."""

    registry = "pypi"

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self._xmlrpc = XmlRpc(fetcher)
        self._stale_retries = fetcher.policy.stale_retries

    async def project(self, name: str, *, serial: int = 0) -> ProjectResult:
        """Return what the registry says of a project.

        ``serial`` is the change one comes for: an older answer (PyPI's cache is purged softly) is
        asked for again after 1, 2, 4 ... seconds and ends as ``Stale``.
        """
        try:
            answer, content = await self._fetch_fresh(
                f"/pypi/{_segment(normalize_name(name))}/json", serial
            )
            if answer.status == NOT_FOUND:
                return await self._why_missing(name)
            return await self._project_from_answer(name, answer, content)
        except UpstreamError as error:
            return NoUsableAnswer(error.reason, unavailable=True)
        except _StaleResponse as error:
            return StaleAnswer(error.serial, serial)

    async def release(self, name: str, version: str) -> ProjectRelease | None:
        """Return one release's metadata, ``None`` when the registry has no such release.

        Raises ``UpstreamError`` when there is no usable answer.
        """
        path = f"/pypi/{_segment(normalize_name(name))}/{_segment(version)}/json"
        answer, content = await self.fetcher.get(path, check=_json_or_missing)
        if answer.status == NOT_FOUND:
            return None
        info = content.get("info")
        if not isinstance(info, dict):
            raise UpstreamError(self.fetcher.base, f"{path}: no metadata in the answer")
        files = content.get("urls")
        return ProjectRelease(info, files if isinstance(files, list) else [])

    async def page(self, name: str) -> simple.ProjectPage | None:
        """Return a project's page of the Simple index, ``None`` for 404."""
        path = f"/simple/{_segment(normalize_name(name))}/"
        return await self.fetcher.get(path, headers=simple.ACCEPT, check=simple.read_page)

    async def page_if_changed(
        self, name: str, etag: str
    ) -> simple.ProjectPage | simple.PageUnchanged | None:
        """Return a project's page unless it has this ETag still; ``None`` for 404."""
        path = f"/simple/{_segment(normalize_name(name))}/"
        headers = {**simple.ACCEPT, "If-None-Match": etag}
        return await self.fetcher.get(path, headers=headers, check=simple.read_page_if_changed)

    def changes(self, since: int) -> AsyncIterator[list[ChangelogEntry]]:
        """Yield pages of all changes after a serial, ascending, none left out."""
        return self._xmlrpc.changes(since)

    async def last_serial(self) -> int:
        """Return the registry's newest serial."""
        return await self._xmlrpc.last_serial()

    async def projects_with_classifier(self, classifier: str) -> set[str]:
        """Return the names of all projects of which any release carries the classifier."""
        return await self._xmlrpc.browse(classifier)

    async def new_projects(self) -> list[FeedItem]:
        """Return the feed of new projects (PyPI: the newest 40), as the feed orders them."""
        return await self.fetcher.get("/rss/packages.xml", check=feeds.read_new_projects)

    async def new_releases(self) -> list[FeedItem]:
        """Return the feed of new releases (PyPI: the newest 100), as the feed orders them."""
        return await self.fetcher.get("/rss/updates.xml", check=feeds.read_new_releases)

    async def _fetch_fresh(self, path: str, serial: int) -> tuple[HttpResponse, dict[str, Any]]:
        """Ask until the answer is not older than ``serial``; a 404 states none and is taken."""
        old = 0
        for attempt in range(self._stale_retries + 1):
            answer, content = await self.fetcher.get(path, check=_json_or_missing)
            old = serial_of(answer)
            if not old or old >= serial:
                return answer, content
            if attempt < self._stale_retries:
                await asyncio.sleep(min(2.0**attempt, 16.0) * self.fetcher.policy.stale_backoff)
        raise _StaleResponse(old)

    async def _project_from_answer(
        self, name: str, answer: HttpResponse, content: Mapping[str, Any]
    ) -> ProjectResult:
        info = content.get("info")
        if not isinstance(info, dict) or not isinstance(info.get("version"), str):
            return NoUsableAnswer("the answer carries no metadata")
        releases = content.get("releases")
        if not isinstance(releases, dict):
            releases = await self._releases_from_page(name)
        releases = {
            str(v): files if isinstance(files, list) else [] for v, files in releases.items()
        }
        latest = info["version"]
        if latest not in releases:
            releases = {**releases, latest: content.get("urls") or []}
        serial = serial_of(answer) or _number(content.get("last_serial"))
        return FoundProject(str(info.get("name") or name), info, releases, serial)

    async def _releases_from_page(self, name: str) -> Mapping[str, list[Mapping[str, Any]]]:
        """The key ``releases`` is deprecated and may vanish; the Simple page says the same."""
        page = await self.page(name)
        return page.releases() if page else {}

    async def _why_missing(self, name: str) -> ProjectResult:
        """Tell gone from quarantined and empty: the JSON API answers 404 to all three."""
        page = await self.page(name)
        if page is None:
            return AbsentProject()
        if page.status == "quarantined":
            return QuarantinedProject()
        if page.versions or page.files:
            return NoUsableAnswer(
                "one interface of the registry lists releases, the other has none"
            )
        return EmptyProject()


class _StaleResponse(Exception):
    def __init__(self, serial: int) -> None:
        self.serial = serial


def serial_of(answer: HttpResponse) -> int:
    """Return the serial an answer states in ``X-PyPI-Last-Serial``, 0 where it has none."""
    return _number(answer.headers.get("X-PyPI-Last-Serial"))


def _number(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return 0


def _segment(value: str) -> str:
    return quote(value, safe="")


def _json_or_missing(answer: HttpResponse) -> tuple[HttpResponse, dict[str, Any]]:
    """Accept a 404, or a 200 whose body is a JSON object; anything else is worth another try."""
    if expect_status(answer, 200, NOT_FOUND).status == NOT_FOUND:
        return answer, {}
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise InvalidBody(f"malformed JSON ({error})") from None
    if not isinstance(content, dict):
        raise InvalidBody("JSON, but no object")
    return answer, content
