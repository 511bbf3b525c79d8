"""Pages of packages, leaderboards, comparisons and insights: what they show, and of odd data."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.store import scores
from pyf.aggregator.store.scores import HealthScore
from pyf.aggregator.web.pages.package import is_web, requirements
from pyf.aggregator.web.readme import without_pictures

from .conftest import Running
from .downloads import GAP, LAST, of
from .projects import HOSTILE

PAGE = "/packages/flask-form-kit"


def figures(page: str) -> dict[str, str]:
    """The figures at the top, by label; tags taken off."""
    pairs = re.findall(r"<div><dt>(.+?)</dt><dd>(.*?)(?:<small>.*?)?</dd></div>", page)
    return {re.sub("<[^>]+>", "", label): value for label, value in pairs}


def test_the_page_shows_figures_of_the_store_with_their_date(site: Running):
    page = site.page(PAGE)

    shown = figures(page)
    assert shown["Last day"] == f"{of('flask-form-kit', LAST):,}"
    assert shown["Rank"] == "1"
    assert shown["Health"] == "83"
    assert f'Data through <time datetime="{LAST.isoformat()}">' in page


def test_the_chart_is_there_without_scripts_and_shows_the_gap(site: Running):
    page = site.page(PAGE)

    chart = re.search(r"<figure[^>]*><svg.+?</svg>", page, re.S)[0]
    assert "each day" in chart
    assert GAP[0].isoformat() in chart
    assert " style=" not in page
    assert "<style" not in page


def test_every_spelling_leads_to_one_address(site: Running):
    answer = site.get("/packages/Flask.Form_Kit", allow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (308, PAGE)


def test_facts_dependencies_and_what_to_improve(site: Running):
    page = site.page(PAGE)

    assert '<a href="/packages/flask">Flask</a>' in page
    assert "Link to the documentation in the project&#39;s URLs." in page
    assert "pre-release" in page
    assert re.search(r"yanked</span> broken", page)
    assert '<a href="https://github.com/example/repository" rel="nofollow ugc">Source</a>' in page
    assert "/badge/flask-form-kit/month.svg" in page


def test_what_is_dangerous_has_a_banner(site: Running):
    vulnerable = site.page("/packages/flask-vulnerable")
    suspect = site.page("/packages/flask-fromkit")

    assert "PYSEC-2026-1" in vulnerable
    assert "Fixed in 2.1" in vulnerable
    assert 'role="alert"' in suspect
    assert 'imitates <a href="/packages/flask-form-kit">' in suspect


def test_a_package_without_downloads_says_so_and_shows_no_zero(site: Running):
    page = site.page("/packages/flask-old")

    assert "No downloads of it are known" in page
    assert "Last 30 days" not in page


def test_an_unknown_package_is_not_found_and_near_ones_are_offered(site: Running):
    answer = site.get("/packages/flask-form-kitt")

    assert answer.status_code == 404
    assert "Flask.Form-Kit" in answer.text


@pytest.mark.parametrize("path", ["/packages/%3Cb%3E", "/packages/" + "x" * 300, "/packages/-"])
def test_what_can_be_no_name_is_not_found(site: Running, path):
    assert site.get(path).status_code == 404


def test_hostile_texts_stay_texts(site: Running):
    page = site.page("/packages/flask-hostile")
    readme = site.page("/packages/flask-hostile/readme")

    for text in (page, readme):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert not re.search(r'href="javascript:', text)
    assert html.escape(HOSTILE, quote=False)[:20] in page


def test_a_readme_stands_in_a_frame_in_which_nothing_runs(site: Running):
    page = site.page(PAGE)
    frame = site.get(f"{PAGE}/readme")

    assert re.search(r'<iframe[^>]+sandbox="allow-popups allow-popups-to-escape-sandbox"', page)
    policy = frame.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert site.get("/packages/nothing-here/readme").status_code == 404


@given(
    st.text(st.characters(exclude_characters='"<>&', exclude_categories=("Cs", "Cc")), max_size=20),
    st.sampled_from(["https://elsewhere.example/x.png", "data:image/png;base64,AA", "x.png"]),
)
def test_no_picture_of_another_host_is_left(words, source):
    drawn = without_pictures(f'<p><img alt="{words}" src="{source}"></p>')

    assert "<img" not in drawn
    assert "src=" not in drawn
    assert (words.strip() or "picture") in html.unescape(drawn)


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://example.org", True),
        ("http://example.org/a", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://", False),
        ("http://[", False),
    ],
)
def test_only_the_web_is_linked_to(address, leads):
    assert is_web(address) is leads


def test_requirements_are_taken_apart_and_odd_ones_shown_as_they_are():
    assert requirements(["Flask_Login[x]>=1 ; python_version > '3'", "not one at all!"]) == [
        ("Flask_Login", "flask-login", "[x]>=1 ; python_version > '3'"),
        ("not one at all!", "", ""),
    ]


@pytest.mark.parametrize("query", ["", "?period=week", "?period=day&profile=toys"])
def test_leaderboards(site: Running, query):
    page = site.page(f"/top{query}")

    first = re.search(r'<td class="n">1</td><th scope="row"><a href="/packages/([^"]+)"', page)
    assert first[1] == "flask-form-kit"
    assert page.count("<svg") > 20
    assert site.get("/top?period=year").status_code == 400


def test_packages_side_by_side(site: Running):
    page = site.page("/compare/flask-form-kit/flask-vulnerable?days=30")

    assert "flask-vulnerable" in re.search(r"<figure.+?</figure>", page, re.S)[0]
    assert "first day = 100" in site.page("/compare/flask-form-kit?indexed=1")
    form = site.get("/compare?p=Flask.Form_Kit+flask-old", allow_redirects=False)
    assert form.headers["Location"] == "/compare/flask-form-kit/flask-old"
    assert site.get("/compare/flask-form-kit?days=31").status_code == 400
    assert "no downloads are known" in site.page("/compare/nothing-here")


def test_insights_are_lists(site: Running):
    now = dt.datetime.now(dt.UTC)
    rows = [HealthScore("flask-form-kit", 83, 1, ("rising",), 139_000, 0.7, 12, 3, now)]
    scores.put_scores(site.book.store, site.collection, rows, now)

    try:
        page = site.page("/insights?profile=toys")
    finally:
        site.book.store.command("TRUNCATE TABLE scores")

    rising = re.search(r'id="rising".+?</section>', page, re.S)[0]
    assert "/packages/flask-form-kit" in rising
    assert "+62 %" in rising
    assert "None at the moment." in re.search(r'id="hidden-gem".+?</section>', page, re.S)[0]
    assert site.get("/insights?profile=none").status_code == 400
