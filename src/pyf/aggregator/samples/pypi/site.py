"""From a request to an answer: the endpoints of the package index."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from trove_classifiers import sorted_classifiers

from ...names import normalize
from . import feeds, render
from .answer import Answer, Headers, Request
from .cache import AnswerCache
from .index import Index
from .model import Project, Release
from .stale import SHARED, Stale

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
_CACHE_BYTES = 64 * 1024 * 1024
_CORS: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "X-PyPI-Last-Serial"),
)
_PLAIN = ("Content-Type", "text/plain; charset=UTF-8")
_NO_PAGE = Answer(404, b"404 Not Found", (_PLAIN,))
_NO_JSON = Answer(404, b'{"message": "Not Found"}', (("Content-Type", "application/json"), *_CORS))
_PROJECT = re.compile(
    r"/pypi/(?P<json>[^/]+)/json/?|/simple/(?P<page>[^/]+)(?P<slash>/?)"
    r"|/pypi/(?P<release>[^/]+)/(?P<version>[^/]+)/json/?"
    r"|/rss/project/(?P<feed>[^/]+)/releases\.xml"
)
_KINDS = {
    "json": "project_json", "slash": "simple_project", "version": "release_json", "feed": "rss",
}  # fmt: skip
_FEEDS = ("/rss/updates.xml", "/rss/packages.xml")


def kind_of(request: Request) -> str:
    """Return the kind of endpoint that a request asks, for the counts."""
    if (match := _PROJECT.fullmatch(request.path)) is not None:
        return _KINDS[match.lastgroup or ""]
    if request.path in ("/simple", "/simple/"):
        return "simple_root"
    if request.path in _FEEDS:
        return "rss"
    return "classifiers" if _asks_for_classifiers(request) else "other"


def _asks_for_classifiers(request: Request) -> bool:
    return (
        request.path in ("/pypi", "/pypi/") and request.query.get(":action") == "list_classifiers"
    )


class Site:
    """Answers what is read with GET; ``base_url`` goes into the links of the bodies."""

    def __init__(self, index: Index, stale: Stale, base_url: str) -> None:
        self.index = index
        self._stale = stale
        self._base_url = base_url
        self._cache = AnswerCache(_CACHE_BYTES)

    def answer(self, request: Request, *, outdated: bool) -> Answer:
        """Return the answer to a GET or HEAD; ``outdated`` allows one from before a change."""
        path = request.path
        if (match := _PROJECT.fullmatch(path)) is not None:
            return self._of_project(match, request, outdated)
        if path == "/simple/":
            return self._root(request, outdated)
        if path == "/simple":
            return _moved("/simple/")
        if path in _FEEDS:
            return self._feed(path, outdated)
        return _classifiers() if _asks_for_classifiers(request) else _NO_PAGE

    # -- what belongs to one project ------------------------------------------------------

    def _of_project(self, match: re.Match[str], request: Request, outdated: bool) -> Answer:
        found = match.groupdict()
        if name := found["json"]:
            return self._json(name, None, request.path, outdated)
        if name := found["page"]:
            if not found["slash"] or name != normalize(name):
                return _moved(f"/simple/{normalize(name)}/")
            return self._page(name, request, outdated)
        if name := found["release"]:
            return self._json(name, found["version"], request.path, outdated)
        return self._releases_feed(found["feed"] or "", request.path, outdated)

    def _json(self, name: str, version: str | None, path: str, outdated: bool) -> Answer:
        if (key := normalize(name)) != name:
            return _moved(f"/pypi/{key}/json" if version is None else f"/pypi/{key}/{version}/json")
        return self._cached(
            path, key, outdated, lambda index: self._make_json(index, key, version), _NO_JSON
        )

    def _make_json(self, index: Index, name: str, version: str | None) -> Answer | None:
        project = index.project(name)
        if project is None or project.status == "quarantined":
            return None
        release = project.latest() if version is None else project.find(version)
        if release is None or release.quarantined:
            return None
        body = _recorded_json(project, release, version) or render.json_answer(
            project, release, self._base_url, whole=version is None
        )
        return _fresh(body, "application/json", 900, project.serial)

    def _page(self, name: str, request: Request, outdated: bool) -> Answer:
        form = negotiated(request.headers.get("accept", ""))

        def make(index: Index) -> Answer | None:
            if (project := index.project(name)) is None:
                return None
            return _fresh(_page_body(project, form), form, 600, project.serial, varies=True)

        return self._cached(f"{form} {request.path}", name, outdated, make, _NO_PAGE)

    def _releases_feed(self, name: str, path: str, outdated: bool) -> Answer:
        if (key := normalize(name)) != name:
            return _moved(f"/rss/project/{key}/releases.xml")

        def make(index: Index) -> Answer | None:
            project = index.project(name)
            if project is None or project.status == "quarantined":
                return None
            return _fresh(feeds.releases(project, self._base_url), "text/xml", None, None)

        return self._cached(path, name, outdated, make, _NO_PAGE)

    # -- what every change touches --------------------------------------------------------

    def _root(self, request: Request, outdated: bool) -> Answer:
        form = negotiated(request.headers.get("accept", ""))
        write = render.root_json if form == JSON_TYPE else render.root_html

        def make(index: Index) -> Answer:
            body = write(index.listing(with_quarantined=False), index.last_serial)
            return _fresh(body, form, 600, index.last_serial, varies=True)

        return self._cached(f"{form} /simple/", SHARED, outdated, make, _NO_PAGE)

    def _feed(self, path: str, outdated: bool) -> Answer:
        write = feeds.updates if path == "/rss/updates.xml" else feeds.packages

        def make(index: Index) -> Answer:
            return _fresh(write(index, self._base_url), "text/xml", None, None)

        return self._cached(path, SHARED, outdated, make, _NO_PAGE)

    def _cached(
        self,
        address: str,
        key: str,
        outdated: bool,
        make: Callable[[Index], Answer | None],
        missing: Answer,
    ) -> Answer:
        """Return the answer of an address; ``key`` names the project it is about."""
        past = self._stale.index_for(key, address) if outdated else None
        index = past or self.index
        revision = index.revision if key == SHARED else index.revisions.get(key, 0)
        if (held := self._cache.get(address, revision)) is not None:
            return held
        made = make(index)
        return missing if made is None else self._cache.put(address, revision, made)


def negotiated(accept: str) -> str:
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


def _recorded_json(project: Project, release: Release, version: str | None) -> bytes | None:
    key = "json" if version is None else f"json/{release.version}"
    return (project.recorded or {}).get(key)


def _page_body(project: Project, form: str) -> bytes:
    if form != JSON_TYPE:
        return render.simple_html(project)
    return (project.recorded or {}).get("simple") or render.simple_json(project)


def _fresh(
    body: bytes, kind: str, max_age: int | None, serial: int | None, *, varies: bool = False
) -> Answer:
    headers = [("Content-Type", kind if kind.endswith("json") else f"{kind}; charset=UTF-8")]
    headers += [("Cache-Control", f"public, max-age={max_age}")] if max_age else []
    headers += [("X-PyPI-Last-Serial", str(serial))] if serial is not None else []
    headers += [("Vary", "Accept")] if varies else []
    return Answer(200, body, (*headers, *_CORS), cacheable=True)


@lru_cache(maxsize=64)
def _moved(location: str) -> Answer:
    return Answer(301, b"301 Moved Permanently", (("Location", location), _PLAIN))


@lru_cache(maxsize=1)
def _classifiers() -> Answer:
    body = "\n".join(sorted_classifiers).encode()
    return Answer(200, body, (_PLAIN,), cacheable=True)
