"""The pages by keyboard alone, and the light and the dark theme."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .conftest import Open

BACK = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(17, 22, 29)"
HITS = "[data-hits] h3 a"
STOPS = 60
"""After so many steps everything that is looked for must have been reached."""
# The browser itself draws the focus inside a frame and of the button in a field for days; at the
# end of the page there is none.
FOCUSED = """() => { const node = document.activeElement, look = getComputedStyle(node);
  const ours = node.matches(":focus") && node.tagName !== "IFRAME";
  return [node.closest("[data-facets]") ? "facet" : node.dataset.set || node.type || node.tagName,
    !ours || (node.matches(":focus-visible") && look.outlineStyle !== "none"
      && parseFloat(look.outlineWidth) >= 2)]; }"""


def switch(page: Page) -> None:
    """Press the button of the theme."""
    page.get_by_role("button", name="Switch between light and dark").click()


def reached(page: Page) -> dict[str, bool]:
    """What Tab leads to, and whether one sees that it is there."""
    found: dict[str, bool] = {}
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        name, visible = page.evaluate(FOCUSED)
        found[name] = found.get(name, True) and visible
    return found


def test_keys_lead_through_what_was_found(tab: Page):
    tab.goto("/?q=fills")
    box = tab.get_by_label("Words to search for")
    tab.get_by_role("link", name="Top", exact=True).focus()

    tab.keyboard.press("/")
    expect(box).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(tab.locator(HITS).nth(0)).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(tab.locator(HITS).nth(1)).to_be_focused()
    tab.keyboard.press("ArrowUp")
    expect(tab.locator(HITS).nth(0)).to_be_focused()
    tab.keyboard.press("Escape")
    expect(box).to_be_focused()

    name = tab.locator(HITS).nth(0).inner_text()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile(f"/packages/{name}$"))


def test_the_first_stop_skips_to_the_content(tab: Page):
    tab.goto("/about")
    tab.keyboard.press("Tab")
    skip = tab.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.keyboard.press("Enter")

    expect(tab.locator("main")).to_be_focused()


def test_facets_are_reached_and_chosen_by_keys(tab: Page):
    tab.goto("/")
    found = reached(tab)
    assert "facet" in found
    assert all(found.values()), found

    tab.locator("[data-facet=license]").get_by_label(re.compile("MIT")).focus()
    tab.keyboard.press("Space")
    expect(tab).to_have_url(re.compile("license=MIT"))
    expect(tab.locator(HITS)).to_have_count(2)
    # The list of facets was drawn anew; the one that was chosen is still where the keys are.
    expect(tab.locator("[data-facet=license]").get_by_label(re.compile("MIT"))).to_be_focused()


def test_controls_of_the_chart_are_reached_by_keys(tab: Page):
    tab.goto("/packages/flask-form-kit")
    tab.locator(".controls").wait_for()
    found = reached(tab)
    assert {"select-one", "range=30", "unit=percent", "checkbox", "date"} <= found.keys()
    assert all(found.values()), found

    tab.get_by_role("button", name="30 d", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("range=30"))


def test_the_theme_is_that_of_the_system(tabs: Open):
    for scheme, back in (("light", LIGHT), ("dark", DARK)):
        page = tabs(color_scheme=scheme)
        page.goto("/about")
        assert page.evaluate(BACK) == back


def test_the_button_changes_the_theme_for_good(tabs: Open):
    page = tabs(color_scheme="dark")
    page.goto("/about")
    switch(page)
    assert page.evaluate(BACK) == LIGHT
    page.reload()
    assert page.evaluate(BACK) == LIGHT
    page.goto("/top")
    assert page.evaluate(BACK) == LIGHT

    switch(page)
    page.reload()
    assert page.evaluate(BACK) == DARK


def test_the_theme_changes_without_scripts(tabs: Open):
    page = tabs(java_script_enabled=False)
    page.goto("/about")
    switch(page)

    expect(page).to_have_url(re.compile("/about$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", DARK)
