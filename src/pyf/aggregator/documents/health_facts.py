"""What the health of a project is judged by, read from the document of its latest release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["FACT_FIELDS", "HealthFacts", "facts_of"]

FACT_FIELDS = (
    *("upload_timestamp", "description", "docs_url", "project_urls", "home_page", "screenshots"),
    *("readme_problem", "author", "author_email", "maintainer", "maintainer_email", "license"),
    *("classifiers", "github_stars", "github_pushed", "github_updated", "github_open_issues"),
    *("github_archived", "download_last_month", "download_trend", "download_rank"),
    *("vulnerabilities", "is_vulnerable", "flags", "status", "yanked"),
)
"""Fields of a document that are read."""

_LABEL = re.compile(r"\b(?:docs?|documentation|read ?the ?docs|manual|user guide|handbook)\b", re.I)
_HOST = re.compile(r"^docs?\.|(?:^|\.)(?:readthedocs\.(?:io|org)|rtfd\.(?:io|org)|gitbook\.io)$")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}]{4,500}")
_PATH = re.compile(r"/(?:docs?|documentation|manual)(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """Facts of a project and its latest release; None and 0 where nothing is known.

    Times are Unix seconds UTC. ``is_upload_other`` is true where the latest release has no date and
    ``uploaded`` is that of another one. ``severities`` has one word for each open vulnerability
    (critical, high, medium, low; anything else is unrated), ``vulnerabilities`` their ids.
    """

    uploaded: int = 0
    is_upload_other: bool = False
    description_characters: int = 0
    description_words: int = 0
    has_docs_url: bool = False
    has_docs_link: bool = False
    screenshots: int = 0
    readme_problem: str = ""
    has_people: bool = False
    has_license: bool = False
    classifiers: int = 0
    stars: int | None = None
    pushed: int | None = None
    open_issues: int | None = None
    downloads: int | None = None
    download_trend: float | None = None
    download_rank: int | None = None
    severities: tuple[str, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    is_archived: bool = False
    is_quarantined: bool = False
    is_malicious: bool = False
    is_suspected: bool = False
    is_yanked: bool = False


def facts_of(document: Mapping[str, Any], newest_upload: int = 0) -> HealthFacts:
    """Return the facts that a document holds; one that lacks fields just tells less.

    ``newest_upload`` is what is known of the project's other releases, Unix seconds UTC; it counts
    for a latest release without a date.
    """
    description = document.get("description") or ""
    flags = document.get("flags") or ()
    status = document.get("status")
    open_ones = document.get("vulnerabilities") or ()
    pushed = document.get("github_pushed")
    people = ("author", "author_email", "maintainer", "maintainer_email")
    return HealthFacts(
        uploaded=document.get("upload_timestamp") or newest_upload,
        is_upload_other=not document.get("upload_timestamp") and newest_upload > 0,
        description_characters=len(description.strip()),
        description_words=len(description.split()),
        has_docs_url=bool(document.get("docs_url")),
        has_docs_link=_links_documentation(document, description),
        screenshots=len(document.get("screenshots") or ()),
        readme_problem=document.get("readme_problem") or "",
        has_people=any(document.get(key) for key in people),
        has_license=bool(document.get("license")),
        classifiers=len(document.get("classifiers") or ()),
        stars=document.get("github_stars"),
        pushed=pushed if pushed is not None else document.get("github_updated"),
        open_issues=document.get("github_open_issues"),
        downloads=document.get("download_last_month"),
        download_trend=document.get("download_trend"),
        download_rank=document.get("download_rank"),
        severities=tuple(str(each.get("severity") or "").lower() for each in open_ones),
        vulnerabilities=tuple(str(each.get("id") or "") for each in open_ones),
        is_archived=status == "archived" or document.get("github_archived") is True,
        is_quarantined=status == "quarantined" or "quarantined" in flags,
        is_malicious="malicious" in flags,
        is_suspected="suspected-typosquat" in flags,
        is_yanked=document.get("yanked") is True,
    )


def _links_documentation(document: Mapping[str, Any], description: str) -> bool:
    """Whether a project URL is named so, or any address leads to documentation."""
    urls = document.get("project_urls") or {}
    labels = (str(label).replace("_", " ").replace("-", " ") for label in urls)
    if any(_LABEL.search(label) for label in labels):
        return True
    addresses = [*map(str, urls.values()), str(document.get("home_page") or "")]
    return any(map(_is_documentation, (*addresses, *_ADDRESS.findall(description))))


def _is_documentation(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return False
    if host.startswith(("img.", "badge.")) or "badge" in parts.path:
        return False
    if host == "docs.python.org":  # somebody else's
        return False
    return bool(_HOST.search(host) or _PATH.search(parts.path.lower()))
