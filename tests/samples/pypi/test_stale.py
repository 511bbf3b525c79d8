"""Outdated answers after a change, as a softly purged cache gives them."""

from __future__ import annotations

from tests.samples.pypi.conftest import JSON, Client


def serial(client: Client, path: str) -> int:
    return int(client.get(path, Accept=JSON).headers["X-PyPI-Last-Serial"])


def test_each_address_is_outdated_for_as_many_requests(fresh: Client):
    old = fresh.json("sample-project")
    fresh.control.set_faults(stale=2)
    new = fresh.control.publish("sample-project", "3.0")
    json = [fresh.json("sample-project") for _ in range(4)]
    page = [serial(fresh, "/simple/sample-project/") for _ in range(4)]

    assert json[0] == json[1] == old
    assert [each["info"]["version"] for each in json] == ["1.1", "1.1", "3.0", "3.0"]
    assert [each["last_serial"] for each in json] == [old["last_serial"]] * 2 + [new] * 2
    assert page == [old["last_serial"]] * 2 + [new] * 2
    assert fresh.control.stats()["faults"] == {"stale": 4}


def test_a_new_project_is_unknown_at_first(fresh: Client):
    fresh.control.set_faults(stale=1)
    fresh.control.publish("just-made", "1.0")

    assert [fresh.get("/pypi/just-made/json").status_code for _ in range(2)] == [404, 200]


def test_root_and_feeds_are_outdated_too_but_the_journal_is_not(fresh: Client):
    before = fresh.rpc.changelog_last_serial()
    fresh.control.set_faults(stale=1)
    new = fresh.control.publish("sample-project", "3.0")
    updates = ["<title>Sample.Project 3.0<" in fresh.get("/rss/updates.xml").text for _ in "ab"]

    assert [serial(fresh, "/simple/") for _ in range(3)] == [before, new, new]
    assert updates == [False, True]
    assert fresh.rpc.changelog_last_serial() == new


def test_other_projects_are_current(fresh: Client):
    fresh.control.publish("other", "1.0")
    fresh.control.set_faults(stale=5)
    fresh.control.publish("sample-project", "3.0")

    assert fresh.json("other")["info"]["version"] == "1.0"
    assert fresh.control.stats()["faults"] == {}


def test_it_can_be_kept_to_prefixes_and_ended(fresh: Client):
    fresh.control.set_faults(stale=5, prefixes=["/pypi/"])
    new = fresh.control.publish("sample-project", "3.0")
    assert fresh.json("sample-project")["info"]["version"] == "1.1"
    assert serial(fresh, "/simple/sample-project/") == new

    fresh.control.reset_faults()
    assert fresh.json("sample-project")["info"]["version"] == "3.0"
