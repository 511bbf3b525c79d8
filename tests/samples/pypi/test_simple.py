"""The Simple API: content types, what is listed, what a page says of its files."""

from __future__ import annotations

import pytest
from packaging.version import InvalidVersion, Version
from pypi_simple import PyPISimple
from tests.samples.pypi.conftest import JSON, Client

from pyf.aggregator.names import normalize_name


def test_the_root_lists_display_names_and_serials_ordered_by_normalized_name(index: Client):
    answer = index.get("/simple/", Accept=JSON)
    found = answer.json()
    names = [each["name"] for each in found["projects"]]

    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["X-PyPI-Last-Serial"] == str(found["meta"]["_last-serial"])
    assert found["meta"]["_last-serial"] == max(each["_last-serial"] for each in found["projects"])
    assert [normalize_name(name) for name in names] == sorted(
        {normalize_name(name) for name in names}
    )
    for sign in (".", "_", "-"):
        assert any(sign in name for name in names)
    assert any(name != name.lower() for name in names)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (JSON, JSON),
        ("application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.v1+html"),
        ("text/html", "text/html"),
        ("*/*", "text/html"),
        ("application/vnd.pypi.simple.latest+json", "text/html"),
        ("application/json", "text/html"),
        (f"text/html;q=0.1, {JSON};q=0.9", JSON),
        (f"{JSON};q=0.1, text/html;q=0.9", "text/html"),
    ],
)
@pytest.mark.parametrize("path", ["/simple/", "/simple/{name}/"])
def test_unknown_types_get_html_and_not_406(index: Client, path: str, accept: str, expected: str):
    name = normalize_name(index.root()["projects"][0]["name"])
    answer = index.get(path.format(name=name), Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == expected
    assert answer.headers["Vary"] == "Accept"
    assert answer.text.startswith("{" if expected == JSON else "<!DOCTYPE html>")


def test_a_client_of_the_simple_api_reads_every_page(index: Client):
    with PyPISimple(f"{index.url}/simple/", accept=JSON) as client:
        listed = client.get_index_page()
        assert len(listed.projects) == len(index.root()["projects"])
        for name in listed.projects:
            page = client.get_project_page(name)
            assert page.last_serial == str(index.page(name)["meta"]["_last-serial"])
            for package in page.packages:
                assert set(package.digests) == {"sha256"}
                assert package.upload_time is not None and package.size


def test_the_html_pages_name_the_same_files_as_the_json_ones(index: Client):
    names = [each["name"] for each in index.root()["projects"][:40]]
    with (
        PyPISimple(f"{index.url}/simple/", accept=JSON) as as_json,
        PyPISimple(f"{index.url}/simple/", accept="text/html") as as_html,
    ):
        for name in names:
            one, other = as_json.get_project_page(name), as_html.get_project_page(name)
            for left, right in zip(one.packages, other.packages, strict=True):
                assert left.filename == right.filename
                assert left.requires_python == right.requires_python
                assert left.is_yanked == right.is_yanked
                assert left.digests == right.digests


def test_versions_are_those_with_files_in_order(index: Client):
    without = 0
    for each in index.root()["projects"][:200]:
        page = index.page(each["name"])
        valid = [version for version in page["versions"] if _valid(version)]
        assert sorted(valid, key=Version) == valid
        answer = index.get(f"/pypi/{page['name']}/json")
        if answer.status_code == 200:
            releases = answer.json()["releases"]
            assert set(page["versions"]) == {v for v, files in releases.items() if files}
            without += sum(not files for files in releases.values())
    assert without > 0


def _valid(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def test_a_name_that_is_not_normalized_is_redirected(fresh: Client):
    answer = fresh.get("/simple/Sample.Project/")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/simple/sample-project/")
    assert fresh.get("/simple/sample-project").headers["Location"] == "/simple/sample-project/"
    assert fresh.get("/simple").headers["Location"] == "/simple/"


def test_an_unknown_project_is_plain_text(index: Client):
    answer = index.get("/simple/no-such-project/", Accept=JSON)

    assert (answer.status_code, answer.text) == (404, "404 Not Found")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/simple/", "/simple/{}/", "/pypi/{}/json", "/rss/updates.xml"])
def test_a_client_that_holds_the_body_gets_304(index: Client, path: str):
    name = normalize_name(index.root()["projects"][1]["name"])
    first = index.get(path.format(name), Accept=JSON)
    again = index.get(path.format(name), Accept=JSON, If_None_Match=first.headers["ETag"])
    other = index.get(path.format(name), Accept=JSON, If_None_Match='"something else"')

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers.get("X-PyPI-Last-Serial") == first.headers.get("X-PyPI-Last-Serial")
    assert (other.status_code, other.content) == (200, first.content)
