"""One release in, one document out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.checks import assert_fits
from tests.documents.test_cleaning import JSON

from pyf.aggregator.documents import (
    FieldProblem,
    InvalidMetadata,
    ProjectFacts,
    build_document,
    carried_facts,
    document_id,
)

PROJECT = ProjectFacts(serial=31400007, latest_version="2.5.0", status="active")
FILES = [
    {
        "filename": "plone_api-2.5.0.tar.gz",
        "digests": {"sha256": "9f"},
        "size": 66013,
        "upload_time_iso_8601": "2025-01-20T00:00:00.5Z",
        "yanked": False,
    }
]
INFO: dict[str, Any] = {
    "name": "Plone.API",
    "version": "2.5.0",
    "summary": " A  Plone API. ",
    "description": "  code\n\ntext ",
    "description_content_type": "text/x-rst",
    "author": None,
    "author_email": "Jane <jane@x.example>",
    "maintainer": "Bob",
    "maintainer_email": None,
    "license": "GPL version 2",
    "license_expression": None,
    "classifiers": ["Framework :: Plone :: 6.0", "Programming Language :: Python :: 3.12"],
    "keywords": "plone, api",
    "platform": ["any", "unix"],
    "requires_dist": ["Acquisition"],
    "requires_python": ">=3.8",
    "provides_extra": None,
    "home_page": "https://x.example",
    "docs_url": None,
    "download_url": "UNKNOWN",
    "project_urls": {"Docs v1.0": "https://docs.x.example ", "Nothing": None},
    "yanked": False,
    "yanked_reason": None,
}


def built(**changes: Any) -> dict[str, object]:
    return build_document(INFO | changes, FILES, PROJECT).document


def test_a_whole_document() -> None:
    result = build_document(INFO, FILES, PROJECT)
    digest = result.document.pop("files_digest")
    assert result.problems == ()
    assert isinstance(digest, str)
    assert result.document == {
        "id": "Plone.API-2.5.0",
        "identifier": "Plone.API-2.5.0",
        "registry": "pypi",
        "name": "Plone.API",
        "name_sortable": "plone.api",
        "name_normalized": "plone-api",
        "version": "2.5.0",
        "version_sortable": "1.0002.0005.0000.0000.0000",
        "version_major": 2,
        "version_minor": 5,
        "version_bugfix": 0,
        "is_latest": True,
        "is_prerelease": False,
        "summary": "A Plone API.",
        "description": "  code\n\ntext ",
        "description_content_type": "text/x-rst",
        "author": "Jane",
        "author_email": "jane@x.example",
        "maintainer": "Bob",
        "license": "GPL version 2",
        "platform": "any, unix",
        "keywords": ["plone", "api"],
        "classifiers": ["Framework :: Plone :: 6.0", "Programming Language :: Python :: 3.12"],
        "python_versions": ["Python 3.12"],
        "framework_versions": ["Plone 6.0"],
        "requires_dist": ["Acquisition"],
        "provides_extra": [],
        "requires_python": ">=3.8",
        "home_page": "https://x.example",
        "project_urls": {"Docs v1.0": "https://docs.x.example"},
        "upload_timestamp": 1737331200,
        "files_count": 1,
        "files_size": 66013,
        "yanked": False,
        "serial": 31400007,
        "status": "active",
    }


@pytest.mark.parametrize(
    ("name", "version", "key"),
    [
        ("plone.api", "2.0.0", "plone.api-2.0.0"),
        ("@plone/volto", "18.0.0", "@plone--volto-18.0.0"),
        ("a b`c", "1.0+x", "a~20b~60c-1.0~2bx"),
        ("größe", "1!2", "gr~c3b6~c39fe-1!2"),
    ],
)
def test_keys_need_no_escape(name: str, version: str, key: str) -> None:
    assert document_id(name, version) == key


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_keys_differ_where_names_do(name: str, other: str) -> None:
    same = name.replace("/", "--") == other.replace("/", "--")
    assert (document_id(name, "1.0") == document_id(other, "1.0")) == same


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"name": "a"},
        {"version": "1"},
        {"name": None, "version": "1"},
        {"name": " ", "version": "1"},
        {"name": 5, "version": "1"},
        {"name": "a", "version": ["1"]},
        {"name": "a\x00b", "version": "1"},
        {"name": "a\ud800", "version": "1"},
        {"name": "a", "version": "1" * 501},
        [],
        None,
    ],
)
def test_without_a_usable_name_and_version_there_is_no_document(info: Any) -> None:
    with pytest.raises(InvalidMetadata) as raised:
        build_document(info, [], PROJECT)
    assert raised.value.exit_status == 1
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300
    str(raised.value).encode()


@pytest.mark.parametrize("version", ["0.3dev-r91", "1.0 beta", "`1`", "2009/05", "9" * 300])
def test_an_odd_version_still_gives_a_document(version: str) -> None:
    result = build_document({"name": "a", "version": version}, [], PROJECT)
    assert_fits(result.document)
    assert result.document["version"] == version
    assert result.problems == ()


def test_a_number_over_32_bits_saturates() -> None:
    assert built(version="201901010101.2")["version_major"] == 2**31 - 1


def test_only_the_version_that_the_registry_names_is_the_latest() -> None:
    assert built()["is_latest"] is True
    assert built(version="2.5")["is_latest"] is False


def test_a_yanked_release() -> None:
    document = built(yanked=True, yanked_reason="broken")
    assert (document["yanked"], document["yanked_reason"]) == (True, "broken")
    files = [FILES[0] | {"yanked": True, "yanked_reason": "leaks"}]
    document = build_document(INFO, files, PROJECT).document
    assert (document["yanked"], document["yanked_reason"]) == (True, "leaks")
    document = build_document(INFO, [*files, *FILES], PROJECT).document
    assert document["yanked"] is False and "yanked_reason" not in document


def test_without_files_the_upload_is_unknown() -> None:
    document = build_document(INFO, [], PROJECT).document
    assert (document["upload_timestamp"], document["files_count"]) == (0, 0)


def test_carried_facts_stay_until_new_ones_are_known() -> None:
    before = built() | {"status": "archived"}
    facts = carried_facts(before)
    assert facts == {"status": "archived"}
    unknown = ProjectFacts(serial=1, latest_version="2.5.0")
    assert build_document(INFO, [], unknown, facts).document["status"] == "archived"
    assert build_document(INFO, [], PROJECT, facts).document["status"] == "active"


def test_a_fact_cannot_replace_what_the_registry_says() -> None:
    result = build_document(INFO, FILES, PROJECT, {"summary": "other", "stars": 5})
    assert result.document["summary"] == "A Plone API."
    assert {problem.field for problem in result.problems} == {"summary", "stars"}


def test_project_urls_as_lines_of_core_metadata() -> None:
    lines = ["Docs, https://docs.x.example", "Code,https://code.x.example", 5]
    urls = built(project_urls=lines)["project_urls"]
    assert urls == {"Docs": "https://docs.x.example", "Code": "https://code.x.example"}


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("summary", 5, "summary"),
        ("classifiers", "Framework :: Plone", "classifiers"),
        ("keywords", {"a": 1}, "keywords"),
        ("license", "x" * 4000, "license"),
        ("author", 5, "author"),
        ("project_urls", "https://x.example", "project_urls"),
        ("project_urls", {"a": ["b"]}, "project_urls"),
        ("description", "x\x00", "description"),
        ("requires_dist", ["a", 5], "requires_dist"),
        ("home_page", {"a": "b"}, "home_page"),
    ],
)
def test_a_bad_value_costs_its_field_and_is_told(key: str, value: object, field: str) -> None:
    result = build_document(INFO | {key: value}, FILES, PROJECT)
    assert_fits(result.document)
    assert [problem.field for problem in result.problems] == [field]
    intact = built()
    changed = {name for name in intact if result.document.get(name) != intact[name]}
    assert changed <= {field, "python_versions", "framework_versions", f"{key}_email"}


def test_files_that_are_not_objects_are_told() -> None:
    result = build_document(INFO, [*FILES, None], PROJECT)
    assert result.problems == (FieldProblem("files_count", "1 files are not objects"),)


@settings(deadline=None, max_examples=200)
@given(
    st.fixed_dictionaries(
        {}, optional={key: JSON for key in INFO if key not in ("name", "version")}
    ),
    st.lists(st.one_of(JSON, st.fixed_dictionaries(dict.fromkeys(FILES[0], JSON))), max_size=3),
)
def test_no_metadata_costs_the_document(info: dict[str, Any], files: list[Any]) -> None:
    result = build_document({"name": "a", "version": "1.0", **info}, files, PROJECT)
    assert_fits(result.document)
