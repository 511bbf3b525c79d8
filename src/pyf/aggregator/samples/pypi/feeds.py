"""The RSS feeds: newest releases, newest projects, releases of one project."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, getaddresses
from html import escape
from itertools import chain, islice

from .model import Info, SampleProject, SampleRelease
from .sample_index import SampleIndex

_RELEASES = 100
_PROJECTS = 40


def updates(index: SampleIndex, base_url: str) -> bytes:
    """Return the feed of the hundred newest releases."""
    items = (
        _release_item(f"{project.name} {release.version}", project, release, base_url)
        for project, release in index.newest_releases()
    )
    shown = islice(chain(items, index.source.feed_items("updates")), _RELEASES)
    about = "Recent updates to the Python Package Index"
    return _feed("PyPI recent updates", f"{base_url}/", about, shown)


def packages(index: SampleIndex, base_url: str) -> bytes:
    """Return the feed of the forty newest projects."""
    items = (_project_item(project, base_url) for project in index.newest_projects())
    shown = islice(chain(items, index.source.feed_items("packages")), _PROJECTS)
    about = "Newest packages registered at the Python Package Index"
    return _feed("PyPI newest packages", f"{base_url}/", about, shown)


def releases(project: SampleProject, base_url: str) -> bytes:
    """Return the feed of the forty newest releases of a project."""
    newest = sorted(project.visible_releases(), key=lambda each: each.created, reverse=True)
    items = (
        _release_item(release.version, project, release, base_url) for release in newest[:_PROJECTS]
    )
    title = f"PyPI recent updates for {project.name}"
    about = f"Recent updates to the Python Package Index for {project.name}"
    return _feed(title, f"{base_url}/project/{project.normalized}/", about, items)


def _release_item(title: str, project: SampleProject, release: SampleRelease, base_url: str) -> str:
    link = f"{base_url}/project/{project.normalized}/{release.version}/"
    return _item(title, link, None, release, release.created)


def _project_item(project: SampleProject, base_url: str) -> str:
    link = f"{base_url}/project/{project.normalized}/"
    title = f"{project.name} added to PyPI"
    return _item(title, link, link, project.releases[0], project.created)


def _item(title: str, link: str, guid: str | None, release: SampleRelease, moment: float) -> str:
    info = release.describe()
    author = _addresses(info)
    date = format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
    parts = [f"<title>{escape(title)}</title>", f"<link>{escape(link)}</link>"]
    parts += [f"<guid>{escape(guid)}</guid>"] if guid else []
    parts += [f"<description>{escape(info.get('summary') or '')}</description>"]
    parts += [f"<author>{escape(author)}</author>"] if author else []
    return f"<item>{''.join(parts)}<pubDate>{date}</pubDate></item>"


def _addresses(info: Info) -> str | None:
    """Return the e-mail addresses of a release, None when one of them is not one."""
    found = [address for _, address in getaddresses([info.get("author_email") or ""])]
    return ", ".join(found) if found and all("@" in each for each in found) else None


def _feed(title: str, link: str, about: str, items: Iterable[str]) -> bytes:
    channel = (
        f"<title>{escape(title)}</title><link>{escape(link)}</link>"
        f"<description>{escape(about)}</description><language>en</language>"
    )
    body = "\n".join(items)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
    return f"{head}{channel}\n{body}\n</channel></rss>\n".encode()
