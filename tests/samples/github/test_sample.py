"""The sample GitHub answers as GitHub does, mistakes and limits included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.samples.github.graphql_parser import GraphQLSyntaxError, parse
from pyf.aggregator.samples.github.rate_limits import RateLimitWindow
from pyf.aggregator.samples.github.repositories import SampleRepositories

from ...registries.github_sample import SampleGitHub, sample_github


@pytest.fixture(scope="module")
def sample() -> Iterator[SampleGitHub]:
    with sample_github("--points", "50") as running:
        yield running


def get(sample: SampleGitHub, path: str, **headers: str) -> requests.Response:
    authorized = {"Authorization": f"Bearer {sample.token}", **headers}
    return requests.get(sample.url + path, headers=authorized, timeout=10, allow_redirects=False)


def ask(sample: SampleGitHub, query: str, **variables: Any) -> Any:
    answer = requests.post(
        f"{sample.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {sample.token}"},
        timeout=10,
    )
    assert answer.status_code == 200
    return answer.json()


def test_points_are_counted_but_not_for_what_did_not_change(sample: SampleGitHub):
    first = get(sample, "/repos/a/b")
    second = get(sample, "/repos/a/b")
    unchanged = get(sample, "/repos/a/b", **{"If-None-Match": first.headers["ETag"]})
    left = [int(a.headers["X-RateLimit-Remaining"]) for a in (first, second, unchanged)]

    assert left[0] - left[1] == 1
    assert left[2] == left[1]
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_a_moved_repository_is_where_its_number_leads(sample: SampleGitHub):
    sample.tell("rename", name="x/old", new="x/fresh")
    moved = get(sample, "/repos/x/old")
    found = requests.get(moved.headers["Location"], timeout=10).json()

    assert moved.status_code == 301
    assert found["full_name"] == "x/fresh"


def test_graphql_takes_variables_aliases_and_fragments(sample: SampleGitHub):
    query = """
    query Some($o: String!, $n: String!) {
      first: repository(owner: $o, name: $n) { ...F }   # a remark
      repository(owner: "c", name: "d") { nameWithOwner }
      rateLimit { cost }
    }
    fragment F on Repository { nameWithOwner, watchers { totalCount } }
    """
    said = ask(sample, query, o="a", n="b")["data"]

    assert said["first"]["nameWithOwner"] == "a/b"
    assert said["first"]["watchers"]["totalCount"] > 0
    assert said["repository"] == {"nameWithOwner": "c/d"}
    assert said["rateLimit"] == {"cost": 1}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "query { repository(owner: }",
        '{ repository(owner: "a", name: "b") { stars } }',
        '{ repository(owner: "a", name: "b") { watchers } }',
        '{ repository(owner: "a", name: "b") { ...Missing } }',
        "{ viewer { login } }",
        "}",
    ],
)
def test_a_mistake_in_a_question_is_told(sample: SampleGitHub, query: str):
    said = ask(sample, query)

    assert said["errors"][0]["message"]
    assert not said.get("data")


def test_nobody_asks_without_name_or_with_a_wrong_token(sample: SampleGitHub):
    nameless = get(sample, "/repos/a/b", **{"User-Agent": ""})
    wrong = get(sample, "/repos/a/b", Authorization="Bearer wrong")
    anonymous = requests.post(f"{sample.url}/graphql", json={"query": "{}"}, timeout=10)

    assert [nameless.status_code, wrong.status_code, anonymous.status_code] == [403, 401, 401]


@given(st.text(alphabet='abc {}():$"\\!,.#\n1[]', max_size=60))
def test_any_text_is_a_query_or_a_mistake(text: str):
    try:
        parse(text, {})
    except GraphQLSyntaxError:
        return


@given(st.text(min_size=1), st.text(min_size=1))
def test_what_a_repository_is_follows_from_its_name(owner: str, name: str):
    assert SampleRepositories().find(f"{owner}/{name}") == SampleRepositories().find(
        f"{owner}/{name}"
    )


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 4)), max_size=40))
def test_no_window_gives_more_than_its_points(steps: list[tuple[float, int]]):
    now, given_out = 100.0, []
    window = RateLimitWindow(10, 7.0, clock=lambda: now)
    for pause, points in steps:
        now += pause
        if window.take(points):
            given_out.append((window.reset, points))
    for reset in {moment for moment, _ in given_out}:
        assert sum(points for moment, points in given_out if moment == reset) <= 10
