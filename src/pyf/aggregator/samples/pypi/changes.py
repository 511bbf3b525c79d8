"""Changes to the sample index, journaled as the real one journals them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...errors import NotFound, UsageError
from ...names import normalize_name
from .files import Tag, file_object, files_of, tags_of
from .model import VALID_NAME, ChangelogRow, Info, SampleProject, SampleRelease, Status, iso_time
from .sample_index import SampleIndex

_OWNER = "maintainer"
_BLANK: Info = {
    "summary": "A project for tests",
    "description": "# A project\n\nPublished while the server runs.\n",
    "description_content_type": "text/markdown",
    "keywords": None,
    "license": None,
    "license_expression": "MIT",
    "author": "Ada Lindgren",
    "author_email": "ada@mail.example",
    "requires_python": ">=3.10",
    "classifiers": (),
    "requires_dist": None,
    "project_urls": None,
}


class IndexChanges:
    """Applies changes; each returns the serial that the index has afterwards.

    ``before`` is called with a normalised name ahead of its change, so that outdated answers
    can be kept. ``clock`` tells the time in seconds since 1970.

    Raises (all of them):
        NotFound: the project or release is not there.
        UsageError: the change makes no sense, as publishing a release twice.
    """

    def __init__(
        self,
        index: SampleIndex,
        before: Callable[[str], None] = lambda name: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._index = index
        self._before = before
        self._clock = clock

    def publish(
        self,
        name: str,
        version: str,
        *,
        classifiers: Sequence[str] | None = None,
        info: Info | None = None,
        files: int = 2,
        uploaded: float | None = None,
    ) -> int:
        """Publish a release, of a new project where there is none of that name.

        What ``classifiers`` and ``info`` leave open is taken from the latest release.
        ``uploaded`` is a time in seconds since 1970, now by default.
        """
        if not VALID_NAME.fullmatch(name) or not version or "/" in version:
            raise UsageError(f"not a name and a version: {name!r} {version!r}")
        found = self._index.project(normalize_name(name))
        if found and any(each.version == version for each in found.releases):
            raise UsageError(f"{name} {version} is there already")
        moment = self._now() if uploaded is None else uploaded
        project = found or self._new(name, moment)
        given = {} if classifiers is None else {"classifiers": list(classifiers)}
        release = _make_release(project, version, moment, files, {**(info or {}), **given})
        rows: list[tuple[str | None, str]] = []
        if found is None:
            rows += [(None, "create"), (None, f"add Owner {_OWNER}")]
            self._index.created.append(project.normalized)
        tags = tags_of(project.name, version, files, moment)
        rows += [(version, "new release"), *((version, _add_file_action(tag)) for tag in tags)]
        serial = self._apply(project.with_release(release), rows)
        self._index.released.append((project.normalized, version))
        return serial

    def add_file(self, name: str, version: str, filename: str) -> int:
        """Add a source archive or wheel to a release."""
        project, release = self._release(name, version)
        tag: Tag = (filename, "sdist", "source")
        if filename.endswith(".whl"):
            tag = (filename, "bdist_wheel", "py3")
        files = (*release.files(), file_object(tag, iso_time(self._now()), None))
        changed = replace(release, files=partial(tuple, files))
        return self._apply(
            project.with_release(changed), [(release.version, _add_file_action(tag))]
        )

    def yank(self, name: str, version: str, reason: str = "") -> int:
        """Yank a release."""
        return self._change_release(name, version, "yank release", yanked=reason)

    def unyank(self, name: str, version: str) -> int:
        """Take a yank back."""
        return self._change_release(name, version, "unyank release", yanked=None)

    def quarantine(self, name: str, version: str | None = None) -> int:
        """Put a project, or one release of it, into quarantine."""
        if version is None:
            return self._change_status(name, "quarantined", "project quarantined")
        return self._change_release(name, version, "release quarantined", quarantined=True)

    def clear_quarantine(self, name: str, version: str | None = None) -> int:
        """End the quarantine of a project, or of one release."""
        if version is None:
            return self._change_status(name, "active", "project quarantine cleared")
        action = "release quarantine cleared"
        return self._change_release(name, version, action, quarantined=False)

    def archive(self, name: str) -> int:
        """Archive a project: no journal row, the serial stays."""
        return self._change_status(name, "archived")

    def unarchive(self, name: str) -> int:
        """Take a project out of the archive: no journal row, the serial stays."""
        return self._change_status(name, "active")

    def delete_release(self, name: str, version: str) -> int:
        """Remove a release; its project stays, even without any."""
        project, release = self._release(name, version)
        kept = tuple(each for each in project.releases if each is not release)
        changed = replace(project, releases=kept, recorded=None)
        return self._apply(changed, [(release.version, "remove release")])

    def delete_project(self, name: str) -> int:
        """Remove a project with all it has."""
        project = self._project(name)
        return self._apply(project, [(None, "remove project")], gone=True)

    # -- parts --------------------------------------------------------------------------

    def _project(self, name: str) -> SampleProject:
        if (project := self._index.project(normalize_name(name))) is None:
            raise NotFound(f"there is no project {name}")
        return project

    def _release(self, name: str, version: str) -> tuple[SampleProject, SampleRelease]:
        project = self._project(name)
        if (release := project.find_release(version)) is None:
            raise NotFound(f"there is no release {name} {version}")
        return project, release

    def _change_release(self, name: str, version: str, action: str, **values: Any) -> int:
        project, release = self._release(name, version)
        changed = project.with_release(replace(release, **values))
        return self._apply(changed, [(release.version, action)])

    def _change_status(self, name: str, status: Status, action: str | None = None) -> int:
        changed = replace(self._project(name), status=status, recorded=None)
        return self._apply(changed, [(None, action)] if action else [])

    def _new(self, name: str, moment: float) -> SampleProject:
        key = normalize_name(name)
        return SampleProject(
            name, key, self._index.last_serial, releases=(), owners=(_OWNER,), created=moment
        )

    def _now(self) -> float:
        return max(self._clock(), self._index.source.last_time)

    def _apply(
        self, project: SampleProject, rows: Iterable[tuple[str | None, str]], *, gone: bool = False
    ) -> int:
        self._before(project.normalized)
        index, moment = self._index, int(self._now())
        for version, action in rows:
            row = ChangelogRow(project.name, version, moment, action, index.last_serial + 1)
            index.journal.append(row)
            project = replace(project, serial=row.serial)
        index.overrides[project.normalized] = None if gone else project
        index.revision += 1
        index.revisions[project.normalized] = index.revision
        return index.last_serial


def _add_file_action(tag: Tag) -> str:
    return f"add {tag[2]} file {tag[0]}"


def _make_release(
    project: SampleProject, version: str, moment: float, files: int, given: Info
) -> SampleRelease:
    """Return a new release; what ``given`` leaves open is as in the latest one."""
    latest = project.latest_release()
    old = {**latest.describe(), "classifiers": latest.classifiers} if latest else _BLANK
    info = {**old, **given}
    made = files_of(project.name, version, files, moment, info["requires_python"])
    return SampleRelease(
        version=version,
        created=moment,
        classifiers=tuple(sorted(info["classifiers"])),
        describe=partial(dict, info),
        files=partial(tuple, made),
    )
