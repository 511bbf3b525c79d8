"""Each row of the formula, and that better facts never make a score worse."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.documents import health_weights as table
from pyf.aggregator.documents.health import HealthFacts, health_score
from pyf.aggregator.documents.health_facts import facts_of
from pyf.aggregator.documents.insights import INSIGHTS, find_insights

DAY = 86_400
NOW = 1_800_000_000
GOOD = HealthFacts(
    uploaded=NOW,
    description_characters=5000,
    description_words=700,
    has_docs_link=True,
    has_people=True,
    has_license=True,
    classifiers=3,
)


def health(**changes):
    return health_score(dataclasses.replace(GOOD, **changes), NOW)


@pytest.mark.parametrize(
    ("days", "points"),
    [
        *((0, 40), (183, 40), (184, 30), (365, 30), (366, 20), (730, 20), (731, 10), (1095, 10)),
        *((1096, 5), (1825, 5), (1826, 0), (9000, 0), (-5, 40)),
    ],
)
def test_recency(days, points):
    part = health(uploaded=NOW - days * DAY).recency

    assert part.points == points
    assert bool(part.problems) == (points < 40)


def test_recency_without_a_date_is_nothing_and_a_problem():
    part = health(uploaded=0).recency

    assert (part.points, len(part.problems)) == (0, 1)


def test_recency_of_a_latest_release_without_files_is_that_of_the_newest_with_some():
    document = {"upload_timestamp": 0}

    facts = facts_of(document, NOW - 400 * DAY)
    part = health_score(facts, NOW).recency

    assert part.points == 20
    assert len(part.problems) == 1
    assert "no files" in part.problems[0]
    assert "400 days" in part.problems[0]
    assert not facts_of({"upload_timestamp": NOW}, NOW - DAY).is_upload_other
    assert facts_of(document).uploaded == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"description_characters": 1}, "has 1 character;"),
        ({"description_characters": 2}, "has 2 characters;"),
        ({"has_docs_link": False, "description_words": 1}, "has 1 word and"),
        ({"classifiers": 1}, "There is 1 classifier;"),
        ({"classifiers": 0}, "There are 0 classifiers;"),
        ({"uploaded": NOW - 1000 * DAY}, "2.7 years old"),
    ],
)
def test_problems_count_in_proper_words(changes, words):
    assert [words in problem for problem in health(**changes).problems] == [True]


def test_a_missing_description_is_one_problem():
    part = health(description_characters=0, description_words=0, has_docs_link=False).documentation

    assert [problem.split(";")[0] for problem in part.problems] == ["There is no description"]


@pytest.mark.parametrize(
    ("changes", "points", "problems"),
    [
        ({}, 21, 0),
        ({"description_characters": 151}, 21, 0),
        ({"description_characters": 150}, 3, 1),
        ({"description_characters": 0, "description_words": 0}, 3, 1),
        ({"has_docs_url": True}, 25, 0),
        ({"has_docs_link": False}, 18, 0),
        ({"has_docs_link": False, "description_words": 499}, 18, 1),
        ({"description_words": 499}, 21, 0),
        ({"screenshots": 1}, 26, 0),
        ({"screenshots": 9, "has_docs_url": True}, 30, 0),
        ({"readme_problem": "Line 3 is wrong."}, 21, 1),
    ],
)
def test_documentation(changes, points, problems):
    part = health(**changes).documentation

    assert (part.points, len(part.problems)) == (points, problems)


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 30),
        ({"has_people": False}, 20),
        ({"has_license": False}, 20),
        ({"classifiers": 2}, 20),
        ({"classifiers": 0, "has_people": False, "has_license": False}, 0),
    ],
)
def test_metadata(changes, points):
    part = health(**changes).metadata

    assert part.points == points
    assert len(part.problems) == 3 - points // 10


@pytest.mark.parametrize(
    ("stars", "points"),
    [
        *((None, 0), (0, 0), (9, 0), (10, 1), (49, 1), (50, 3), (99, 3), (100, 5), (499, 5)),
        *((500, 7), (999, 7), (1000, 10), (50_000, 10)),
    ],
)
def test_stars(stars, points):
    assert health(stars=stars).github.stars == points


@pytest.mark.parametrize(
    ("days", "points"),
    [(0, 10), (30, 10), (31, 7), (90, 7), (91, 5), (180, 5), (181, 3), (365, 3), (366, 0)],
)
def test_activity(days, points):
    assert health(pushed=NOW - days * DAY).github.activity == points


@pytest.mark.parametrize(
    ("issues", "points"),
    [(0, 10), (10, 10), (11, 7), (30, 7), (31, 5), (50, 5), (51, 3), (100, 3), (101, 0), (None, 0)],
)
def test_issues_for_each_star(issues, points):
    bonus = health(stars=100, open_issues=issues).github

    assert bonus.issues == points
    assert bonus.total == 5 + points


def test_issues_without_stars_give_nothing():
    assert health(stars=0, open_issues=0).github.issues == 0


@pytest.mark.parametrize(
    ("changes", "points", "problems"),
    [
        ({}, 0, 0),
        ({"download_rank": 1000}, 5, 0),
        ({"download_rank": 1001}, 3, 0),
        ({"download_rank": 10_001}, 1, 0),
        ({"download_rank": 50_001}, 0, 0),
        ({"download_trend": 0.5}, 3, 0),
        ({"download_trend": 0.1}, 1, 0),
        ({"download_trend": 0.0}, 0, 0),
        ({"download_trend": -0.5}, -2, 1),
        ({"download_trend": -1.0}, -5, 1),
        ({"download_rank": 1, "download_trend": -5000.0}, 0, 1),
    ],
)
def test_usage(changes, points, problems):
    part = health(**changes).usage

    assert (part.points, len(part.problems)) == (points, problems)


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0),
        ({"severities": ("critical",)}, -30),
        ({"severities": ("high",)}, -20),
        ({"severities": ("medium", "low")}, -12),
        ({"severities": ("low",)}, -5),
        ({"severities": ("",)}, -10),
        ({"severities": ("low", "high")}, -22),
        ({"severities": ("critical",) * 50}, -40),
        ({"is_archived": True}, -20),
        ({"is_yanked": True}, -15),
        ({"is_quarantined": True}, -60),
        ({"is_malicious": True}, -100),
        ({"is_archived": True, "is_yanked": True}, -35),
    ],
)
def test_security(changes, points):
    health_ = health(**changes)

    assert health_.security.points == points
    assert bool(health_.security.problems) == (points < 0)
    assert health_.score == max(0, 91 + points)


def test_it_is_capped_before_dangers_are_taken_off():
    best = health(stars=5000, pushed=NOW, open_issues=0, download_rank=1, screenshots=3)
    danger = health(stars=5000, pushed=NOW, open_issues=0, download_rank=1, is_archived=True)

    assert (best.score, danger.score) == (100, 80)


def test_the_breakdown_has_the_keys_that_frontends_know():
    breakdown = health(stars=100, pushed=NOW, open_issues=0).breakdown()

    for part in ("recency", "documentation", "metadata", "usage", "security"):
        assert breakdown[part].keys() == {"points", "problems", "bonuses"}
    assert breakdown["github_stars_bonus"] == 5
    assert breakdown["github_activity_bonus"] == breakdown["github_issue_bonus"] == 10
    assert breakdown["github_bonus_total"] == 25
    assert len(breakdown) == 9


def test_every_problem_is_a_sentence():
    bad = health_score(
        HealthFacts(
            severities=("high", "low"),
            vulnerabilities=("A-1", "B-2"),
            download_trend=-2.0,
            is_archived=True,
            is_quarantined=True,
            is_malicious=True,
            is_yanked=True,
        ),
        NOW,
    )

    assert bad.score == 0
    assert len(bad.problems) == 11
    for problem in bad.problems:
        assert problem[0].isupper() and problem.endswith(".") and len(problem.split()) > 7
    assert any("A-1, B-2" in problem for problem in bad.problems)


facts = st.builds(
    HealthFacts,
    uploaded=st.integers(0, NOW + DAY),
    description_characters=st.integers(0, 400),
    description_words=st.integers(0, 900),
    has_docs_url=st.booleans(),
    has_docs_link=st.booleans(),
    screenshots=st.integers(0, 3),
    has_people=st.booleans(),
    has_license=st.booleans(),
    classifiers=st.integers(0, 6),
    stars=st.none() | st.integers(0, 3000),
    pushed=st.none() | st.integers(NOW - 500 * DAY, NOW),
    open_issues=st.none() | st.integers(0, 500),
    download_trend=st.none() | st.floats(-4, 4),
    download_rank=st.none() | st.integers(1, 100_000),
    severities=st.lists(st.sampled_from(["critical", "high", "low", ""]), max_size=4).map(tuple),
    is_archived=st.booleans(),
    is_quarantined=st.booleans(),
    is_yanked=st.booleans(),
)
BETTER = {
    "uploaded": st.integers(1, NOW),
    "description_characters": st.integers(0, 5000),
    "description_words": st.integers(0, 5000),
    "screenshots": st.integers(0, 20),
    "classifiers": st.integers(0, 20),
    "stars": st.integers(0, 100_000),
}


@given(facts, st.sampled_from(sorted(BETTER)), st.data())
def test_more_is_never_worse(before, name, data):
    more = (getattr(before, name) or 0) + data.draw(BETTER[name])
    if name == "uploaded":
        more = min(more, NOW)  # the latest release cannot be of tomorrow and then of today
        before = dataclasses.replace(before, uploaded=min(before.uploaded, NOW))
    after = dataclasses.replace(before, **{name: more})

    assert health_score(after, NOW).score >= health_score(before, NOW).score


@given(facts, st.sampled_from(["has_docs_url", "has_docs_link", "has_people", "has_license"]))
def test_what_is_there_is_never_worse_than_what_is_missing(given_facts, name):
    with_it = dataclasses.replace(given_facts, **{name: True})
    without = dataclasses.replace(given_facts, **{name: False})

    assert health_score(with_it, NOW).score >= health_score(without, NOW).score


@given(facts, st.sampled_from(["is_archived", "is_quarantined", "is_yanked", "is_malicious"]))
def test_a_danger_never_helps(given_facts, name):
    with_it = dataclasses.replace(given_facts, **{name: True})
    without = dataclasses.replace(given_facts, **{name: False})

    assert health_score(with_it, NOW).score <= health_score(without, NOW).score


@given(facts)
def test_the_same_facts_give_the_same_score_within_bounds(given_facts):
    health_ = health_score(given_facts, NOW)

    assert health_ == health_score(given_facts, NOW)
    assert 0 <= health_.score <= 100


@given(facts, st.integers(0, 4000))
def test_time_alone_never_raises_a_score(given_facts, days):
    assert health_score(given_facts, NOW + days * DAY).score <= health_score(given_facts, NOW).score


def test_facts_are_read_from_a_document():
    read = facts_of(
        {
            "description": "four words of text",
            "project_urls": {"Read_the_Docs": "https://x.example"},
            "author_email": "a@x.example",
            "license": "MIT",
            "classifiers": ["a", "b"],
            "github_updated": 7,
            "flags": ["malicious", "suspected-typosquat"],
            "status": "archived",
            "vulnerabilities": [{"id": "A-1", "severity": "HIGH"}, {"id": "B-1"}],
        }
    )

    assert (read.description_characters, read.description_words, read.classifiers) == (18, 4, 2)
    assert read.has_docs_link and read.has_people and read.has_license and read.pushed == 7
    assert read.is_malicious and read.is_suspected and read.is_archived and not read.is_yanked
    assert (read.severities, read.vulnerabilities) == (("high", ""), ("A-1", "B-1"))
    assert facts_of({}) == HealthFacts()


@pytest.mark.parametrize(
    ("document", "links"),
    [
        ({"project_urls": {"Documentation": "https://x.example"}}, True),
        ({"project_urls": {"Source": "https://x.example/src"}}, False),
        ({"project_urls": {"Home": "https://pkg.readthedocs.io/"}}, True),
        ({"home_page": "https://docs.x.example"}, True),
        ({"description": "See https://x.example/docs/start.html."}, True),
        ({"description": "![d](https://readthedocs.org/projects/x/badge/?version=latest)"}, False),
        ({"description": "https://docs.python.org/3/"}, False),
        ({"description": "http://[broken"}, False),
        ({"project_urls": {"Dockerfile": "https://x.example/a"}}, False),
    ],
)
def test_links_to_documentation(document, links):
    assert facts_of(document).has_docs_link is links


POPULAR = HealthFacts(uploaded=NOW, downloads=200_000, stars=20, open_issues=0, pushed=NOW)
OLD = NOW - 800 * DAY


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("hidden-gem",)),
        ({"downloads": 99_999}, ()),
        ({"stars": 100}, ()),
        ({"stars": None}, ()),
        ({"is_suspected": True}, ()),
        ({"downloads": 3000, "download_trend": 0.58}, ("rising",)),
        ({"downloads": 2999, "download_trend": 3.0}, ()),
        ({"downloads": 3000, "download_trend": 0.57}, ()),
        ({"stars": 500, "download_trend": 3.0}, ()),
        ({"stars": 300, "uploaded": OLD, "pushed": OLD, "open_issues": 50}, ("needs-maintainers",)),
        ({"stars": 300, "uploaded": OLD, "pushed": NOW, "open_issues": 50}, ()),
        ({"stars": 300, "uploaded": OLD, "pushed": OLD, "open_issues": 49}, ()),
        ({"stars": 300, "is_archived": True, "open_issues": 10}, ("needs-maintainers",)),
        ({"stars": 300, "uploaded": 0, "pushed": None, "open_issues": 99}, ()),
        ({"stars": 300, "uploaded": OLD, "severities": ("low",)}, ("abandoned-dependency-risk",)),
        ({"stars": 300, "uploaded": OLD}, ()),
        ({"stars": 300, "severities": ("low",)}, ()),
        ({"downloads": None, "uploaded": OLD, "severities": ("low",)}, ()),
    ],
)
def test_insights(changes, expected):
    assert find_insights(dataclasses.replace(POPULAR, **changes), NOW) == expected


DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_names_every_weight():
    page = (DOCS / "health.md").read_text("utf-8")
    numbers = set(re.findall(r"-?\d+(?:\.\d+)?", page))
    rows = (table.RECENCY, table.STARS, table.ACTIVITY, table.ISSUES, table.RANK, table.TREND)
    named = {value for row in (*rows, table.FALLING) for pair in row for value in pair}
    named |= {
        value
        for name, value in vars(table).items()
        if name.isupper() and name != "DAY" and isinstance(value, int)
    }
    named |= set(table.VULNERABLE.values())

    assert {str(value) for value in named} - numbers == set()


def test_the_page_of_insights_names_each_with_its_thresholds():
    from pyf.aggregator.documents import insights as module

    page = (DOCS / "insights.md").read_text("utf-8").replace(",", "")

    assert all(f"`{name}`" in page for name in INSIGHTS)
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, int | float) and name != "DAY":
            assert str(value) in page, name
