"""From a request to an answer: the endpoints of the package index."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from trove_classifiers import sorted_classifiers

from ...names import normalize_name
from . import feeds, rendering
from .cache import RenderedCache
from .http_messages import Headers, SampleRequest, SampleResponse
from .model import SampleProject, SampleRelease
from .sample_index import SampleIndex
from .stale_states import SHARED, StaleStates

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
_CACHE_BYTES = 64 * 1024 * 1024
_CORS: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "X-PyPI-Last-Serial"),
)
_PLAIN = ("Content-Type", "text/plain; charset=UTF-8")
_NO_PAGE = SampleResponse(404, b"404 Not Found", (_PLAIN,))
_NO_JSON = SampleResponse(
    404, b'{"message": "Not Found"}', (("Content-Type", "application/json"), *_CORS)
)
_PROJECT = re.compile(
    r"/pypi/(?P<json>[^/]+)/json/?|/simple/(?P<page>[^/]+)(?P<slash>/?)"
    r"|/pypi/(?P<release>[^/]+)/(?P<version>[^/]+)/json/?"
    r"|/rss/project/(?P<feed>[^/]+)/releases\.xml"
)
_KINDS = {
    "json": "project_json", "slash": "simple_project", "version": "release_json", "feed": "rss",
}  # fmt: skip
_FEEDS = ("/rss/updates.xml", "/rss/packages.xml")


def endpoint_kind(request: SampleRequest) -> str:
    """Return the kind of endpoint that a request asks, for the counts."""
    if (match := _PROJECT.fullmatch(request.path)) is not None:
        return _KINDS[match.lastgroup or ""]
    if request.path in ("/simple", "/simple/"):
        return "simple_root"
    if request.path in _FEEDS:
        return "rss"
    return "classifiers" if _asks_for_classifiers(request) else "other"


def _asks_for_classifiers(request: SampleRequest) -> bool:
    return (
        request.path in ("/pypi", "/pypi/") and request.query.get(":action") == "list_classifiers"
    )


class IndexEndpoints:
    """Answers what is read with GET; ``base_url`` goes into the links of the bodies."""

    def __init__(self, index: SampleIndex, stale: StaleStates, base_url: str) -> None:
        self.index = index
        self._stale = stale
        self._base_url = base_url
        self._cache = RenderedCache(_CACHE_BYTES)

    def answer(self, request: SampleRequest, *, outdated: bool) -> SampleResponse:
        """Return the answer to a GET or HEAD; ``outdated`` allows one from before a change."""
        path = request.path
        if (match := _PROJECT.fullmatch(path)) is not None:
            return self._of_project(match, request, outdated)
        if path == "/simple/":
            return self._root(request, outdated)
        if path == "/simple":
            return _redirect("/simple/")
        if path in _FEEDS:
            return self._feed(path, outdated)
        return _classifiers() if _asks_for_classifiers(request) else _NO_PAGE

    # -- what belongs to one project ------------------------------------------------------

    def _of_project(
        self, match: re.Match[str], request: SampleRequest, outdated: bool
    ) -> SampleResponse:
        found = match.groupdict()
        if name := found["json"]:
            return self._json(name, None, request.path, outdated)
        if name := found["page"]:
            if not found["slash"] or name != normalize_name(name):
                return _redirect(f"/simple/{normalize_name(name)}/")
            return self._page(name, request, outdated)
        if name := found["release"]:
            return self._json(name, found["version"], request.path, outdated)
        return self._releases_feed(found["feed"] or "", request.path, outdated)

    def _json(self, name: str, version: str | None, path: str, outdated: bool) -> SampleResponse:
        if (key := normalize_name(name)) != name:
            return _redirect(
                f"/pypi/{key}/json" if version is None else f"/pypi/{key}/{version}/json"
            )
        return self._cached_response(
            path, key, outdated, lambda index: self._make_json(index, key, version), _NO_JSON
        )

    def _make_json(
        self, index: SampleIndex, name: str, version: str | None
    ) -> SampleResponse | None:
        project = index.project(name)
        if project is None or project.status == "quarantined":
            return None
        release = project.latest_release() if version is None else project.find_release(version)
        if release is None or release.quarantined:
            return None
        body = _recorded_json(project, release, version) or rendering.json_answer(
            project, release, self._base_url, whole=version is None
        )
        return _ok_response(body, "application/json", 900, project.serial)

    def _page(self, name: str, request: SampleRequest, outdated: bool) -> SampleResponse:
        form = negotiate(request.headers.get("accept", ""))

        def make(index: SampleIndex) -> SampleResponse | None:
            if (project := index.project(name)) is None:
                return None
            return _ok_response(_page_body(project, form), form, 600, project.serial, varies=True)

        return self._cached_response(f"{form} {request.path}", name, outdated, make, _NO_PAGE)

    def _releases_feed(self, name: str, path: str, outdated: bool) -> SampleResponse:
        if (key := normalize_name(name)) != name:
            return _redirect(f"/rss/project/{key}/releases.xml")

        def make(index: SampleIndex) -> SampleResponse | None:
            project = index.project(name)
            if project is None or project.status == "quarantined":
                return None
            return _ok_response(feeds.releases(project, self._base_url), "text/xml", None, None)

        return self._cached_response(path, name, outdated, make, _NO_PAGE)

    # -- what every change touches --------------------------------------------------------

    def _root(self, request: SampleRequest, outdated: bool) -> SampleResponse:
        form = negotiate(request.headers.get("accept", ""))
        write = rendering.root_json if form == JSON_TYPE else rendering.root_html

        def make(index: SampleIndex) -> SampleResponse:
            body = write(index.listing(with_quarantined=False), index.last_serial)
            return _ok_response(body, form, 600, index.last_serial, varies=True)

        return self._cached_response(f"{form} /simple/", SHARED, outdated, make, _NO_PAGE)

    def _feed(self, path: str, outdated: bool) -> SampleResponse:
        write = feeds.updates if path == "/rss/updates.xml" else feeds.packages

        def make(index: SampleIndex) -> SampleResponse:
            return _ok_response(write(index, self._base_url), "text/xml", None, None)

        return self._cached_response(path, SHARED, outdated, make, _NO_PAGE)

    def _cached_response(
        self,
        address: str,
        key: str,
        outdated: bool,
        make: Callable[[SampleIndex], SampleResponse | None],
        missing: SampleResponse,
    ) -> SampleResponse:
        """Return the answer of an address; ``key`` names the project it is about."""
        past = self._stale.index_for(key, address) if outdated else None
        index = past or self.index
        revision = index.revision if key == SHARED else index.revisions.get(key, 0)
        if (held := self._cache.get(address, revision)) is not None:
            return held
        made = make(index)
        return missing if made is None else self._cache.put(address, revision, made)


def negotiate(accept: str) -> str:
    """Return the content type for an Accept header: HTML unless something else is named."""
    best, chosen = 0.0, "text/html"
    for part in accept.split(","):
        kind, *parameters = (each.strip() for each in part.split(";"))
        if kind in (JSON_TYPE, HTML_TYPE, "text/html") and _quality(parameters) > best:
            best, chosen = _quality(parameters), kind
    return chosen


def _quality(parameters: list[str]) -> float:
    given = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return float(given)
    except ValueError:
        return 0.0


def _recorded_json(
    project: SampleProject, release: SampleRelease, version: str | None
) -> bytes | None:
    key = "json" if version is None else f"json/{release.version}"
    return (project.recorded or {}).get(key)


def _page_body(project: SampleProject, form: str) -> bytes:
    if form != JSON_TYPE:
        return rendering.simple_html(project)
    return (project.recorded or {}).get("simple") or rendering.simple_json(project)


def _ok_response(
    body: bytes, kind: str, max_age: int | None, serial: int | None, *, varies: bool = False
) -> SampleResponse:
    headers = [("Content-Type", kind if kind.endswith("json") else f"{kind}; charset=UTF-8")]
    headers += [("Cache-Control", f"public, max-age={max_age}")] if max_age else []
    headers += [("X-PyPI-Last-Serial", str(serial))] if serial is not None else []
    headers += [("Vary", "Accept")] if varies else []
    return SampleResponse(200, body, (*headers, *_CORS), cacheable=True)


@lru_cache(maxsize=64)
def _redirect(location: str) -> SampleResponse:
    return SampleResponse(301, b"301 Moved Permanently", (("Location", location), _PLAIN))


@lru_cache(maxsize=1)
def _classifiers() -> SampleResponse:
    body = "\n".join(sorted_classifiers).encode()
    return SampleResponse(200, body, (_PLAIN,), cacheable=True)
