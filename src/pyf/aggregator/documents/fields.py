"""Every field of a document, declared once.

What is sent to the search server, the cleaning of values, the check of an existing collection and
the reference page derive from ``FIELDS``; a new field is one more declaration. A room that adds
facts (GitHub, downloads, ...) declares its fields as one more group with its own ``source``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

__all__ = [
    "BY_NAME",
    "CARRIED_SOURCES",
    "COLLECTION_SEPARATORS",
    "DEFAULT_SORTING_FIELD",
    "FIELDS",
    "FINGERPRINT",
    "Field",
    "FieldType",
    "Source",
    "collection_schema",
    "fingerprint",
]

FieldType = Literal["string", "string[]", "int32", "int64", "float", "bool", "object", "object[]"]

Source = Literal[
    "release",  # metadata of the release
    "files",  # its files
    "project",  # what the registry says of the project
    "status",  # the project's status in the Simple API
    "readme",  # rendered from the description
    "github",
    "downloads",
    "security",
    "health",
]

CARRIED_SOURCES: frozenset[Source] = frozenset(
    {"status", "github", "downloads", "security", "health"}
)
"""Sources that a release's own metadata cannot restore: carried over when it is written again."""

DEFAULT_SORTING_FIELD = "upload_timestamp"
COLLECTION_SEPARATORS = (".", "-", "_", "@", "/")
FINGERPRINT = "fields_fingerprint"
"""Key in a collection's metadata under which the fingerprint of this table stands."""

_TEXT_LIMIT = 16 * 1024
_VERSION_SYMBOLS = (".", "-", "_", "+", "!")
_NAME_SYMBOLS = (".", "-", "_", "@", "/", "+", "!", "~")
_NUMBERS = ("int32", "int64", "float", "bool")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how it is stored and searched, who provides it, what it means.

    ``zero`` is written when the source has nothing; ``None`` leaves the field out, which only
    an ``optional`` field may. ``limit`` is the size of a text, or of each text of a list, in
    bytes of UTF-8. ``symbols`` are indexed as part of a word, so that a filter tells ``6.0``
    from ``60``. ``object`` holds JSON that is shown and never searched.
    """

    name: str
    meaning: str
    type: FieldType
    source: Source
    facet: bool = False
    sort: bool = False
    index: bool = True
    optional: bool = False
    infix: bool = False
    symbols: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    zero: object = None
    limit: int = _TEXT_LIMIT

    @property
    def is_sorted(self) -> bool:
        """Tell whether results can be sorted by it; numbers always can."""
        return self.index and (self.sort or self.type in _NUMBERS)

    @property
    def is_carried(self) -> bool:
        """Tell whether the field keeps its value when the release is written again."""
        return self.source in CARRIED_SOURCES


_text = partial(Field, type="string", source="release")
_words = partial(Field, type="string[]", source="release", optional=True, zero=())
_flag = partial(Field, type="bool", source="release", facet=True, zero=False)
_int32 = partial(Field, type="int32", source="release", zero=0)
_int64 = partial(Field, type="int64", source="files", zero=0)
# Shown with a hit, never searched.
_shown = partial(Field, type="string", source="release", index=False, optional=True)

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

FIELDS: tuple[Field, ...] = (
    *_IDENTITY,
    *_VERSION,
    *_DESCRIPTION,
    *_NEEDS,
    *_LINKS,
    *_FILES,
    *_PROJECT,
)

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}


def collection_schema(name: str) -> dict[str, object]:
    """Return the body of ``POST /collections`` for a collection of that name."""
    return {"name": name, **_schema(), "metadata": {FINGERPRINT: fingerprint()}}


def fingerprint() -> str:
    """Return 16 hex digits that change when the schema does."""
    canonical = json.dumps(_schema(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _schema() -> dict[str, object]:
    return {
        # The key is the server's own field and may not be declared.
        "fields": [_declaration(field) for field in FIELDS if field.name != "id"],
        "default_sorting_field": DEFAULT_SORTING_FIELD,
        "token_separators": list(COLLECTION_SEPARATORS),
    }


def _declaration(field: Field) -> dict[str, object]:
    """Return the field as the server takes it; flags at their default are left out."""
    # A server validates and flattens `object` even where it does not index; `auto` it only keeps.
    is_object = field.type in ("object", "object[]")
    declared: dict[str, object] = {"name": field.name, "type": "auto" if is_object else field.type}
    declared |= {flag: True for flag in ("facet", "optional", "infix") if getattr(field, flag)}
    if field.sort:
        declared["sort"] = True
    if not field.index:
        declared["index"] = False
    if field.symbols:
        declared["symbols_to_index"] = list(field.symbols)
    if field.separators:
        declared["token_separators"] = list(field.separators)
    return declared
