"""The search page as people use it: typing, choosing, going back, paging; without scripts, too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Open

HITS = "[data-hits] h3 a"


def names(page: Page) -> list[str]:
    """The packages that are listed."""
    return page.locator(HITS).all_text_contents()


def test_the_list_and_the_address_follow_what_is_typed(tab: Page):
    tab.goto("/")
    first = names(tab)

    tab.get_by_label("Words to search for").press_sequentially("vulnerable", delay=20)

    expect(tab).to_have_url(re.compile(r"/\?q=vulnerable$"))
    expect(tab.locator(HITS)).to_have_count(1)
    expect(tab.locator(HITS)).to_have_text("flask-vulnerable")
    expect(tab.locator("[data-count]")).to_contain_text("1 package for “vulnerable”")
    assert first != names(tab)
    tab.reload()
    assert names(tab) == ["flask-vulnerable"]


@pytest.mark.parametrize(("words", "first"), [("forms", "Flask.Form-Kit"), ("fills", "page")])
def test_the_browser_draws_what_the_site_draws(tabs: Open, words: str, first: str):
    with_script, without = tabs(), tabs(java_script_enabled=False)
    for page in (with_script, without):
        page.goto("/?q=form&old=1")
    with_script.get_by_label("Words to search for").fill(words)
    expect(with_script.locator("[data-count]")).to_contain_text(f"“{words}”")
    without.goto(with_script.url)

    texts = [
        [re.sub(r"\s+", " ", text).strip() for text in page.locator(part).all_inner_texts()]
        for part in ("[data-hits] li", "[data-facets] fieldset", "[data-count]")
        for page in (with_script, without)
    ]
    assert texts[0::2] == texts[1::2]
    assert first in texts[0][0]


def test_facets_narrow_and_back_takes_them_away(tab: Page):
    tab.goto("/")
    licence = tab.locator("[data-facet=license]")

    licence.get_by_label(re.compile("MIT")).check()
    expect(tab).to_have_url(re.compile(r"license=MIT"))
    expect(tab.locator(HITS)).to_have_text(["Flask.Form-Kit", "flask-hostile"])
    expect(tab.locator("[data-chips] a").first).to_contain_text("MIT")
    tab.locator("[data-facet=health]").get_by_label(re.compile("good")).check()
    expect(tab.locator(HITS)).to_have_text(["Flask.Form-Kit"])

    tab.go_back()
    expect(tab.locator(HITS)).to_have_count(2)
    expect(licence.get_by_label(re.compile("MIT"))).to_be_checked()
    tab.go_back()
    expect(tab).to_have_url(re.compile(r"/$"))
    expect(tab.locator(HITS)).to_have_count(20)
    expect(licence.get_by_label(re.compile("MIT"))).not_to_be_checked()
    expect(tab.locator("[data-chips] a")).to_have_count(0)


def test_a_value_of_a_long_list_is_found_and_the_list_stays_open(tab: Page):
    tab.goto("/")
    keyword = tab.locator("[data-facet=keyword]")
    keyword.get_by_text(re.compile(r"\d+ more")).click()
    keyword.get_by_label("Find in Keyword").fill("Topic-1")
    keyword.get_by_label("Find in Keyword").press("Enter")
    listed = keyword.locator("details label:visible")
    for text in listed.all_inner_texts():
        assert text.startswith("topic-1")
    assert listed.count()
    expect(tab).to_have_url(re.compile(r"/$"))

    value = listed.first.locator("input").get_attribute("value")
    # The list is drawn anew at once: "the first one" would be another one then.
    keyword.locator(f'input[value="{value}"]').click()
    expect(tab).to_have_url(re.compile(rf"keyword={value}$"))
    expect(tab.locator(HITS)).to_have_text([f"flask-page{str(value)[-2:]}"])
    # The value that was chosen stands above the others now; what was typed still holds.
    expect(keyword.get_by_label("Find in Keyword")).to_have_value("Topic-1")
    expect(keyword.locator("details")).to_have_attribute("open", "")


def test_what_was_chosen_can_be_taken_away(tab: Page):
    tab.goto("/?license=MIT&health=good")

    tab.get_by_role("link", name="good", exact=False).first.click()
    expect(tab).to_have_url(re.compile(r"/\?license=MIT$"))
    tab.get_by_role("link", name="Clear all").click()

    expect(tab).to_have_url(re.compile(r"/$"))
    expect(tab.locator(HITS)).to_have_count(20)


def test_pages_and_orders(tab: Page):
    tab.goto("/?q=fills")
    tab.get_by_label("Order").select_option("name")
    expect(tab).to_have_url(re.compile("sort=name"))
    expect(tab.locator(HITS).first).to_have_text("flask-page00")

    tab.get_by_role("link", name="Next").click()
    expect(tab.locator(HITS)).to_have_text([f"flask-page{number}" for number in range(20, 25)])
    expect(tab.locator("[data-pages]")).to_contain_text("Page 2 of 2")
    expect(tab.locator(HITS).first).to_be_focused()

    tab.go_back()
    expect(tab.locator(HITS).first).to_have_text("flask-page00")


def test_nothing_found_shows_ways_out(tab: Page):
    tab.goto("/?license=MIT")
    tab.get_by_label("Words to search for").fill("zzzzqqqq")

    empty = tab.locator("[data-empty]")
    expect(empty).to_contain_text("No packages match these filters")
    empty.get_by_role("link", name="Search without what is chosen").click()
    expect(tab).to_have_url(re.compile(r"/\?q=zzzzqqqq$"))
    expect(tab.locator("[data-empty]")).to_have_count(1)


def test_texts_of_packages_stay_texts(tab: Page):
    tab.on("dialog", lambda dialog: dialog.dismiss())
    tab.goto("/")
    tab.get_by_label("Words to search for").fill("flask-hostile")

    expect(tab.locator(HITS).first).to_have_text("flask-hostile")
    expect(tab.locator("[data-hits]")).to_contain_text("<script>alert(1)</script>")
    assert tab.locator("main script, main img").count() == 0


def test_without_scripts_the_form_searches_and_applies_facets(tabs: Open):
    page = tabs(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Words to search for").fill("fills")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("q=fills"))
    expect(page.locator(HITS)).to_have_count(20)

    page.locator("[data-facet=license]").get_by_label(re.compile("BSD")).check()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("license=BSD-3-Clause"))
    page.get_by_role("link", name="Next").click()

    expect(page.locator(HITS)).to_have_count(5)


def test_when_the_search_server_refuses_the_site_answers(tabs: Open):
    tab = tabs(excused="status of 503")
    tab.route("**/multi_search", lambda route: route.fulfill(status=503, body="{}"))
    tab.goto("/")
    tab.evaluate("window.stays = true")
    tab.get_by_label("Words to search for").fill("vulnerable")

    expect(tab).to_have_url(re.compile("q=vulnerable"))
    tab.wait_for_function("window.stays === undefined")
    assert names(tab)[0] == "flask-vulnerable"
