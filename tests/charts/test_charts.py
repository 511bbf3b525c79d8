"""Charts are sound XML whatever they show, and show what is unknown as a gap."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator import charts
from pyf.aggregator.charts.lines import known_runs
from pyf.aggregator.charts.scale import ticks

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("x")</script> & \x00\ud800 ]]>'
VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e12)), max_size=40)


def days(count: int) -> list[date]:
    return [date(2026, 1, 1) + timedelta(number) for number in range(count)]


def drawn(svg: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(SVG + name))


def polylines(svg: str, colour: int) -> list[ElementTree.Element]:
    return [one for one in drawn(svg, "polyline") if f"s{colour}" in one.get("class", "").split()]


def test_unknown_days_are_a_gap_in_the_line_and_are_told():
    values = [1, 2, None, None, 5, 6, None, 8]

    svg = charts.line_chart([charts.LineSeries("daily", values)], days(8), title="Downloads")

    assert [len(one.get("points").split()) for one in polylines(svg, 0)] == [2, 2]
    assert len(drawn(svg, "circle")) == 1
    told = [one.text for one in drawn(svg, "title")]
    assert "2026-01-03 to 2026-01-04: no data" in told
    assert "2026-01-07: no data" in told
    assert "3 of 8 days are unknown" in drawn(svg, "desc")[0].text


def test_a_mean_that_runs_over_unknown_days_does_not_hide_them():
    series = [
        charts.LineSeries("daily", [1, None, 3], faint=True),
        charts.LineSeries("mean", [1, 1, 2], derived=True),
    ]

    svg = charts.line_chart(series, days(3), title="Downloads")

    assert "2026-01-02: no data" in svg
    assert "1 of 3 days are unknown" in svg


def test_zero_is_drawn_and_is_no_gap():
    svg = charts.line_chart([charts.LineSeries("daily", [3, 0, 3])], days(3), title="Downloads")

    (one,) = polylines(svg, 0)
    heights = [float(point.partition(",")[2]) for point in one.get("points").split()]
    assert heights[1] == max(heights)
    assert [part for part in drawn(svg, "rect") if part.get("class") == "gap"] == []


def test_a_forecast_is_dashed_has_its_band_and_makes_no_gap():
    series = [
        charts.LineSeries("daily", [1, 2, None, None]),
        charts.LineSeries("forecast", [None, 2, 3, 4], dashed=True),
    ]
    band = charts.IntervalBand([None, 2, 2, 2], [None, 2, 4, 6], 1)

    svg = charts.line_chart(series, days(4), title="Downloads", band=band)

    assert "dashed" in polylines(svg, 1)[0].get("class")
    assert len(drawn(svg, "polygon")) == 1
    assert "no data" not in svg


def test_a_mark_stands_on_its_day_and_one_outside_is_left_out():
    marks = [charts.DayMarker(date(2026, 1, 2), "2.0"), charts.DayMarker(date(2030, 1, 1), "9.9")]

    svg = charts.line_chart(
        [charts.LineSeries("daily", [1, 2, 3])], days(3), title="t", marks=marks
    )

    assert "2.0 (2026-01-02)" in svg
    assert "9.9" not in svg


def test_a_line_of_another_length_is_refused():
    with pytest.raises(ValueError, match="each of the 3 days"):
        charts.line_chart([charts.LineSeries("daily", [1])], days(3), title="t")


def test_what_is_named_is_escaped_everywhere():
    pictures = [
        charts.line_chart(
            [charts.LineSeries(NASTY, [1, 2]), charts.LineSeries("b", [1, 2])],
            days(2),
            title=NASTY,
            unit=NASTY,
            marks=[charts.DayMarker(days(2)[0], NASTY)],
        ),
        charts.bar_chart([charts.Bar(NASTY, 3, NASTY)], title=NASTY),
        charts.sparkline([1, 2], title=NASTY),
    ]

    for svg in pictures:
        assert drawn(svg, "script") == []
        assert "<script" not in svg


def test_every_picture_has_a_name_that_screen_readers_find():
    for svg in (
        charts.line_chart([], [], title="Nothing"),
        charts.bar_chart([], title="Nothing"),
        charts.sparkline([], title="Nothing"),
    ):
        root = ElementTree.fromstring(svg)
        named = {one.get("id") for one in root if one.tag in (SVG + "title", SVG + "desc")}
        assert root.get("role") == "img"
        assert set(root.get("aria-labelledby").split()) == named
        assert root.find(SVG + "title").text == "Nothing"


def test_the_style_sheet_can_be_left_to_the_page():
    assert "<style>" in charts.sparkline([1], title="t")
    assert "<style>" not in charts.sparkline([1], title="t", style=False)
    assert "prefers-color-scheme:dark" in charts.STYLE


def test_bars_are_as_long_as_their_share_and_unknown_is_said():
    bars = [charts.Bar("a", 100), charts.Bar("b", 25), charts.Bar("c", None)]

    svg = charts.bar_chart(bars, title="t")

    first, second, third = (float(one.get("width")) for one in drawn(svg, "rect"))
    assert second == pytest.approx(first / 4, abs=0.1)
    assert third == 0
    assert "unknown" in svg


def test_letters_show_values_and_gaps():
    assert charts.text_sparkline([0, 50, None, 100]) == "▁▅·█"
    assert charts.text_sparkline([None, None, 4, 4], 2) == "·█"
    assert charts.text_bars([charts.Bar("a", 8, "x"), charts.Bar("bb", None)], 4) == [
        "a   ████  8 x",
        "bb        unknown",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7.25, "7.2"),
        (950, "950"),
        (999.6, "1k"),
        (1000, "1k"),
        (1234, "1.2k"),
        (99_960, "100k"),
        (999_600, "1M"),
        (34_000_000, "34M"),
        (2.5e9, "2.5B"),
        (7e12, "7T"),
    ],
)
def test_numbers_have_a_short_form(value, text):
    assert charts.format_short(value) == text


@given(st.floats(1e-3, 1e13), st.booleans())
def test_ticks_are_few_round_and_reach_the_highest(highest, whole):
    found = ticks(highest, whole=whole)

    assert found[0] == 0
    assert highest <= found[-1] * 1.0000001
    assert 2 <= len(found) <= 6
    assert all(not whole or step == int(step) for step in found)


@given(VALUES, st.text(max_size=20))
def test_any_values_make_sound_pictures(values, title):
    series = [charts.LineSeries(title, values), charts.LineSeries("mean", values[::-1], faint=True)]

    for svg in (
        charts.line_chart(series, days(len(values)), title=title),
        charts.sparkline(values, title=title),
        charts.bar_chart([charts.Bar(title, value) for value in values], title=title),
    ):
        assert ElementTree.fromstring(svg).tag == SVG + "svg"
        assert "nan" not in svg.partition("</style>")[2]


@given(VALUES)
def test_runs_are_exactly_the_known_values(values):
    covered = {position for start, end in known_runs(values) for position in range(start, end)}

    assert covered == {position for position, value in enumerate(values) if value is not None}
