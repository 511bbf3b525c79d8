"""Badges, embedded charts and pictures of links: always a picture, whatever the text."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pyf.aggregator.web.badges.badge import LONGEST, badge
from pyf.aggregator.web.badges.width import width_of

from .conftest import Running

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("day", ["downloads", "3.0 k/day"]),
        ("week", ["downloads", "35.4 k/week"]),
        ("month", ["downloads", "139 k/month"]),
        ("total", ["downloads", "379 k"]),
        ("health", ["health", "83/100"]),
        ("version", ["version", "2.0"]),
    ],
)
def test_a_badge_says_its_figure(site: Running, kind, said):
    answer = site.get(f"/badge/Flask.Form_Kit/{kind}.svg")

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert texts(answer.text) == said
    assert int(answer.headers["Cache-Control"].rpartition("=")[2]) >= 3600


@pytest.mark.parametrize("kind", ["month", "total", "health", "version"])
def test_what_is_not_known_has_a_badge_that_says_so(site: Running, kind):
    answer = site.get(f"/badge/nothing-here/{kind}.svg")

    assert answer.status_code == 200
    assert texts(answer.text)[1] == "unknown"


@pytest.mark.parametrize(
    "path", ["flask/size.svg", "flask/month.gif", "-/month.svg", "a%0d%0aSet-Cookie:x/month.svg"]
)
def test_what_can_be_no_badge_is_not_found(site: Running, path):
    answer = site.get(f"/badge/{path}")

    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_the_same_for_badge_services(site: Running):
    body = site.get("/badge/flask-form-kit/version.json").json()

    assert (body["schemaVersion"], body["label"], body["message"]) == (1, "version", "2.0")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_stays_text_in_a_picture_that_is_wide_enough(label, value):
    root = ET.fromstring(badge(label, value))

    whole = float(root.get("width"))
    rectangles = [node for node in root.iter(f"{SVG}rect") if node.get("class")]
    assert sum(float(node.get("width")) for node in rectangles) == pytest.approx(whole, abs=0.2)
    for node in root.iter(f"{SVG}text"):
        end = float(node.get("x")) + float(node.get("textLength"))
        assert end <= whole
        assert len(node.text or "") <= LONGEST
    assert {node.tag.removeprefix(SVG) for node in root.iter()} == {
        *("svg", "title", "style", "clipPath", "rect", "g", "text")
    }


@pytest.mark.parametrize(("less", "more"), [("iii", "mmm"), ("abc", "漢字仮"), ("a", "aa")])
def test_wider_letters_get_more_room(less, more):
    assert width_of(less) < width_of(more)


def test_a_letter_that_is_put_onto_another_needs_no_room():
    assert width_of("e\u0301") == width_of("e")


def test_a_chart_may_stand_in_pages_of_others(site: Running):
    answer = site.get("/embed/flask-form-kit.svg?days=30")

    assert ET.fromstring(answer.text).tag == f"{SVG}svg"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert site.get("/embed/nothing-here.svg").status_code == 404


@pytest.mark.parametrize("name", ["flask-form-kit", "flask-hostile", "flask-old"])
def test_a_link_is_shown_with_a_picture(site: Running, name):
    answer = requests.get(f"{site.url}/og/{name}.png", timeout=30)

    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))
        assert len(image.getcolors(1_000_000)) > 10
