"""Typosquats: each way of confusion, what speaks for and against, and the recorded names."""

from __future__ import annotations

import json
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.documents.imitations import IMITATIONS
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents.name_confusion import ConfusionKind, find_confusion
from pyf.aggregator.documents.typosquats import (
    RULES,
    PopularProjects,
    ProjectPopularity,
    detect_typosquat,
)
from pyf.aggregator.names import normalize_name

POPULAR = PopularProjects(
    ProjectPopularity(normalize_name(name), downloads, author, summary=summary)
    for name, downloads, author, summary in (
        ("requests", 1_300_000_000, "Kenneth", "Python HTTP for Humans."),
        ("scikit-learn", 200_000_000, "", "A set of modules for machine learning and data mining"),
        ("tiny-but-known", 60_000, "", ""),
    )
)


def suspected(name: str, corpus: PopularProjects = POPULAR, **known: object) -> str | None:
    found = detect_typosquat(ProjectPopularity(normalize_name(name), **known), corpus)  # type: ignore[arg-type]
    return found.resembles if found else None


@pytest.mark.parametrize(
    ("name", "target", "way", "length"),
    [
        ("scikitlearn", "scikit-learn", ConfusionKind.SEPARATORS, 11),
        ("requests-1ib", "requests-lib", ConfusionKind.LOOKALIKE, 3),
        ("rnatplotlib", "matplotlib", ConfusionKind.LOOKALIKE, 10),
        ("f1ask", "flask", ConfusionKind.LOOKALIKE, 5),
        ("requestss", "requests", ConfusionKind.DOUBLED, 8),
        ("requuests", "requests", ConfusionKind.DOUBLED, 8),
        ("reqests", "requests", ConfusionKind.OMITTED, 8),
        ("erquests", "requests", ConfusionKind.SWAPPED, 8),
        ("requetss", "requests", ConfusionKind.SWAPPED, 8),
        ("requests", "requetss", ConfusionKind.SWAPPED, 8),
        ("rewuests", "requests", ConfusionKind.NEIGHBOUR, 8),
        ("requasts", "requests", ConfusionKind.NEIGHBOUR, 8),
        ("pillo2", "pillow", ConfusionKind.NEIGHBOUR, 6),
        ("requexsts", "requests", ConfusionKind.INSERTED, 8),
        ("requestsx", "requests", ConfusionKind.INSERTED, 8),
        ("rekuests", "requests", ConfusionKind.REPLACED, 8),
        ("grequests", "requests", ConfusionKind.FIRST, 8),
        ("dequests", "requests", ConfusionKind.FIRST, 8),
        ("requests2", "requests", ConfusionKind.NUMBER, 8),
        ("pypdf3", "pypdf2", ConfusionKind.NUMBER, 6),
        ("beautifulsoup", "beautifulsoup4", ConfusionKind.NUMBER, 14),
        ("python-requests", "requests", ConfusionKind.AFFIX, 8),
        ("requests-dev", "requests", ConfusionKind.AFFIX, 8),
        ("requestspro", "requests", ConfusionKind.AFFIX, 8),
        ("requests-v2", "requests", ConfusionKind.AFFIX, 8),
        ("learn-scikit", "scikit-learn", ConfusionKind.WORDS, 11),
        ("requetsa", "requests", ConfusionKind.TWO_EDITS, 8),
        ("pytest-csv", "pytest-cov", ConfusionKind.REPLACED, 3),
        ("pytest-cvs", "pytest-cov", ConfusionKind.TWO_EDITS, 3),
        ("requests", "requests", None, 0),
        ("requests", "flask", None, 0),
        ("learn", "scikit-learn", None, 0),
        ("", "requests", None, 0),
    ],
)
def test_ways(name: str, target: str, way: ConfusionKind | None, length: int) -> None:
    found = find_confusion(normalize_name(name), normalize_name(target))
    assert (found and found.way) == way
    assert (found.length if found else 0) == length


def test_every_way_has_a_rule_and_says_what_it_is() -> None:
    assert set(RULES) == set(ConfusionKind)
    assert all(rule.popular == tuple(sorted(rule.popular, reverse=True)) for rule in RULES.values())
    found = detect_typosquat(ProjectPopularity(normalize_name("reqests")), POPULAR)
    assert found is not None
    assert found.why == "a character left out; requests has 1,300,000,000 downloads a month"


def test_a_name_is_suspected_beside_a_far_more_popular_one_only() -> None:
    assert suspected("reqests") == "requests"
    assert suspected("reqests", downloads=1_000) == "requests"
    assert suspected("reqests", downloads=10_000_000) is None
    assert suspected("requests", downloads=0) is None
    assert suspected("tinny-but-known") is None
    assert suspected("entirely-different") is None


def test_the_same_author_does_not_imitate_itself() -> None:
    assert suspected("reqests", author="Someone") == "requests"
    assert suspected("reqests", author=" kenneth ") is None
    assert suspected("scikit-lern", author="") == "scikit-learn"


def test_age_and_description_speak_for_and_against() -> None:
    edge = PopularProjects(
        [
            ProjectPopularity(
                normalize_name("selenium"), 150_000, summary="Drives browsers for tests"
            )
        ]
    )
    assert suspected("selennium", edge) == "selenium"
    assert suspected("selennium", edge, age_days=1_000) is None
    assert suspected("selennium", edge, age_days=10, downloads=200) == "selenium"
    assert suspected("selennium", edge, downloads=200) is None
    own_thing = "Elements of the table and their isotopes"
    assert suspected("selennium", edge, summary=own_thing) is None
    copied = "drives Browsers, for tests!"
    assert suspected("selennium", edge, summary=copied, age_days=1_000) is None
    assert suspected("selennium", edge, summary=copied, downloads=500) == "selenium"


def test_the_most_telling_way_wins_then_the_most_popular_project() -> None:
    corpus = PopularProjects(
        ProjectPopularity(normalize_name(name), downloads)
        for name, downloads in (("websockets", 300_000_000), ("websocket", 200_000_000))
    )
    assert suspected("websockett", corpus) == "websocket"  # doubled, not replaced
    assert suspected("websocketz", corpus) == "websockets"


def test_names_beyond_all_length_are_answered_at_once() -> None:
    assert suspected("a" * 1_000_000) is None
    assert suspected("", PopularProjects([])) is None


NAMES = st.text("abcdeilmnorstuw013-", min_size=1, max_size=14).map(normalize_name)


@given(NAMES, NAMES)
def test_confusions_go_both_ways(one: str, other: str) -> None:
    there, back = (
        find_confusion(normalize_name(one), normalize_name(other)),
        find_confusion(other, one),
    )  # type: ignore[arg-type]
    assume(ConfusionKind.AFFIX not in (there and there.way, back and back.way))
    assert (there is None) == (back is None)
    assert there is None or one != other


@given(st.lists(NAMES, min_size=1, max_size=8), NAMES)
def test_the_index_misses_nothing_that_looking_at_all_would_find(
    popular: list[str], name: str
) -> None:
    names = sorted({normalize_name(each) for each in popular})
    corpus = PopularProjects(ProjectPopularity(each, 2_000_000_000) for each in names)
    near = {project.name for project in corpus.similar_projects(normalize_name(name))}
    for each in names:
        found = find_confusion(normalize_name(name), each)
        if found and (found.way is not ConfusionKind.TWO_EDITS or len(each.replace("-", "")) >= 8):
            assert each in near


@given(NAMES, st.integers(0, 10**10), st.integers(0, 10**10))
def test_more_downloads_never_make_a_name_more_suspect(name: str, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert suspected(name, downloads=more) is None or suspected(name, downloads=fewer)


@cache
def recorded() -> tuple[PopularProjects, list[str]]:
    path = SHARED / "corpus" / "downloads" / "top-pypi-packages.json"
    rows = json.loads(path.read_bytes())["rows"]
    names = [row["project"] for row in rows]
    return PopularProjects(
        ProjectPopularity(normalize_name(r["project"]), r["download_count"]) for r in rows
    ), names


@needs_shared
def test_most_recorded_imitations_are_found() -> None:
    corpus, _ = recorded()
    found = [name for name in IMITATIONS if suspected(name, corpus)]
    assert len(IMITATIONS) > 100
    assert len(found) / len(IMITATIONS) > 0.9
    right = [name for name in found if suspected(name, corpus) == IMITATIONS[name]]
    assert len(right) / len(found) > 0.9


@needs_shared
def test_hardly_any_popular_name_is_suspected() -> None:
    corpus, names = recorded()
    flagged = [name for name in names if suspected(name, corpus)]
    assert len(names) == 15_000
    assert len(flagged) < 0.002 * len(names), flagged
