"""Changes while it runs: what they journal, and what each endpoint says afterwards."""

from __future__ import annotations

import pytest
import requests
from tests.samples.pypi.conftest import FAMILY, Client

from pyf.aggregator.errors import NotFound, UsageError


def test_each_change_is_journaled_as_the_index_does(fresh: Client):
    control, rpc = fresh.control, fresh.rpc
    steps = [
        (lambda: control.yank("sample-project", "1.0", "x"), [("1.0", "yank release")]),
        (lambda: control.unyank("sample-project", "1.0"), [("1.0", "unyank release")]),
        (
            lambda: control.add_file("sample-project", "1.0", "extra-1.0.zip"),
            [("1.0", "add source file extra-1.0.zip")],
        ),
        (lambda: control.quarantine("sample-project", "1.0"), [("1.0", "release quarantined")]),
        (
            lambda: control.clear_quarantine("sample-project", "1.0"),
            [("1.0", "release quarantine cleared")],
        ),
        (lambda: control.quarantine("sample-project"), [(None, "project quarantined")]),
        (
            lambda: control.clear_quarantine("sample-project"),
            [(None, "project quarantine cleared")],
        ),
        (lambda: control.archive("sample-project"), []),
        (lambda: control.unarchive("sample-project"), []),
        (lambda: control.delete_release("sample-project", "1.0"), [("1.0", "remove release")]),
        (lambda: control.delete_project("sample-project"), [(None, "remove project")]),
    ]
    for change, expected in steps:
        before = rpc.changelog_last_serial()
        after = change()
        assert fresh.journal(before) == expected
        assert after == rpc.changelog_last_serial() == before + len(expected)


def test_a_new_project_and_a_new_release(fresh: Client):
    before = fresh.rpc.changelog_last_serial()
    fresh.control.publish("Brand.New", "1.0", files=1)
    fresh.control.publish("brand-new", "1.1", files=0)

    assert fresh.journal(before) == [
        (None, "create"),
        (None, "add Owner maintainer"),
        ("1.0", "new release"),
        ("1.0", "add source file Brand.New-1.0.tar.gz"),
        ("1.1", "new release"),
    ]
    names = [each["name"] for each in fresh.root()["projects"]]
    assert "Brand.New" in names
    assert names.index("Brand.New") < names.index("Sample.Project")


def test_archived_shows_on_the_page_alone_and_moves_no_serial(fresh: Client):
    page = fresh.get("/simple/sample-project/")
    fresh.control.archive("sample-project")
    held = fresh.get("/simple/sample-project/", If_None_Match=page.headers["ETag"])

    assert fresh.page("sample-project")["project-status"] == {"status": "archived"}
    assert fresh.page("sample-project")["versions"] == ["1.0", "1.1", "2.0a1"]
    assert held.headers["X-PyPI-Last-Serial"] == page.headers["X-PyPI-Last-Serial"]
    assert "archived" not in fresh.get("/pypi/sample-project/json").text
    fresh.control.unarchive("sample-project")
    assert fresh.page("sample-project")["project-status"] == {"status": "active"}


def test_a_conditional_request_notices_the_archive(fresh: Client):
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    tag = fresh.get("/simple/sample-project/", **accept).headers["ETag"]
    assert fresh.get("/simple/sample-project/", If_None_Match=tag, **accept).status_code == 304

    fresh.control.archive("sample-project")
    assert fresh.get("/simple/sample-project/", If_None_Match=tag, **accept).status_code == 200


def test_a_project_in_quarantine_and_back(fresh: Client):
    fresh.control.quarantine("sample-project")
    assert "Sample.Project" not in [each["name"] for each in fresh.root()["projects"]]
    assert fresh.page("sample-project")["files"] == []
    assert "Sample.Project" in fresh.rpc.list_packages_with_serial()

    fresh.control.clear_quarantine("sample-project")
    assert "Sample.Project" in [each["name"] for each in fresh.root()["projects"]]
    assert fresh.json("sample-project")["info"]["version"] == "1.1"


def test_a_release_in_quarantine_loses_its_files_and_answer(fresh: Client):
    fresh.control.quarantine("sample-project", "1.1")

    assert fresh.page("sample-project")["versions"] == ["1.0", "2.0a1"]
    assert fresh.get("/pypi/sample-project/1.1/json").status_code == 404
    assert fresh.json("sample-project")["info"]["version"] == "1.0"
    assert set(fresh.json("sample-project")["releases"]) == {"1.0", "2.0a1"}


def test_a_removed_project_is_gone_everywhere(fresh: Client):
    fresh.control.delete_project("Sample_Project")

    assert fresh.get("/simple/sample-project/").status_code == 404
    assert fresh.get("/pypi/sample-project/json").status_code == 404
    assert "Sample.Project" not in [each["name"] for each in fresh.root()["projects"]]
    assert "Sample.Project" not in fresh.rpc.list_packages_with_serial()


def test_a_generated_project_can_be_changed_too(fresh: Client):
    name = next(
        each["name"]
        for each in fresh.root()["projects"]
        if len(fresh.page(each["name"])["versions"]) > 1
    )
    old = fresh.json(name)
    serial = fresh.control.publish(name, "99.0", classifiers=[*old["info"]["classifiers"], FAMILY])
    new = fresh.json(name)

    assert (new["info"]["version"], new["last_serial"]) == ("99.0", serial)
    assert new["info"]["summary"] == old["info"]["summary"]
    assert set(new["releases"]) == {*old["releases"], "99.0"}
    assert fresh.root()["meta"]["_last-serial"] == serial


def test_changes_that_make_no_sense_are_refused(fresh: Client):
    with pytest.raises(UsageError, match="there already"):
        fresh.control.publish("sample-project", "1.0")
    with pytest.raises(UsageError, match="not a name"):
        fresh.control.publish('bad"name', "1.0")
    with pytest.raises(NotFound, match="no project"):
        fresh.control.yank("no-such-project", "1.0")
    with pytest.raises(NotFound, match="no release"):
        fresh.control.yank("sample-project", "9.9")
    with pytest.raises(NotFound, match="no control action"):
        fresh.control("explode")
    with pytest.raises(UsageError, match="missing"):
        fresh.control("yank", name="sample-project")


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("yank", {"name": "sample-project", "version": "1.0"}, 200),
        ("yank", {"name": "no-such-project", "version": "1.0"}, 404),
        ("yank", {"name": 5, "version": "1.0"}, 400),
        ("yank", ["sample-project"], 400),
        ("set_faults", {"rate_503": 2}, 400),
        ("set_faults", {"rate_503": "much"}, 400),
        ("set_faults", {"no_such_fault": 1}, 400),
        ("set_faults", {"latency": 0, "prefixes": ["/rss/"]}, 200),
        ("nothing", {}, 404),
    ],
)
def test_control_over_http(fresh: Client, action: str, body: object, status: int):
    answer = requests.post(f"{fresh.url}/-/control/{action}", json=body, timeout=20)

    assert answer.status_code == status
    assert ("error" in answer.json()) == (status != 200)


def test_requests_are_counted_by_kind_and_status(fresh: Client):
    fresh.get("/simple/")
    fresh.get("/simple/sample-project/")
    fresh.get("/simple/no-such-project/")
    fresh.get("/pypi/sample-project/json", User_Agent="mine/1.0")
    fresh.get("/pypi/sample-project/1.0/json")
    fresh.get("/rss/updates.xml")
    fresh.get("/favicon.ico")
    fresh.rpc.changelog_last_serial()
    stats = requests.get(f"{fresh.url}/-/control/stats", timeout=20).json()

    assert stats["requests"] == {
        "simple_root": 1,
        "simple_project": 2,
        "project_json": 1,
        "release_json": 1,
        "rss": 1,
        "other": 1,
        "xmlrpc.changelog_last_serial": 1,
    }
    assert stats["statuses"] == {"200": 6, "404": 2}
    assert stats["total"] == 8
    assert stats["user_agents"]["mine/1.0"] == 1
    assert fresh.control.reset_stats()["total"] == fresh.control.stats()["total"] == 0
