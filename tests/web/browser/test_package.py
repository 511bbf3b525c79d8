"""The page of a package: a drawing first, then the chart people work with."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Open

PATH = "/packages/flask-form-kit"


def told(page: Page) -> Locator:
    """The line below the chart: what it shows, from when to when."""
    return page.locator("[data-chart] > [role=status]")


def days(page: Page) -> tuple[int, int]:
    """How many days the first line of the chart has, and on how many of them nothing is known."""
    found = page.locator(".stage").evaluate(
        "node => [node.data[0].x.length, node.data[0].y.filter((value) => value === null).length]"
    )
    return found[0], found[1]


def test_before_anybody_asks_for_more_there_is_a_drawing_without_the_library(tab: Page):
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(urlsplit(request.url).path))
    tab.goto(PATH, wait_until="networkidle")

    expect(tab.locator("[data-chart] figure svg")).to_be_visible()
    assert asked
    assert not [path for path in asked if "plotly.min" in path]


def test_ranges(tab: Page):
    tab.goto(PATH)
    tab.get_by_role("button", name="30 d", exact=True).click()
    expect(told(tab)).to_have_text(re.compile(r"Overall, 2026-08-22 to 2026-09-20: without"))
    assert days(tab) == (30, 0)
    expect(tab.locator("[data-chart] figure")).to_be_hidden()

    tab.get_by_role("button", name="All", exact=True).click()
    expect(told(tab)).to_contain_text("2026-06-13 to 2026-09-20")
    assert days(tab) == (100, 2)
    expect(tab.get_by_role("button", name="All", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert tab.url.endswith("?range=all")


def test_days_from_and_to(tab: Page):
    tab.goto(PATH)
    tab.get_by_label("From", exact=True).fill("2026-07-30")
    tab.get_by_label("To", exact=True).fill("2026-08-04")

    expect(told(tab)).to_contain_text("2026-07-30 to 2026-08-04")
    assert days(tab) == (6, 2)
    tab.reload()
    expect(told(tab)).to_contain_text("2026-07-30 to 2026-08-04")


def test_dimensions_in_percent(tab: Page):
    tab.goto(PATH)
    tab.get_by_label("Downloads by").select_option("python_minor")
    expect(told(tab)).to_have_text(re.compile(r"Python minor, .+: 3\.12, 3\.11, 3\.13, unknown"))
    tab.get_by_role("button", name="Percent").click()
    expect(tab.get_by_role("button", name="Percent")).to_have_attribute("aria-pressed", "true")
    tab.wait_for_function("document.querySelector('.stage').layout.yaxis.ticksuffix === ' %'")

    sums = tab.locator(".stage").evaluate(
        """node => { const raw = node.data.filter((line) => line.showlegend === false);
        return raw[0].x.map((_, i) => raw.reduce((sum, line) => sum + line.y[i], 0)) }"""
    )
    assert all(abs(total - 100) < 1e-6 for total in sums[-30:])


def test_weeks_and_months_are_whole_or_not_there(tab: Page):
    tab.goto(PATH)
    tab.get_by_label("Steps").select_option("week")
    expect(told(tab)).to_contain_text("2026-06-23 to 2026-09-20 by week, whole ones only")
    # From Monday the 29th of June; of the week of the first of August two days are not known.
    assert days(tab) == (12, 1)
    begin = tab.locator(".stage").evaluate("node => node.data[0].x[0]")
    assert begin == "2026-06-29"
    expect(tab.get_by_role("link", name="CSV").first).to_have_attribute(
        "href", "/api/packages/flask-form-kit/overall.csv?bucket=week"
    )

    tab.get_by_label("Steps").select_option("month")
    expect(told(tab)).to_contain_text("by month")
    assert days(tab) == (2, 1)
    assert tab.url.endswith("?step=month")
    tab.get_by_role("button", name="30 d", exact=True).click()
    expect(told(tab)).to_contain_text("there is no whole month")
    tab.reload()
    expect(told(tab)).to_contain_text("there is no whole month")
    tab.get_by_label("Steps").select_option("day")
    expect(told(tab)).to_contain_text("2026-08-22 to 2026-09-20: without")


def test_mirrors_and_releases(tab: Page):
    tab.goto(f"{PATH}?range=all")
    expect(told(tab)).to_contain_text("2026-06-13")
    expect(told(tab)).not_to_contain_text("with mirrors")
    marks = tab.locator(".stage").evaluate("node => node.layout.annotations.map((a) => a.text)")
    assert marks == []  # all releases are older than the first day that is known

    tab.get_by_label("With mirrors").check()
    expect(told(tab)).to_contain_text("with mirrors, without mirrors")


def test_an_address_with_choices_shows_them(tab: Page):
    tab.goto(f"{PATH}?by=system&range=60&mean=0")

    expect(told(tab)).to_contain_text("Operating system, 2026-07-23 to 2026-09-20: Linux, Windows")
    expect(tab.get_by_label("Downloads by")).to_have_value("system")
    expect(tab.get_by_label("7-day mean")).not_to_be_checked()


def test_files_of_the_chart(tab: Page, tmp_path: Path):
    tab.goto(f"{PATH}?by=installer")
    expect(told(tab)).to_contain_text("pip, uv")

    for form, begin in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"category,date,downloads")):
        with tab.expect_download() as coming:
            tab.locator(".controls").get_by_text(form, exact=True).click()
        coming.value.save_as(tmp_path / form)
        assert coming.value.suggested_filename == f"flask-form-kit-installer.{form.lower()}"
        assert (tmp_path / form).read_bytes().startswith(begin)


@pytest.mark.parametrize("width", [1280, 1024, 375])
def test_no_button_of_a_group_stands_alone(tabs: Open, width: int):
    page = tabs(viewport={"width": width, "height": 900})
    page.goto(PATH)
    page.locator(".controls").wait_for()
    rows = page.locator(".controls .choice").evaluate_all(
        "groups => groups.map((g) => [...g.children].map((c) => c.getBoundingClientRect().top))"
    )

    assert [len(row) for row in rows] == [6, 2, 3]
    assert [len(set(row)) for row in rows] == [1, 1, 1]


def test_the_chart_follows_the_theme(tab: Page):
    tab.goto(f"{PATH}?range=30")
    expect(told(tab)).to_contain_text("Overall")
    light = tab.locator(".stage").evaluate("node => node.layout.paper_bgcolor")
    tab.get_by_role("button", name="Switch between").click()
    tab.wait_for_function(
        "light => document.querySelector('.stage').layout.paper_bgcolor !== light", arg=light
    )

    assert light == "#ffffff"


def test_without_scripts_there_are_drawing_table_and_readme(tabs: Open):
    page = tabs(java_script_enabled=False)
    page.goto(PATH)

    expect(page.locator("[data-chart] figure svg")).to_be_visible()
    page.get_by_text("The last 14 days as a table").click()
    assert page.get_by_role("table", name="Downloads a day").locator("tbody tr").count() == 14
    expect(page.frame_locator("iframe.readme").locator("main")).to_contain_text("Makes forms.")
    expect(page.locator(".controls")).to_have_count(0)


def test_texts_of_packages_stay_texts(tab: Page):
    dialogs: list[str] = []
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    tab.goto("/packages/flask-hostile", wait_until="networkidle")
    tab.locator("iframe.readme").scroll_into_view_if_needed()
    expect(tab.frame_locator("iframe.readme").locator("main")).to_contain_text("alert(1)")

    assert dialogs == []
    assert tab.locator("a[href^='javascript:']").count() == 0
