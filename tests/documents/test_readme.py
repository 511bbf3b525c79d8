"""A README is shown as PyPI shows it, divided by its headings."""

from __future__ import annotations

import json
import re

import pytest
from readme_renderer import markdown, rst
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents.readme import Picture, classify_picture, pictures, render_readme
from pyf.aggregator.documents.readme.sanitizer import html_to_text

LOG = "1.1 (2024-02-01)\n{0}\n\n- New.\n\n1.0 (2023-01-01)\n{0}\n\n- First.\n"
INTRO = "It does what nobody else does, and does it well."
KINDS = {
    "hashes": (
        f"# My tool\n\n{INTRO}\n\n## Use\n\nCall it.\n\n## Changelog\n\n### 1.0\n\n- First.\n"
        "\n## License\n\nMIT\n",
        "text/markdown",
    ),
    "setext": (
        f"My tool\n=======\n\n{INTRO}\n\nUse\n---\n\nCall it.\n\nChange log\n"
        "----------\n\n- First.\n\nLicense\n-------\n\nMIT\n",
        "text/markdown; charset=UTF-8; variant=GFM",
    ),
    "html": (
        f'<div align="center"><h1>My <i>tool</i></h1></div>\n\n{INTRO}\n\n<h2>Use</h2>\n\n'
        "Call it.\n\n<h2>What's new</h2>\n\n- First.\n\n<h2>License</h2>\n\nMIT\n",
        "text/markdown",
    ),
    "rst": (
        f"My tool\n=======\n\n{INTRO}\n\nUse\n---\n\nCall it.\n\n"
        "Release history\n---------------\n\n"
        + LOG.format("~" * 16)
        + "\nLicense\n-------\n\nMIT\n",
        "text/x-rst",
    ),
    "text": (
        f"My tool\n=======\n\n{INTRO}\n\nUse\n---\n\nCall it.\n\nHistory\n-------\n\n- First.\n\n"
        "License\n-------\n\nMIT\n",
        "text/plain",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_divided_by_headings_of_any_kind(kind: str) -> None:
    readme = render_readme(*KINDS[kind])
    first, main, log = (
        html_to_text((html or "").replace("<br>", " "))
        for html in (readme.first_chapter, readme.main_content, readme.changelog)
    )

    assert readme.title == "My tool"
    assert first == INTRO
    assert "Call it." in main and "MIT" in main and "My tool" in main
    assert "First." in log and "First." not in main and "MIT" not in log
    assert readme.problem is None


def test_a_changelog_that_was_appended_without_a_heading_is_found() -> None:
    text = f"My tool\n=======\n\n{INTRO}\n\n" + LOG.format("=" * 16)

    readme = render_readme(text, "text/x-rst")

    assert "New." not in str(readme.main_content)
    assert str(readme.changelog).index("New.") < str(readme.changelog).index("First.")


def test_undated_versions_in_a_row_are_a_changelog_and_one_alone_is_not() -> None:
    log = render_readme("# T\n\n## 1.1\n\n- b\n\n## 1.0\n\n- a\n", "text/markdown")
    one = render_readme("# T\n\n## 2.0\n\nA new way.\n\n## Use\n\nSo.\n", "text/markdown")

    assert "<li>a</li>" in str(log.changelog) and "<li>b</li>" in str(log.changelog)
    assert one.changelog is None


def test_versions_of_others_are_no_changelog() -> None:
    text = "# T\n\n## Plone 5.2\n\nWorks.\n\n## Plone 6.0\n\nWorks.\n"

    assert render_readme(text, "text/markdown").changelog is None


def test_headings_in_quotes_and_lists_divide_nothing() -> None:
    text = f"# T\n\n{INTRO}\n\n> ## Changelog\n> - x\n\n- ## News\n\n## Use\n\nSo.\n"

    readme = render_readme(text, "text/markdown")

    assert readme.changelog is None
    assert "News" in str(readme.first_chapter) and "So." not in str(readme.first_chapter)


def test_badges_alone_are_no_chapter() -> None:
    text = (
        f"# T\n\n![build](https://ci.example/badge.svg)\n\n## About\n\n{INTRO}\n\n## Use\n\nSo.\n"
    )

    first = str(render_readme(text, "text/markdown").first_chapter)

    assert INTRO in first and "So." not in first


def test_a_text_without_a_heading_has_no_title() -> None:
    readme = render_readme(f"{INTRO}\n\n## Use\n\nSo.\n", "text/markdown")

    assert readme.title is None
    assert str(readme.first_chapter) == f"<p>{INTRO}</p>"


def test_a_logo_is_named_by_its_text_and_not_beside_one() -> None:
    logo = '<img src="https://x.example/l.png" alt="Tool logo">'

    assert render_readme(f"<h1>{logo}</h1>", "text/markdown").title == "Tool logo"
    assert render_readme(f"<h1>{logo} Tool</h1>", "text/markdown").title == "Tool"


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("Title\n==\n\n:nonsense:`x`\n", "text/x-rst", "line"),
        ("x\n\n- a\n b\n\n.. nonsense::\n", None, "content type"),
    ],
)
def test_broken_rst_is_shown_as_text_and_told(text: str, kind: str | None, said: str) -> None:
    readme = render_readme(text, kind)

    assert "nonsense" in str(readme.main_content)
    assert "plain text" in str(readme.problem) and said in str(readme.problem)


def test_sections_of_broken_rst_are_found_all_the_same() -> None:
    readme = render_readme(f"Tool\n====\n\n{INTRO}\n\n:no:`x`\n\nChanges\n=======\n\n- a\n", None)

    assert readme.title == "Tool"
    assert str(readme.changelog).startswith("Changes")


def test_nothing_makes_nothing() -> None:
    for text in ("", " \n\n", "\x00"):
        assert set(render_readme(text, None).fields().values()) == {None}


def test_an_unknown_type_is_text() -> None:
    assert render_readme("*a*", "application/x-other").main_content == "*a*"


def without_marks(html: str) -> str:
    return re.sub(r' (?:id|class|href="#)[^ >]*?"[^">]*"|\s+$', "", html).strip()


@needs_shared
def test_whole_readmes_look_as_on_pypi() -> None:
    """Without a changelog the content is what readme_renderer makes, but for ids and classes."""
    compared = 0
    for path in sorted((SHARED / "corpus/pypi/json").glob("*.json"))[::12]:
        info = json.loads(path.read_text("utf-8"))["info"]
        text, kind = info.get("description") or "", info.get("description_content_type")
        readme = render_readme(text, kind)
        if readme.problem or readme.changelog or not readme.main_content:
            continue
        expected = (markdown if kind == "text/markdown" else rst).render(text)
        assert without_marks(readme.main_content) == without_marks(expected or "")
        compared += 1
    assert compared > 15


def test_links_within_a_readme_lead_to_its_own_anchors() -> None:
    text = '[a](#use) [b][^1]\n\n<p id="own">x</p>\n\n[c](#own)\n\n## Use\n\n[^1]: Note.\n'

    html = str(render_readme(text, "text/markdown").main_content)

    ids = set(re.findall(r' id="([^"]+)"', html))
    targets = set(re.findall(r' href="#([^"]+)"', html))
    assert targets <= ids
    assert {"user-content-use", "user-content-own", "user-content-fn-1"} <= targets


PICTURES = [
    (Picture("https://img.shields.io/pypi/v/x.svg"), "decoration"),
    (Picture("https://github.com/o/r/actions/workflows/ci.yml/badge.svg"), "decoration"),
    (Picture("https://github.com/o/r/workflows/tests/status.svg"), "decoration"),
    (Picture("https://x.example/docs/logo.png"), "decoration"),
    (Picture("https://x.example/company-logo-dark.png", "", 800, 300), "decoration"),
    (Picture("https://x.example/a.png", "", 120, 20), "decoration"),
    (Picture("https://x.example/a.png", "Screenshot", 40, None), "decoration"),
    (Picture("https://x.example/graph.svg"), "shows"),
    (Picture("https://x.example/drawing.svg"), "decoration"),
    (Picture("https://x.example/screenshot.png"), "shows"),
    (Picture("https://x.example/1.png", "The demo running"), "shows"),
    (Picture("https://x.example/1.png", "", 640, 480), "shows"),
    (Picture("https://x.example/1.png"), "unknown"),
]


@pytest.mark.parametrize(("picture", "verdict"), PICTURES)
def test_pictures_are_judged(picture: Picture, verdict: str) -> None:
    assert classify_picture(picture) == verdict


@pytest.mark.parametrize(
    ("html", "size"),
    [
        ('<img src="https://x.example/a.png" width="640px" height="480">', (640, 480)),
        ('<img src="https://x.example/a.png" width="50%">', (None, None)),
        ('<img src="https://x.example/a-320x200.png">', (320, 200)),
        ('<img src="https://x.example/a.png?width=300&amp;height=90">', (300, 90)),
        ('<img src="https://x.example/a.png?w=10" width="400">', (400, None)),
    ],
)
def test_sizes_are_read_without_a_download(html: str, size: tuple[int | None, int | None]) -> None:
    [picture] = pictures(html)

    assert (picture.width, picture.height) == size


def test_screenshots_are_direct_addresses_each_once_and_none_of_the_changelog() -> None:
    text = (
        "# T\n\n![a](https://github.com/o/r/blob/main/docs/a.png) ![a](docs/b.png)\n\n"
        "![a](https://raw.githubusercontent.com/o/r/main/docs/a.png) ![](data:image/png;base64,x)\n"
        "\n## Changelog\n\n![c](https://x.example/screenshot.png)\n"
    )

    shots = render_readme(text, "text/markdown").screenshots

    assert shots == ("https://raw.githubusercontent.com/o/r/main/docs/a.png",)
