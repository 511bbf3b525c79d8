"""One release's metadata in, one document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import AggregatorError
from ..names import normalize_name
from .field_values import FieldProblem, clean_document
from .fields import BY_NAME
from .labels import framework_versions, keywords, license_label, python_versions
from .people import parse_people
from .release_files import files_digest, read_files
from .text import is_absent, one_line
from .versions import version_parts, version_sortable

__all__ = [
    "BuiltDocument",
    "FieldProblem",
    "InvalidMetadata",
    "ProjectFacts",
    "build_document",
    "carried_facts",
    "document_id",
    "files_digest",
]

_LONGEST_IDENTITY = 500
_MOST_INT32 = 2**31 - 1
_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@!")
_AS_THEY_STAND = ("description", "description_content_type", "requires_python")
_ONE_LINE = ("summary", "platform")
_LISTS = ("classifiers", "requires_dist", "provides_extra")
_LINKS = (
    "home_page",
    "docs_url",
    "package_url",
    "project_url",
    "release_url",
    "download_url",
    "bugtrack_url",
)

Values = dict[str, object]


class InvalidMetadata(AggregatorError):
    """The metadata does not tell which release it describes; there can be no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What the registry says of the whole project.

    ``serial`` 0 and ``status`` None where it is not known; a status that is not known leaves
    the one that is carried over.
    """

    serial: int
    latest_version: str
    status: str | None = None
    registry: str = "pypi"


@dataclass(frozen=True, slots=True)
class BuiltDocument:
    """A document fit for the search server, and what the metadata lost on the way."""

    document: dict[str, object]
    problems: tuple[FieldProblem, ...]


def build_document(
    info: Mapping[str, object],
    files: Sequence[object],
    project: ProjectFacts,
    facts: Mapping[str, object] | None = None,
) -> BuiltDocument:
    """Return the document of the release that ``info`` and ``files`` describe.

    ``info`` is the object of that name in the registry's answer for the release, ``files`` its
    files, ``facts`` what ``carried_facts`` took from the document that this one replaces. Bad
    values cost their field and are told as problems; ``InvalidMetadata`` is raised when name or
    version cannot be used.
    """
    reader = _Reader(info)
    name, version = _identity(info)
    values: Values = {
        **_carried_values(facts or {}, reader),
        **_identity_values(name, version),
        **_version_values(version),
        **_description_values(reader),
        **_classifier_values(reader),
        **_people_values(reader),
        **_link_values(reader),
        **_file_values(files, reader),
        **_project_values(version, project),
    }
    document, lost = clean_document(values)
    return BuiltDocument(document, (*reader.problems, *lost))


def document_id(name: str, version: str) -> str:
    """Return the key of a release's document: ``<name>-<version>``, safe in a URL and a filter.

    A slash becomes two hyphens (``@plone/volto`` -> ``@plone--volto``), any other character
    that a URL would escape ``~`` and the hex digits of its UTF-8 bytes.
    """
    plain = f"{name}-{version}".replace("/", "--")
    if _ID_CHARACTERS.issuperset(plain):
        return plain
    return "".join(c if c in _ID_CHARACTERS else "~" + c.encode().hex() for c in plain)


def carried_facts(document: Mapping[str, object]) -> dict[str, object]:
    """Return what the registry's metadata cannot restore, to build the document anew with."""
    return {
        name: value
        for name, value in document.items()
        if name in BY_NAME and BY_NAME[name].is_carried and value is not None
    }


class _Reader:
    """Values of ``info`` by key, and the problems met."""

    def __init__(self, info: Mapping[str, object]) -> None:
        self._info = info
        self.problems: list[FieldProblem] = []

    def add_problem(self, field: str, reason: object) -> None:
        self.problems.append(FieldProblem(field, str(reason)))

    def value(self, key: str) -> object:
        """Return a value, or None where it says nothing."""
        value = self._info.get(key)
        return None if is_absent(value) else value

    def line(self, key: str) -> object:
        """Return a text on one line, a list of texts joined; other types as they are."""
        value = self.value(key)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        return one_line(value) if isinstance(value, str) else value

    def texts(self, key: str) -> list[str]:
        """Return the texts of a list, [] for anything else."""
        value = self.value(key)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _identity(info: object) -> tuple[str, str]:
    if not isinstance(info, Mapping):
        raise InvalidMetadata("the metadata of a release has no name and version")
    name, version = info.get("name"), info.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise InvalidMetadata(f"a release has no name or version: {name!r:.80}, {version!r:.80}")
    for value in (name := name.strip(), version := version.strip()):
        if not value or not value.isprintable() or len(value) > _LONGEST_IDENTITY:
            raise InvalidMetadata(
                f"a release cannot be named: {name!r:.80}, version {version!r:.80}"
            )
    return name, version


def _identity_values(name: str, version: str) -> Values:
    key = document_id(name, version)
    return {
        "id": key,
        "identifier": key,
        "name": name,
        "name_sortable": name.lower(),
        "name_normalized": str(normalize_name(name)),
    }


def _version_values(version: str) -> Values:
    shown = version_parts(version)
    return {
        "version": version,
        "version_sortable": version_sortable(version),
        "version_major": min(shown.major, _MOST_INT32),
        "version_minor": min(shown.minor, _MOST_INT32),
        "version_bugfix": min(shown.bugfix, _MOST_INT32),
        "is_prerelease": shown.is_prerelease,
    }


def _description_values(reader: _Reader) -> Values:
    values: Values = {key: reader.value(key) for key in _AS_THEY_STAND}
    values |= {key: reader.line(key) for key in _ONE_LINE}
    values |= {key: reader.value(key) for key in _LISTS}
    try:
        values["keywords"] = keywords(reader.value("keywords"))
    except TypeError as error:
        reader.add_problem("keywords", error)
    return values


def _classifier_values(reader: _Reader) -> Values:
    classifiers = reader.texts("classifiers")
    values: Values = {
        "python_versions": python_versions(classifiers),
        "framework_versions": framework_versions(classifiers),
    }
    try:
        values["license"] = license_label(
            reader.value("license_expression"), classifiers, reader.value("license")
        )
    except ValueError as error:
        reader.add_problem("license", error)
    return values


def _people_values(reader: _Reader) -> Values:
    values: Values = {}
    for role in ("author", "maintainer"):
        try:
            found = parse_people(reader.value(role), reader.value(f"{role}_email"))
        except TypeError as error:
            reader.add_problem(role, error)
        else:
            values |= {role: found.names, f"{role}_email": found.addresses}
    return values


def _link_values(reader: _Reader) -> Values:
    return {
        **{key: reader.line(key) for key in _LINKS},
        "project_urls": _project_urls(reader),
    }


def _project_urls(reader: _Reader) -> object:
    value = reader.value("project_urls")
    if isinstance(value, list):  # core metadata has lines of "label, address"
        pairs = [item.partition(",")[::2] for item in value if isinstance(item, str)]
        value = dict(pairs)
    if not isinstance(value, Mapping):
        return value
    urls = {}
    for label, url in value.items():
        if isinstance(url, str) and not is_absent(url):
            urls[str(label).strip()] = url.strip()
        elif url is not None and not isinstance(url, str):
            reader.add_problem("project_urls", f"the address of {str(label)!r:.40} is not a text")
    return urls or None


def _file_values(files: Sequence[object], reader: _Reader) -> Values:
    known = read_files(files)
    if known.unreadable:
        reader.add_problem("files_count", f"{known.unreadable} files are not objects")
    yanked = known.all_yanked or reader.value("yanked") is True
    return {
        "upload_timestamp": known.uploaded,
        "files_count": known.count,
        "files_size": known.size,
        "files_digest": files_digest(files),
        "yanked": yanked,
        "yanked_reason": (reader.line("yanked_reason") or known.yanked_reason) if yanked else None,
    }


def _project_values(version: str, project: ProjectFacts) -> Values:
    values: Values = {
        "registry": project.registry,
        "serial": project.serial,
        "is_latest": version == project.latest_version,
    }
    return values | ({"status": project.status} if project.status else {})


def _carried_values(facts: Mapping[str, object], reader: _Reader) -> Values:
    carried = carried_facts(facts)
    for name in sorted(facts.keys() - carried.keys()):
        reader.add_problem(name, "is not a fact to carry over")
    return carried
