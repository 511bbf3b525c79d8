"""One project's row of the catalog out of what the registry says of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from ..documents.field_values import clean_text
from ..documents.people import parse_people
from ..documents.release_files import read_files
from ..documents.text import is_absent, one_line
from ..names import normalize_name
from ..registries.pypi.simple import ProjectPage
from ..registries.results import FoundProject
from ..store.catalog import CatalogProject

LONGEST = 2_000
"""Bytes of a text at the most; what is longer is cut."""
MOST = 200
"""Entries of a list at the most."""


def project_row(
    found: FoundProject, page: ProjectPage | None, serial: int, checked: dt.datetime
) -> CatalogProject:
    """The row of a project; ``serial`` is the one that was come for, 0 if not known.

    Bad values cost their column. ``page`` brings the status, which no other answer has.
    """
    info = found.info
    times = [
        uploaded
        for files in found.releases.values()
        if (uploaded := read_files(list(files)).uploaded)
    ]
    return CatalogProject(
        name=normalize_name(found.name),
        display_name=_text(found.name),
        serial=max(found.serial, serial),
        latest=_text(found.latest),
        releases=len(found.releases),
        classifiers=tuple(_texts(info.get("classifiers"))),
        summary=_text(info.get("summary")),
        author=_author(info),
        project_urls=_links(info),
        status=page.status if page else "",
        first_upload=min(times, default=0),
        last_upload=max(times, default=0),
        etag=page.etag if page else "",
        checked=checked,
    )


def empty_row(name: str, serial: int, checked: dt.datetime) -> CatalogProject:
    """The row of a project that is there and has no release."""
    return CatalogProject(normalize_name(name), name, serial, checked=checked)


def _text(value: object) -> str:
    if not isinstance(value, str) or is_absent(value):
        return ""
    return clean_text(one_line(value[: 4 * LONGEST]), LONGEST, [])


def _texts(value: object) -> Iterator[str]:
    for item in value[:MOST] if isinstance(value, list) else ():
        if text := _text(item):
            yield text


def _author(info: Mapping[str, object]) -> str:
    """The author's names, else addresses; the maintainer's where nothing is said of an author."""
    for role in ("author", "maintainer"):
        try:
            found = parse_people(info.get(role), info.get(f"{role}_email"))
        except TypeError:
            continue
        if text := found.names or found.addresses:
            return _text(text)
    return ""


def _links(info: Mapping[str, object]) -> dict[str, str]:
    """Links by label; the home page under ``Homepage`` unless that label is there."""
    urls = info.get("project_urls")
    pairs = list(urls.items())[:MOST] if isinstance(urls, Mapping) else []
    links = {_text(label): _text(url) for label, url in pairs}
    if home := _text(info.get("home_page")):
        links.setdefault("Homepage", home)
    return {label: url for label, url in links.items() if url}
