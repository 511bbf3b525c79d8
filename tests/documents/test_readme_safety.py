"""Nothing that a README says can run, whatever it is made of and wherever it is cut."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.safety import faults
from tests.documents.xss_vectors import HTML, MARKDOWN, RST
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents.fields import BY_NAME
from pyf.aggregator.documents.readme import Readme, render_readme
from pyf.aggregator.documents.readme.limits import (
    MAX_SOURCE,
    too_complex,
    too_long_for_markdown,
)
from pyf.aggregator.documents.readme.sanitizer import sanitize, truncate_html

KINDS = ("text/markdown", "text/markdown; variant=CommonMark", "text/x-rst", "text/plain", None)
SHOWN = ("first_chapter", "main_content", "changelog")


def assert_safe(readme: Readme) -> None:
    for name in SHOWN:
        html = getattr(readme, name)
        assert faults(html) == [], html
        assert len((html or "").encode()) <= BY_NAME[name].limit
    assert all(url.startswith(("http://", "https://")) for url in readme.screenshots)


@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_does_nothing(kind: str | None) -> None:
    for vector in (*HTML, *MARKDOWN, *RST):
        around = f"# T\n\n{vector}\n\n## Changelog\n\n{vector}\n\n<div>\n\n{vector}\n"
        for text in (vector, around):
            assert_safe(render_readme(text, kind))


def test_the_check_finds_what_it_is_for() -> None:
    found = [vector for vector in HTML if faults(vector)]

    # The standard library's parser takes tags that never end for text.
    assert len(found) >= len(HTML) - 5


def test_text_around_a_vector_stays() -> None:
    html = render_readme("before <script>alert(1)</script> after", "text/markdown").main_content

    assert html is not None and "before" in html and "after" in html and "<script" not in html


fragments = st.lists(
    st.one_of(
        st.sampled_from([*HTML, *MARKDOWN, *RST]),
        st.sampled_from(["\n", "\n\n", "# ", "Changelog\n=========\n", "1.0 (2020-01-01)\n---\n"]),
        st.sampled_from(["<div>", "</div>", "<section>", "</p>", "> ", "- ", "```", "::\n\n  "]),
        st.text(max_size=30),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(fragments, st.sampled_from(KINDS))
def test_any_mixture_does_nothing(text: str, kind: str | None) -> None:
    text = text.encode(errors="ignore").decode()
    assert_safe(render_readme(text, kind))


@settings(max_examples=150, deadline=None)
@given(fragments, st.integers(0, 9000))
def test_a_cut_leaves_it_whole_and_safe(text: str, limit: int) -> None:
    html = sanitize(text.encode(errors="ignore").decode() * 5)

    cut = truncate_html(html, limit)

    assert faults(cut) == []
    assert len(cut.encode()) <= limit


@settings(max_examples=100, deadline=None)
@given(fragments)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    html = sanitize(text.encode(errors="ignore").decode())

    assert sanitize(html) == html


DEEP = {
    "quotes": ">" * 50_000 + " x",
    "quotes apart": "> " * 50_000 + " x",
    "tags": "<div>" * 50_000,
    "tags in lines": "<div>\n\n" * 20_000,
    "inline tags": "<b>" * 50_000,
    "tables": "<table><tr><td>" * 20_000,
    "indented": "\n".join("  " * depth + "- x" for depth in range(500)),
    "brackets": "[" * 100_000,
    "stars": "*a **a " * 30_000,
    "references": "[a]: b\n" * 20_000 + "[a]" * 20_000,
    "cells": "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + "a\n" * 5000,
    "grid": "+" + "-+" * 3000 + "\n" + "|" + " |" * 3000 + "\n+" + "-+" * 3000 + "\n",
    "sections": "\n".join(" " * depth + "x\n" for depth in range(600)),
    "substitutions": ".. |a| replace:: |b|\n.. |b| replace:: |a|\n\n|a|\n",
}


@pytest.mark.parametrize("kind", ["text/markdown", "text/x-rst"])
@pytest.mark.parametrize("name", DEEP)
def test_deep_and_wide_ones_are_shown_somehow(name: str, kind: str) -> None:
    readme = render_readme(DEEP[name], kind)

    assert_safe(readme)
    assert readme.main_content


@pytest.mark.parametrize("kind", ["text/markdown", "text/plain"])
def test_a_big_one_is_cut(kind: str) -> None:
    readme = render_readme("# Big\n\n" + "some words of it\n\n" * 600_000, kind)

    assert_safe(readme)
    assert readme.title == "Big"
    assert readme.problem is not None and "characters" in readme.problem
    assert len(readme.main_content or "") < 3 * MAX_SOURCE


def test_what_is_too_much_is_told() -> None:
    assert "deeply" in too_complex("<div>" * 101)
    assert too_complex("<div></div>" * 1000) == ""
    assert too_complex("<p>" * 1000 + "<br>" * 1000) == ""
    assert "deeply" in too_complex("<div></p>" * 101)
    assert "table" in too_complex("|-" * 1000 + "|\n" + "x\n" * 1000)


SLOW = {
    "comments": "<!--",
    "comments in text": "a <!-- -",
    "sections of data": "<![CDATA[",
    "instructions": "<?",
    "declarations": "<!A",
    "same headings": "# a\n",
    "same headings in lists": "- # a\n",
    "same headings underlined": "a\n=\n\n",
    "tags": "<div></div>",
    "brackets": "[",
    "links": "[a](",
    "emphasis": "*a ",
    "strong and not": "*a **a _a ",
    "backticks": "`a ``b ",
    "quotes": "> " * 50 + "a\n",
    "entities": "&#",
}


@pytest.mark.parametrize("name", SLOW)
def test_what_could_take_the_square_of_its_length_does_not(name: str) -> None:
    text = SLOW[name] * (400_000 // len(SLOW[name]))
    begun = time.process_time()

    readme = render_readme(text, "text/markdown")

    assert time.process_time() - begun < 5  # without the limits 5 to 200 seconds
    assert_safe(readme)
    assert readme.main_content or name == "links"


def test_many_headings_comments_and_tags_are_not_too_many() -> None:
    assert "headings" in too_long_for_markdown("# a\n" * 3001)
    assert "comments" in too_long_for_markdown("<!-- a --> " * 2001)
    assert "tags" in too_long_for_markdown("<b></b>" * 30_000)
    assert too_long_for_markdown("# a\n\nb\n---\n\n<!-- a -->\n" * 900 + "<b></b>" * 9_000) == ""


@needs_shared
def test_recorded_readmes_are_safe_and_not_refused() -> None:
    paths = sorted((SHARED / "corpus/pypi/json").glob("*.json"))[::8]
    assert paths
    for path in paths:
        info = json.loads(path.read_text("utf-8"))["info"]
        text = info.get("description") or ""
        readme = render_readme(text, info.get("description_content_type"))
        assert_safe(readme)
        assert bool(readme.main_content or readme.changelog) == bool(text.strip())
