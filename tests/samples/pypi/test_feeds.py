"""The RSS feeds: their length, order and items."""

from __future__ import annotations

from calendar import timegm
from typing import Any
from xml.etree import ElementTree

import feedparser
from tests.samples.pypi.conftest import Client

from pyf.aggregator.names import normalize_name


def feed(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/xml")
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo
    return parsed


def times(parsed: Any) -> list[int]:
    return [timegm(entry.published_parsed) for entry in parsed.entries]


def test_updates_are_the_hundred_newest_releases(index: Client):
    parsed = feed(index, "/rss/updates.xml")

    assert len(parsed.entries) == 100
    assert times(parsed) == sorted(times(parsed), reverse=True)
    for item in ElementTree.fromstring(index.get("/rss/updates.xml").content).iter("item"):
        name, version = (item.findtext("title") or "").split(" ")
        found = index.json(name, version)
        assert (item.findtext("link") or "").endswith(f"/project/{normalize_name(name)}/{version}/")
        assert item.findtext("description") == found["info"]["summary"]
        assert item.find("guid") is None


def test_packages_are_the_forty_newest_projects(index: Client):
    parsed = feed(index, "/rss/packages.xml")

    assert len(parsed.entries) == 40
    assert times(parsed) == sorted(times(parsed), reverse=True)
    for entry in parsed.entries:
        name, _, rest = entry.title.partition(" ")
        assert (rest, entry.id) == ("added to PyPI", entry.link)
        assert entry.link.endswith(f"/project/{normalize_name(name)}/")


def test_what_is_published_comes_first(fresh: Client):
    fresh.control.publish("quite-new", "1.0", info={"summary": "<b>1 & 2</b>"})
    updates, packages = feed(fresh, "/rss/updates.xml"), feed(fresh, "/rss/packages.xml")

    assert [entry.title for entry in updates.entries[:2]] == [
        *("quite-new 1.0", "Sample.Project 2.0a1"),
    ]
    assert updates.entries[0].summary == "<b>1 & 2</b>"
    assert packages.entries[0].title == "quite-new added to PyPI"


def test_what_is_gone_or_in_quarantine_is_in_no_feed(fresh: Client):
    fresh.control.publish("evil", "1.0")
    fresh.control.publish("gone", "1.0")
    fresh.control.quarantine("evil")
    fresh.control.delete_project("gone")
    fresh.control.delete_release("sample-project", "2.0a1")
    titles = {entry.title for entry in feed(fresh, "/rss/updates.xml").entries}

    assert titles & {"evil 1.0", "gone 1.0", "Sample.Project 2.0a1"} == set()
    assert "Sample.Project 1.1" in titles


def test_a_project_that_comes_back_is_listed_once(fresh: Client):
    fresh.control.delete_project("sample-project")
    fresh.control.publish("sample-project", "1.0")
    titles = [entry.title for entry in feed(fresh, "/rss/updates.xml").entries]

    assert titles.count("sample-project 1.0") == 1
    assert fresh.json("sample-project")["releases"].keys() == {"1.0"}


def test_addresses_that_are_none_leave_the_author_out(fresh: Client):
    fresh.control.publish("mailed", "1.0", info={"author_email": "A <a@x.example>, b@x.example"})
    fresh.control.publish("silent", "1.0", info={"author_email": "see the homepage"})
    text = fresh.get("/rss/updates.xml").text

    assert "<author>a@x.example, b@x.example</author>" in text
    assert (
        text.partition("<title>silent 1.0</title>")[2].partition("</item>")[0].count("author") == 0
    )


def test_releases_of_one_project(fresh: Client):
    parsed = feed(fresh, "/rss/project/sample-project/releases.xml")

    assert [entry.title for entry in parsed.entries] == ["2.0a1", "1.1", "1.0"]
    assert fresh.get("/rss/project/no-such-project/releases.xml").status_code == 404
