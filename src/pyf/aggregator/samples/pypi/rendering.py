"""Bodies of the JSON API and the Simple API."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import orjson

from .model import FileObject, Info, SampleProject, SampleRelease, in_version_order

API_VERSION = "1.4"

# Every key the index always sends, for releases whose metadata does not name it.
_INFO_KEYS: Info = dict.fromkeys(
    (
        "author", "author_email", "description", "description_content_type", "docs_url",
        "download_url", "dynamic", "home_page", "keywords", "license", "license_expression",
        "license_files", "maintainer", "maintainer_email", "platform", "project_urls",
        "provides_extra", "requires_dist", "requires_python", "summary",
    )
)  # fmt: skip


def info_of(project: SampleProject, release: SampleRelease, base_url: str) -> Info:
    """Return the ``info`` object of a release."""
    address = f"{base_url}/project/{project.normalized}/"
    return {
        **_INFO_KEYS,
        **release.describe(),
        "bugtrack_url": None,
        "classifiers": release.classifiers,
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "name": project.name,
        "package_url": address,
        "project_url": address,
        "release_url": f"{address}{release.version}/",
        "version": release.version,
        "yanked": release.yanked is not None,
        "yanked_reason": release.yanked or None,
    }


def json_answer(
    project: SampleProject, release: SampleRelease, base_url: str, *, whole: bool
) -> bytes:
    """Return the answer for a release; ``whole`` is the project's, with all ``releases``."""
    roles = [{"role": "Owner", "user": user} for user in project.owners]
    answer: dict[str, Any] = {
        "info": info_of(project, release, base_url),
        "last_serial": project.serial,
        "ownership": {"organization": project.organization, "roles": roles},
        "urls": release.visible_files(),
        "vulnerabilities": [],
    }
    if whole:
        answer["releases"] = {
            each.version: each.visible_files() for each in project.visible_releases()
        }
        answer["urls"] = answer["releases"].get(release.version, [])
    return orjson.dumps(answer)


def _simple_file(file: FileObject) -> dict[str, Any]:
    metadata = file.get("core-metadata") or False
    sha256 = (file.get("digests") or {}).get("sha256")
    return {
        "core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "filename": file["filename"],
        "hashes": {"sha256": sha256} if sha256 else {},
        "provenance": None,
        "requires-python": file.get("requires_python"),
        "size": file.get("size") or 0,
        "upload-time": file.get("upload_time_iso_8601"),
        "url": file["url"],
        "yanked": (file["yanked_reason"] or True) if file["yanked"] else False,
    }


def _page(project: SampleProject) -> dict[str, Any]:
    """Return the project page as the JSON form has it."""
    shown = [] if project.status == "quarantined" else project.visible_releases()
    files = {each.version: each.visible_files() for each in shown}
    versions = in_version_order(version for version, found in files.items() if found)
    return {
        "alternate-locations": [],
        "files": [_simple_file(file) for version in versions for file in files[version]],
        "meta": {"_last-serial": project.serial, "api-version": API_VERSION},
        "name": project.normalized,
        "project-status": {"status": project.status},
        "versions": versions,
    }


def simple_json(project: SampleProject) -> bytes:
    """Return the project page as JSON."""
    return orjson.dumps(_page(project))


def simple_html(project: SampleProject) -> bytes:
    """Return the project page as HTML, in the form that was frozen before ``versions``."""
    page = _page(project)
    lines = [_head(f"Links for {project.normalized}"), f"<h1>Links for {project.normalized}</h1>"]
    lines += [_anchor(file) for file in page["files"]]
    return "\n".join([*lines, f"</body></html>\n<!--SERIAL {project.serial}-->"]).encode()


def _anchor(file: dict[str, Any]) -> str:
    digest = "".join(f"#{kind}={value}" for kind, value in file["hashes"].items())
    marks = ""
    if file["requires-python"]:
        marks += f' data-requires-python="{escape(file["requires-python"])}"'
    if file["yanked"] is not False:
        marks += f' data-yanked="{escape("" if file["yanked"] is True else file["yanked"])}"'
    if file["core-metadata"]:
        sha256 = file["core-metadata"]["sha256"]
        marks += f' data-core-metadata="sha256={sha256}" data-dist-info-metadata="sha256={sha256}"'
    return f'<a href="{escape(file["url"])}{digest}"{marks}>{escape(file["filename"])}</a><br />'


def root_json(listing: Iterable[tuple[str, str, int]], serial: int) -> bytes:
    """Return the list of all projects as JSON; names hold no character that needs escaping."""
    projects = ",".join(f'{{"_last-serial":{last},"name":"{name}"}}' for _, name, last in listing)
    meta = f'{{"_last-serial":{serial},"api-version":"{API_VERSION}"}}'
    return f'{{"meta":{meta},"projects":[{projects}]}}'.encode()


def root_html(listing: Iterable[tuple[str, str, int]], serial: int) -> bytes:
    """Return the list of all projects as HTML."""
    links = (f'<a href="/simple/{key}/">{name}</a>' for key, name, _ in listing)
    head = _head("Simple index")
    return "\n".join([head, *links, f"</body></html>\n<!--SERIAL {serial}-->"]).encode()


def _head(title: str) -> str:
    meta = '<meta name="pypi:repository-version" content="1.3">'
    return f"<!DOCTYPE html>\n<html><head>{meta}<title>{title}</title></head><body>"
