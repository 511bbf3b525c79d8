"""The search page as the site draws it: what is found, narrowed, sorted, paged; odd input."""

from __future__ import annotations

import html
import json
import re

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from starlette.datastructures import QueryParams

from pyf.aggregator.errors import UsageError
from pyf.aggregator.web.search.results import MARK_BEGIN, MARK_END, mark_words, newest_first
from pyf.aggregator.web.search.search_request import FACETS, SearchRequest

from .conftest import Running
from .projects import HOSTILE


def names(page: str) -> list[str]:
    """The packages that a page lists, in order; marks taken off."""
    links = re.findall(r'<h3><a href="/packages/[^"]+">(.+?)</a>', page)
    return [html.unescape(re.sub("</?mark>", "", link)) for link in links]


def test_the_project_of_the_name_stands_first(site: Running):
    assert names(site.page("/?q=flask_form.kit"))[0] == "Flask.Form-Kit"


def test_words_that_were_found_are_marked(site: Running):
    page = site.page("/?q=forms")

    assert "<mark>Forms</mark> for small sites &amp; large ones" in page


def test_without_words_the_most_downloaded_come_first(site: Running):
    assert names(site.page("/"))[:2] == ["Flask.Form-Kit", "flask-vulnerable"]


def test_what_is_put_away_is_hidden_until_asked_for(site: Running):
    assert "flask-old" not in names(site.page("/?q=flask-old"))
    assert "and 1 archived" in site.page("/?q=flask-old")
    assert names(site.page("/?q=flask-old&old=1"))[0] == "flask-old"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("license=MIT", {"Flask.Form-Kit", "flask-hostile"}),
        ("flag=suspected-typosquat", {"flask-fromkit"}),
        ("insight=rising", {"Flask.Form-Kit"}),
        ("health=poor", {"flask-vulnerable"}),
        ("health=good&license=MIT", {"Flask.Form-Kit"}),
        ("keyword=forms&keyword=fine", {"Flask.Form-Kit", "flask-hostile"}),
    ],
)
def test_facets_narrow(site: Running, query, expected):
    assert set(names(site.page(f"/?{query}"))) == expected


def test_a_facet_counts_without_itself(site: Running):
    page = site.page("/?license=MIT")

    counts = dict(re.findall(r'name="license" value="([^"]+)".+?class="count">([\d,]+)<', page))
    assert counts == {"MIT": "2", "BSD-3-Clause": "25"}
    assert re.search(r'name="license" value="MIT" checked', page)


def test_versions_stand_in_their_order_newest_first(site: Running):
    page = site.page("/?python=Python+3.9")

    def listed(facet: str) -> list[str]:
        return re.findall(rf'name="{facet}" value="([^"]+)"', page)

    minor = [f"Python 3.{number}" for number in (14, 13, 12, 11, 10, 8)]
    assert listed("python") == ["Python 3.9", "Python 3", *minor]
    frameworks = re.findall('name="framework" value="([^"]+)"', site.page("/"))
    assert frameworks == ["Plone 6.1", "Plone 6.0", "Plone 5.2", "Django 5.2", "Django 4.2"]


@pytest.mark.parametrize(
    ("counts", "ordered"),
    [
        ({}, []),
        ({"x": 1, "y 2": 3, "": 9}, ["x", "", "y 2"]),
        ({"A 1": 2, "B 3": 2, "B 10.0": 1}, ["A 1", "B 10.0", "B 3"]),
        ({"P 3.9": 5, "P 3": 1, "P 3.10": 1, "P 3.9.1": 1}, ["P 3", "P 3.10", "P 3.9", "P 3.9.1"]),
    ],
)
def test_the_order_of_versions(counts, ordered):
    assert newest_first(counts) == ordered


def test_pages_follow_one_another(site: Running):
    first, second = site.page("/?q=fills&sort=name"), site.page("/?q=fills&sort=name&page=2")

    assert names(first) + names(second) == [f"flask-page{number:02}" for number in range(25)]
    assert 'rel="next"' in first
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("order", "first"),
    [("downloads", "Flask.Form-Kit"), ("stars", "Flask.Form-Kit"), ("health", "Flask.Form-Kit")],
)
def test_orders(site: Running, order, first):
    assert names(site.page(f"/?sort={order}"))[0] == first
    assert f'<option value="{order}" selected>' in site.page(f"/?sort={order}")


def test_nothing_found_says_what_may_help(site: Running):
    page = site.page("/?q=flask-fromkitt&flag=malicious")

    assert "No packages match these filters" in page
    assert "Search without what is chosen" in page
    assert "flask-fromkit" in page
    assert "/faqs#not-listed" in page


@pytest.mark.parametrize(
    "query",
    [
        "sort=size",
        "page=0",
        "page=x",
        "page=999999",
        "q=" + "x" * 501,
        "license=%60",
        "health=splendid",
        "&".join(f"keyword={number}" for number in range(51)),
    ],
)
def test_odd_input_is_refused_in_words(site: Running, query):
    answer = site.get(f"/?{query}")

    assert answer.status_code == 400
    assert "<h1>Bad Request</h1>" in answer.text


def test_a_profile_that_is_not_followed_is_not_found(site: Running):
    assert site.get("/?profile=none").status_code == 404


def test_an_address_for_a_word_leads_to_the_search(site: Running):
    answer = site.get("/search/a%26b c", allow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/?q=a%26b%20c")


def test_texts_of_packages_stay_texts(site: Running):
    page = site.page("/?q=flask-hostile")

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert html.escape(HOSTILE, quote=False)[:30] in page.replace("&#34;", '"')


def test_the_browser_gets_a_key_that_may_search_this_collection_alone(site: Running):
    config = json.loads(html.unescape(re.search(r'data-config="([^"]+)"', site.page("/"))[1]))

    def ask(collection: str, key: str = config["key"]) -> int:
        address = f"{config['url']}/collections/{collection}/documents/search?q=*"
        return requests.get(address, headers={"X-TYPESENSE-API-KEY": key}, timeout=10).status_code

    assert ask(site.collection) == 200
    assert ask("another") == 401
    assert config["key"] != site.server.key
    documents = f"{config['url']}/collections/{site.collection}/documents/flask-old-1.0"
    headers = {"X-TYPESENSE-API-KEY": config["key"]}
    assert requests.get(documents, headers=headers, timeout=10).status_code == 401


def test_profiles_have_pages(site: Running):
    assert "/profiles/toys" in site.page("/profiles")
    page = site.page("/profiles/toys")

    assert "Things to try with." in page
    assert re.search(r"<dt>Projects</dt><dd><a [^>]+>30</a>", page)
    assert "flask-fromkit" not in page  # flagged ones stand in no list
    assert site.get("/profiles/toyz").status_code == 404
    assert "did you mean" in site.get("/profiles/toyz").text.lower()


ASKED = st.builds(
    SearchRequest,
    q=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip),
    profile=st.sampled_from(["", "toys"]),
    chosen=st.dictionaries(
        st.sampled_from([facet.name for facet in FACETS if not facet.ranges]),
        st.lists(
            st.text(
                alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=9
            ).filter(lambda text: "`" not in text),
            min_size=1,
            max_size=3,
            unique=True,
        ).map(tuple),
        max_size=3,
    ),
    sort=st.sampled_from(["", "name", "stars"]),
    page=st.integers(1, 500),
    old=st.booleans(),
)


@given(ASKED)
def test_an_address_says_all_that_was_asked(asked):
    address = asked.url(page=asked.page)

    read = SearchRequest.read(QueryParams(address.partition("?")[2]), asked.profile)

    assert read == asked


@given(st.text(), st.text(), st.text())
def test_a_marked_text_holds_nothing_but_the_text(before, inside, after):
    clean = [text.replace(MARK_BEGIN, "").replace(MARK_END, "") for text in (before, inside, after)]
    drawn = mark_words({"value": f"{clean[0]}{MARK_BEGIN}{clean[1]}{MARK_END}{clean[2]}"}, "")

    plain = drawn.replace(Markup("<mark>"), "").replace(Markup("</mark>"), "")
    assert "<" not in plain
    assert Markup(plain).unescape() == "".join(clean)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.text(max_size=40))
def test_no_query_breaks_the_page(site: Running, words):
    try:
        expected = 200 if SearchRequest.read(QueryParams([("q", words)]), "") else 0
    except UsageError:
        expected = 400
    answer = requests.get(
        site.url, params={"q": words}, headers={"Accept": "text/html"}, timeout=30
    )

    assert answer.status_code == expected
