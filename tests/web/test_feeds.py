"""Feeds of a profile, the sitemap, robots.txt and the search description, as programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.web import feeds, sitemap

from .projects import HOSTILE, PROJECTS

NAMESPACES = {"s": sitemap.SITEMAP, "o": sitemap.OPENSEARCH}
FLAGGED = {"flask-fromkit"}
FEEDS = ["new.atom", "new.rss", "rising.atom", "rising.rss"]


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_read_without_any_complaint(site, name):
    answer = site.get(f"/feeds/toys/{name}", headers={"Origin": "https://elsewhere.example"})

    read = feedparser.parse(answer.content)

    assert answer.status_code == 200
    assert not read.bozo
    assert read.version == ("atom10" if name.endswith("atom") else "rss20")
    assert answer.headers["Content-Type"].startswith(feeds.MEDIA_TYPES[name.partition(".")[2]])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert read.entries
    assert len({entry.id for entry in read.entries}) == len(read.entries)
    assert all(entry.link.startswith(f"{site.url}/packages/") for entry in read.entries)


def test_new_packages_come_by_their_first_release_and_without_flagged_ones(site):
    read = feedparser.parse(site.get("/feeds/toys/new.atom").content)

    titles = [entry.title for entry in read.entries]
    assert set(titles) == {made.name for made in PROJECTS} - FLAGGED
    # Its fifth release came in May, its first like all others in January.
    [kit] = [entry for entry in read.entries if entry.title == "Flask.Form-Kit"]
    assert kit.updated.startswith("2026-01-05T10:00")


def test_what_a_package_says_of_itself_is_text_in_a_feed(site):
    for name in ("new.atom", "new.rss"):
        content = site.get(f"/feeds/toys/{name}").content
        assert b"<script>" not in content
        top = ET.fromstring(content)
        assert HOSTILE in [element.text for element in top.iter()]


def test_rising_packages_say_by_how_much_and_up_to_which_day(site):
    read = feedparser.parse(site.get("/feeds/toys/rising.atom").content)

    # The store's days end on 2026-09-20, a Sunday; its week began on the 14th.
    assert {entry.updated for entry in read.entries} == {"2026-09-14T00:00:00+00:00"}
    assert all("up to 2026-09-20" in entry.summary for entry in read.entries)


@pytest.mark.parametrize(
    "path", ["/feeds/toy/new.atom", "/feeds/toys/old.atom", "/feeds/toys/new.json"]
)
def test_a_feed_that_is_not_there_is_told_to_programs(site, path):
    answer = site.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@given(st.text(), st.sampled_from([feeds.atom, feeds.rss]))
def test_any_text_makes_a_feed_that_can_be_read(text, write):
    entry = feeds.Entry(text, "/packages/x#first-release", text, datetime(2026, 1, 1, tzinfo=UTC))

    content = write(
        feeds.Feed("/feeds/x/new.atom", "/profiles/x", text, [entry]), "https://s.example"
    )

    assert not feedparser.parse(content).bozo


def test_the_sitemap_lists_pages_that_are_there(site):
    top = ET.fromstring(site.get("/sitemap.xml").content)

    found = [element.text for element in top.findall("s:url/s:loc", NAMESPACES)]
    assert f"{site.url}/packages/flask-form-kit" in found
    assert f"{site.url}/profiles/toys" in found
    assert not any(name in address for name in FLAGGED for address in found)
    assert site.get("/sitemap-1.xml").status_code == 200
    for path in ("/sitemap-2.xml", "/sitemap-0.xml", "/sitemap-x.xml", f"/sitemap-{9**99}.xml"):
        assert site.get(path).status_code == 404


def test_crawlers_and_browsers_are_told_where_to_look(site):
    robots = site.page("/robots.txt")
    assert f"Sitemap: {site.url}/sitemap.xml" in robots
    assert "Disallow: /dashboard" in robots

    top = ET.fromstring(site.get("/opensearch.xml").content)
    template = top.find("o:Url", NAMESPACES).attrib["template"]
    assert template == f"{site.url}/?q={{searchTerms}}"
    assert "Flask.Form-Kit" in site.page(
        template.replace(site.url, "").replace("{searchTerms}", "form")
    ).replace("<mark>", "").replace("</mark>", "")


def test_browsers_that_guess_where_the_icon_is_find_it(site):
    answer = site.get("/favicon.ico")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
