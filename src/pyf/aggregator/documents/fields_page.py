"""The reference page of the document fields, written from the table."""

from __future__ import annotations

from collections.abc import Iterator

from .field import DocumentField, FieldSource
from .fields import DEFAULT_SORTING_FIELD, FIELDS
from .versions import version_sortable

__all__ = ["fields_page"]

_HEADINGS: dict[FieldSource, str] = {
    "release": "From the metadata of the release",
    "files": "From the files of the release",
    "project": "From the registry's entry of the project",
    "status": "From the project's page in the Simple API",
    "readme": "Rendered from the description",
    "github": "From GitHub",
    "downloads": "Download counts",
    "security": "Known vulnerabilities and malware",
    "health": "Health score",
}

_EXAMPLES = (
    "2.5.3",
    "3.0.0a2",
    "3.0.dev7",
    "1.0.post1",
    "1.0a2.dev3",
    "20240101",
    "1!2.0",
    "0.3dev-r91",
)

_INTRODUCTION = f"""# Document fields

One document stands for one release. This page is written from
`src/pyf/aggregator/documents/fields.py` by `python tools/fields_doc.py`.

*facet*: can be counted and grouped by. *sort*: results can be sorted by it. *infix*: can be found
by any part of a word. *shown*: comes with a hit, cannot be searched. *optional*: missing where
nothing is known; the other fields are always there, lists perhaps empty, numbers perhaps 0.
*exact*: these signs count in searches and filters, so that `6.0` is not `60`; elsewhere the
server ignores signs and case. Without `sort_by`, results that match equally well come by
`{DEFAULT_SORTING_FIELD}`, newest first.
"""

_NOTES = """## How the values come about

`id` is `<name>-<version>` with the registry's spelling. A slash is written as two hyphens
(`@plone--volto-18.0.0`), any other sign that a URL would escape as `~` and the hex digits of its
UTF-8 bytes.

`license` is `license_expression` where there is one, else the last part of each licence
classifier, else the free text if it is a single short line that names a licence. The whole
text of a well-known licence gives its name; that of another, a file name or a copyright notice
give no label, and the field is left out.

`author` and `maintainer` are the names as given, or where there are none the names in
`author_email` and `maintainer_email`; those two fields hold addresses alone.

`framework_versions` names framework and version (`Plone 6.0`), since a release may support
versions of several; filter with ``framework_versions:=`Plone 6.0` ``. `python_versions` is spelled
alike (`Python 3.12`); `Python :: 3 :: Only` and the implementations are found in `classifiers`.

`upload_timestamp` is the earliest upload among the files. A release is `yanked` when all its files
are.

Bad metadata costs the field it stands in, never the document. Characters that cannot be printed
are removed, a text that is too long is cut, a value of a wrong type is left out.

## How versions sort

`version_sortable` is `STABLE.MAJOR.MINOR.BUGFIX.PRETYPE.PRENUM`. STABLE is 1 for stable releases
and 0 for pre-releases; PRETYPE is 0000 for dev, 0001 for alpha, 0002 for beta and 0003 for rc.
Sorted descending, the newest stable release comes first, then by PEP 440, pre-releases below all
stable ones. Versions that six slots cannot hold (epochs, post releases, local parts, numbers over
9999, more than three segments, dev releases of a pre-release) have a key behind them that settles
their place. What is not PEP 440 comes last.

| Version | `version_sortable` |
| --- | --- |
"""


def fields_page() -> str:
    """Return the page as Markdown."""
    sources = [source for source in _HEADINGS if any(f.source == source for f in FIELDS)]
    examples = "\n".join(f"| `{v}` | `{version_sortable(v)}` |" for v in _EXAMPLES)
    return "\n".join([_INTRODUCTION, *map(_section, sources), _NOTES + examples, ""])


def _section(source: FieldSource) -> str:
    rows = [_row(field) for field in FIELDS if field.source == source]
    table = ["| Field | Type | | Meaning |", "| --- | --- | --- | --- |", *rows]
    return f"## {_HEADINGS[source]}\n\n" + "\n".join(table) + "\n"


def _row(field: DocumentField) -> str:
    return f"| `{field.name}` | {field.type} | {', '.join(_flags(field))} | {field.meaning} |"


def _flags(field: DocumentField) -> Iterator[str]:
    if field.facet:
        yield "facet"
    if field.is_sorted:
        yield "sort"
    if field.infix:
        yield "infix"
    if not field.index:
        yield "shown"
    if field.optional and field.zero is None:
        yield "optional"
    if field.symbols:
        yield f"exact `{''.join(field.symbols)}`"
