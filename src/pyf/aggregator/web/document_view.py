"""Search documents as pages read them: one typed attribute per field, ``None`` where absent.

The names are those of ``documents/fields.py``. An attribute that is not declared here does not
exist, so a misspelt field of a template is an error and not an empty place on a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class DocumentField(Generic[T]):
    """A field of a document, by the name of the attribute; ``None`` where the document lacks it."""

    name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...

    @overload
    def __get__(self, view: DocumentView, owner: type) -> T | None: ...

    def __get__(self, view: DocumentView | None, owner: type) -> Self | T | None:
        return self if view is None else view.document.get(self.name)


@dataclass(frozen=True)
class DocumentView:
    """A document of the index. ``document`` has its fields as the search server sends them."""

    document: Mapping[str, Any]

    name_normalized = DocumentField[str]()
    version = DocumentField[str]()
    author = DocumentField[str]()
    maintainer = DocumentField[str]()
    license = DocumentField[str]()
    keywords = DocumentField[Sequence[str]]()
    classifiers = DocumentField[Sequence[str]]()
    framework_versions = DocumentField[Sequence[str]]()
    requires_python = DocumentField[str]()
    upload_timestamp = DocumentField[int]()
    files_size = DocumentField[int]()
    is_latest = DocumentField[bool]()
    is_prerelease = DocumentField[bool]()
    yanked = DocumentField[bool]()
    yanked_reason = DocumentField[str]()
    status = DocumentField[str]()
    readme_problem = DocumentField[str]()
    github_stars = DocumentField[int]()
    github_open_issues = DocumentField[int]()
    github_forks = DocumentField[int]()
    github_pushed = DocumentField[int]()
    github_archived = DocumentField[bool]()
    github_topics = DocumentField[Sequence[str]]()
    github_license = DocumentField[str]()
    github_shared_by = DocumentField[int]()
    download_last_month = DocumentField[int]()
    download_trend = DocumentField[float]()
    vulnerabilities = DocumentField[Sequence[Mapping[str, Any]]]()
    is_vulnerable = DocumentField[bool]()
    flags = DocumentField[Sequence[str]]()
    resembles = DocumentField[str]()
    health_score = DocumentField[int]()
    health_score_breakdown = DocumentField[Mapping[str, int]]()
    health_score_version = DocumentField[int]()
    health_score_last_calculated = DocumentField[int]()
    insights = DocumentField[Sequence[str]]()
