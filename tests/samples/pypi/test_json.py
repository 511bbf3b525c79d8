"""The JSON API: shapes, what counts as latest, which addresses find what."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.samples.pypi.conftest import FAMILY, Client

from pyf.aggregator.names import normalize_name

INFO = set(
    """
    author author_email bugtrack_url classifiers description description_content_type docs_url
    download_url downloads dynamic home_page keywords license license_expression license_files
    maintainer maintainer_email name package_url platform project_url project_urls provides_extra
    release_url requires_dist requires_python summary version yanked yanked_reason
    """.split()  # noqa: SIM905
)
FILE = set(
    """
    comment_text core-metadata digests downloads filename has_sig md5_digest packagetype
    python_version requires_python size upload_time upload_time_iso_8601 url yanked yanked_reason
    """.split()  # noqa: SIM905
)


def test_every_answer_has_the_documented_keys_and_types(index: Client):
    for each in index.root()["projects"]:
        answer = index.get(f"/pypi/{normalize_name(each['name'])}/json")
        if answer.status_code == 404:
            continue
        found = answer.json()
        info = found["info"]
        assert set(found) == {
            *("info", "last_serial", "ownership", "releases", "urls", "vulnerabilities"),
        }
        assert set(info) == INFO
        assert info["name"] == each["name"]
        assert found["last_serial"] == each["_last-serial"]
        assert answer.headers["X-PyPI-Last-Serial"] == str(each["_last-serial"])
        assert found["urls"] == found["releases"][info["version"]]
        assert info["classifiers"] == sorted(info["classifiers"])
        assert info["requires_dist"] is None or info["requires_dist"]
        assert info["keywords"] is None or isinstance(info["keywords"], str)
        for file in (file for files in found["releases"].values() for file in files):
            assert set(file) == FILE
            assert file["upload_time_iso_8601"].startswith(file["upload_time"])
            assert datetime.fromisoformat(file["upload_time_iso_8601"]).year >= 2005


def test_the_version_endpoint_has_no_releases_and_tells_of_that_version(index: Client):
    for each in index.root()["projects"][:60]:
        answer = index.get(f"/pypi/{normalize_name(each['name'])}/json")
        for version, files in answer.json().get("releases", {}).items():
            found = index.json(each["name"], version)
            assert set(found) == {
                *("info", "last_serial", "ownership", "urls", "vulnerabilities"),
            }
            assert (found["info"]["version"], found["urls"]) == (version, files)


def test_latest_prefers_what_is_neither_yanked_nor_a_pre_release(fresh: Client):
    def latest() -> str:
        return fresh.json("sample-project")["info"]["version"]

    assert latest() == "1.1"
    fresh.control.yank("sample-project", "1.1")
    assert latest() == "1.0"
    fresh.control.yank("sample-project", "1.0")
    assert latest() == "2.0a1"
    fresh.control.yank("sample-project", "2.0a1")
    assert latest() == "1.1"
    fresh.control.publish("sample-project", "0.9.post1")
    assert latest() == "0.9.post1"


def test_an_invalid_version_is_never_latest_beside_a_valid_one(fresh: Client):
    fresh.control.publish("sample-project", "3.0-final-final")

    assert fresh.json("sample-project")["info"]["version"] == "1.1"


@pytest.mark.parametrize("asked", ["1.0", "1.0.0", "v1.0", "1"])
def test_a_version_is_found_by_its_canonical_form(fresh: Client, asked: str):
    assert fresh.json("sample-project", asked)["info"]["version"] == "1.0"


def test_an_odd_version_is_found_as_it_is_spelled(fresh: Client):
    fresh.control.publish("sample-project", "1.0-custom")

    assert fresh.json("sample-project", "1.0-custom")["info"]["version"] == "1.0-custom"


@pytest.mark.parametrize(
    "path",
    [
        "/pypi/no-such-project/json",
        "/pypi/sample-project/9.9/json",
        "/pypi/no-such-project/1.0/json",
        "/pypi/in-quarantine/json",
        "/pypi/in-quarantine/1.0/json",
        "/pypi/without-releases/json",
        "/pypi/sample-project/2.0a1/json",
    ],
)
def test_not_found_is_a_json_object(fresh: Client, path: str):
    fresh.control.publish("in-quarantine", "1.0")
    fresh.control.quarantine("in-quarantine")
    fresh.control.publish("without-releases", "1.0")
    fresh.control.delete_release("without-releases", "1.0")
    fresh.control.quarantine("sample-project", "2.0a1")
    answer = fresh.get(path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert answer.headers["Content-Type"] == "application/json"


def test_names_that_are_not_normalized_are_redirected(fresh: Client):
    for given, expected in (
        ("/pypi/Sample.Project/json", "/pypi/sample-project/json"),
        ("/pypi/Sample_Project/1.0/json", "/pypi/sample-project/1.0/json"),
        ("/rss/project/Sample.Project/releases.xml", "/rss/project/sample-project/releases.xml"),
    ):
        answer = fresh.get(given)
        assert (answer.status_code, answer.headers["Location"]) == (301, expected)


def test_a_slash_at_the_end_is_taken(fresh: Client):
    assert fresh.get("/pypi/sample-project/json/").status_code == 200
    assert fresh.get("/pypi/sample-project/1.0/json/").status_code == 200


def test_a_yank_and_its_reason_are_in_both_apis(fresh: Client):
    fresh.control.yank("sample-project", "1.0", "bad wheel")
    fresh.control.yank("sample-project", "1.1")
    found, page = fresh.json("sample-project", "1.0"), fresh.page("sample-project")
    files = {file["filename"]: file["yanked"] for file in page["files"]}

    assert (found["info"]["yanked"], found["info"]["yanked_reason"]) == (True, "bad wheel")
    assert {file["yanked_reason"] for file in found["urls"]} == {"bad wheel"}
    assert files["Sample.Project-1.0.tar.gz"] == "bad wheel"
    assert files["Sample.Project-1.1.tar.gz"] is True
    assert files["Sample.Project-2.0a1.tar.gz"] is False
    fresh.control.unyank("sample-project", "1.0")
    assert fresh.json("sample-project", "1.0")["info"]["yanked"] is False


def test_what_is_published_is_what_is_said(fresh: Client):
    info = {"summary": "Ünïcödé ☕", "keywords": "a, b", "requires_python": ">=3.12"}
    fresh.control.publish("New_One", "0.1", classifiers=[FAMILY], info=info, uploaded=1e9)
    fresh.control.publish("new.one", "0.2", files=0)
    first, second = fresh.json("new-one", "0.1"), fresh.json("new-one", "0.2")

    assert first["info"]["summary"] == second["info"]["summary"] == "Ünïcödé ☕"
    assert first["info"]["classifiers"] == second["info"]["classifiers"] == [FAMILY]
    assert first["urls"][0]["upload_time_iso_8601"] == "2001-09-09T01:46:40.000000Z"
    assert first["urls"][0]["requires_python"] == ">=3.12"
    assert second["urls"] == []
    assert second["info"]["name"] == "New_One"
