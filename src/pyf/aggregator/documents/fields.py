"""Every field of a document, declared once.

What is sent to the search server, the cleaning of values, the check of an existing collection and
the reference page derive from ``FIELDS``; a new field is one more declaration. A room that adds
facts (GitHub, downloads, ...) declares its fields as one more group with its own ``source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from . import schema
from .field import CARRIED_SOURCES, DocumentField
from .schema import SchemaDifference

__all__ = [
    "BY_NAME",
    "CARRIED_SOURCES",
    "DEFAULT_SORTING_FIELD",
    "FIELDS",
    "DocumentField",
    "SchemaDifference",
    "collection_schema",
    "fingerprint",
    "schema_differences",
]

DEFAULT_SORTING_FIELD = "upload_timestamp"

_VERSION_SYMBOLS = (".", "-", "_", "+", "!")
_NAME_SYMBOLS = (".", "-", "_", "@", "/", "+", "!", "~")

_text = partial(DocumentField, type="string", source="release")
_words = partial(DocumentField, type="string[]", source="release", optional=True, zero=())
_flag = partial(DocumentField, type="bool", source="release", facet=True, zero=False)
_int32 = partial(DocumentField, type="int32", source="release", zero=0)
_int64 = partial(DocumentField, type="int64", source="files", zero=0)
# Shown with a hit, never searched.
_shown = partial(DocumentField, type="string", source="release", index=False, optional=True)

_IDENTITY = (
    _text("id", "Key of the document: `<name>-<version>` with the registry's spelling."),
    _text("identifier", "The same as `id`, to filter by.", facet=True, symbols=_NAME_SYMBOLS),
    _text("registry", "The registry: `pypi` or `npm`.", source="project", facet=True),
    _text(
        "name",
        "Name of the project as the registry spells it; searched by its parts.",
        facet=True,
        infix=True,
    ),
    _text("name_sortable", "The name in lower case, to sort by.", facet=True, sort=True),
    _text(
        "name_normalized",
        "The PEP 503 form of the name, one word: filter by it to get one project.",
        facet=True,
        symbols=_NAME_SYMBOLS,
    ),
)

_VERSION = (
    _text("version", "The version as the registry spells it.", symbols=_VERSION_SYMBOLS),
    _text(
        "version_sortable",
        "Sorts releases: stable ones first, then by PEP 440 (see below).",
        sort=True,
        zero="0",
    ),
    _int32("version_major", "First number of the version; 0 if it is not PEP 440."),
    _int32("version_minor", "Second number of the version, or 0."),
    _int32("version_bugfix", "Third number of the version, or 0."),
    _flag("is_latest", "True on the one release that the registry calls latest.", source="project"),
    _flag("is_prerelease", "True for alpha, beta, rc and dev releases."),
)

_DESCRIPTION = (
    _text("summary", "One line on what the project is.", optional=True),
    _text(
        "description",
        "The README as uploaded, at most 512 KiB of it.",
        optional=True,
        limit=512 * 1024,
    ),
    _shown("description_content_type", "Markup of the description, such as `text/x-rst`."),
    _text("author", "Names of the authors.", optional=True, facet=True),
    _text("author_email", "E-mail addresses of the authors.", optional=True),
    _text("maintainer", "Names of the maintainers.", optional=True, facet=True),
    _text("maintainer_email", "E-mail addresses of the maintainers.", optional=True),
    _text(
        "license",
        "Short label: the licence expression, else the classifiers', else a short free text.",
        optional=True,
        facet=True,
        symbols=(".", "-", "+"),
    ),
    _text("platform", "Platforms the release names.", optional=True),
    _words("keywords", "Keywords, one each.", facet=True),
    _words("classifiers", "Trove classifiers.", facet=True, symbols=(".", "+", "#")),
)

_NEEDS = (
    _words(
        "python_versions",
        "Python versions of the classifiers, such as `Python 3.12`.",
        facet=True,
        symbols=(".",),
    ),
    _words(
        "framework_versions",
        "Framework and version of the classifiers, such as `Plone 6.0`.",
        facet=True,
        symbols=(".",),
    ),
    _words("requires_dist", "Dependencies, as PEP 508 requirements."),
    _words("provides_extra", "Names of the extras."),
    _shown("requires_python", "Python versions that the release installs on."),
)

_LINKS = (
    _shown("home_page", "Home page of the project."),
    _shown("docs_url", "Documentation on the registry's old documentation host."),
    _shown("package_url", "Page of the project on the registry."),
    _shown("project_url", "Page of the project on the registry."),
    _shown("release_url", "Page of the release on the registry."),
    _shown("download_url", "Where else the release can be downloaded."),
    _shown("bugtrack_url", "Where bugs are reported, from old metadata."),
    _shown("project_urls", "Labels and their addresses.", type="object"),
)

_FILES = (
    _int64("upload_timestamp", "First upload of the release, Unix seconds UTC; 0 if unknown."),
    _int32("files_count", "Number of files of the release.", source="files"),
    _int64("files_size", "Size of all files together in bytes; 0 if unknown."),
    _shown("files_digest", "Changes when a file is added, removed or yanked.", source="files"),
    _flag("yanked", "True when the release is withdrawn from installation.", source="files"),
    _shown("yanked_reason", "Why it was yanked.", source="files"),
)

_PROJECT = (
    _int64("serial", "Serial of the project when the document was written.", source="project"),
    _text(
        "status",
        "`active`, `archived` or `quarantined`; absent until known.",
        source="status",
        optional=True,
        facet=True,
    ),
)

_README = (
    _shown("title", "First heading of the README.", source="readme"),
    _shown(
        "first_chapter",
        "README up to its first section, as safe HTML.",
        source="readme",
        limit=64 * 1024,
    ),
    _shown(
        "main_content",
        "README without its changelog, as safe HTML.",
        source="readme",
        limit=512 * 1024,
    ),
    _shown(
        "changelog",
        "Changelog found in the README, as safe HTML.",
        source="readme",
        limit=256 * 1024,
    ),
    _shown(
        "screenshots",
        "Pictures of the README that show something.",
        type="string[]",
        source="readme",
    ),
    _shown("readme_problem", "Why the README is shown as plain text.", source="readme"),
)

_count = partial(DocumentField, type="int64", optional=True)

_GITHUB = (
    _count("github_stars", "Stargazers of the repository.", source="github"),
    _count("github_watchers", "Watchers of the repository.", source="github"),
    _count(
        "github_open_issues",
        "Open issues, pull requests not among them where known.",
        source="github",
    ),
    _count("github_forks", "Forks of the repository.", source="github"),
    _count("github_updated", "Last update of the repository, Unix seconds UTC.", source="github"),
    _count("github_pushed", "Last push to the repository, Unix seconds UTC.", source="github"),
    _text("github_url", "Address of the repository.", source="github", optional=True, facet=True),
    _flag(
        "github_archived",
        "True when the repository is archived.",
        source="github",
        optional=True,
        zero=None,
    ),
    _words("github_topics", "Topics of the repository.", source="github", facet=True, zero=None),
    _text(
        "github_license", "SPDX id that GitHub found.", source="github", optional=True, facet=True
    ),
    _count("github_shared_by", "Projects that the repository is known to hold.", source="github"),
    _shown(
        "contributors",
        "Top five: `username`, `avatar_url`, `contributions`.",
        type="object[]",
        source="github",
    ),
)

_DOWNLOADS = (
    _count(
        "download_last_day",
        "Downloads of the last day loaded, without mirrors.",
        source="downloads",
    ),
    _count("download_last_week", "Downloads of the last 7 days.", source="downloads"),
    _count("download_last_month", "Downloads of the last 30 days.", source="downloads"),
    _count("download_total", "Downloads since the first day stored.", source="downloads"),
    _count(
        "download_updated", "When the counts were brought, Unix seconds UTC.", source="downloads"
    ),
    DocumentField(
        "download_trend",
        "Momentum: this period against the one before; 0 is no change.",
        "float",
        "downloads",
        optional=True,
    ),
    _count(
        "download_rank",
        "Place among all packages by downloads of 30 days; 1 is first.",
        source="downloads",
    ),
    _flag(
        "stale",
        "True when the last load did not have the package.",
        source="downloads",
        optional=True,
        zero=None,
    ),
)

_SECURITY = (
    _shown(
        "vulnerabilities",
        "Advisories that match the release: `id`, `aliases`, `severity`, `summary`, `fixed_in`.",
        type="object[]",
        source="security",
    ),
    _flag(
        "is_vulnerable",
        "True when an advisory matches the release.",
        source="security",
        optional=True,
        zero=None,
    ),
    _words(
        "flags",
        "`malicious`, `quarantined`, `suspected-typosquat`.",
        source="security",
        facet=True,
        symbols=("-",),
        zero=None,
    ),
    _text(
        "resembles",
        "The popular project that a suspected typosquat resembles.",
        source="security",
        optional=True,
        facet=True,
    ),
)

_HEALTH = (
    DocumentField(
        "health_score",
        "0 to 100; what it is made of stands in the breakdown.",
        "int32",
        "health",
        optional=True,
        facet=True,
    ),
    _shown(
        "health_score_breakdown",
        "Parts of the score with points, problems and bonuses.",
        type="object",
        source="health",
    ),
    DocumentField(
        "health_score_version", "Version of the formula.", "int32", "health", optional=True
    ),
    _count(
        "health_score_last_calculated", "When it was computed, Unix seconds UTC.", source="health"
    ),
    _words(
        "insights",
        "`hidden-gem`, `rising`, `needs-maintainers`, `abandoned-dependency-risk`.",
        source="health",
        facet=True,
        symbols=("-",),
        zero=None,
    ),
)

FIELDS: tuple[DocumentField, ...] = (
    *_IDENTITY,
    *_VERSION,
    *_DESCRIPTION,
    *_NEEDS,
    *_LINKS,
    *_FILES,
    *_PROJECT,
    *_README,
    *_GITHUB,
    *_DOWNLOADS,
    *_SECURITY,
    *_HEALTH,
)

BY_NAME: Mapping[str, DocumentField] = {field.name: field for field in FIELDS}


def collection_schema(name: str) -> dict[str, object]:
    """Return the body of ``POST /collections`` for a collection of that name."""
    return schema.collection_schema(name, FIELDS, DEFAULT_SORTING_FIELD)


def fingerprint() -> str:
    """Return 16 hex digits that change when the schema does."""
    return schema.fingerprint(FIELDS, DEFAULT_SORTING_FIELD)


def schema_differences(remote: Mapping[str, object]) -> list[SchemaDifference]:
    """Compare the answer of ``GET /collections/<name>`` with the field table; [] if it fits."""
    return schema.find_differences(remote, FIELDS, DEFAULT_SORTING_FIELD)
