"""GitHub's client against the sample over real sockets, and against recorded answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pyf.aggregator.errors import ServiceRefused
from pyf.aggregator.http import InvalidBody, UpstreamError
from pyf.aggregator.registries.github import (
    GitHubClient,
    LimitReached,
    LookupResult,
    RepositoryFacts,
    graphql,
    rest,
)
from pyf.aggregator.settings import load_settings

from ..scripted_server import ScriptedServer, reply
from ..shared import SHARED, needs_shared
from .github_sample import SampleGitHub, sample_github

RECORDED = SHARED / "corpus" / "github"
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[SampleGitHub]:
    with sample_github() as sample:
        yield sample


@pytest.fixture
def sample(running: SampleGitHub) -> SampleGitHub:
    """The sample with nothing counted and nothing wrong."""
    running.tell("set_faults", most_in_time=None, most_resources=None)
    running.tell("reset_stats")
    return SampleGitHub(running.url)


def look_up(sample: SampleGitHub, *names: str, token: bool = True, **options: Any) -> LookupResult:
    """Everything learned of some names, in one."""

    async def ask() -> LookupResult:
        total = LookupResult()
        async with GitHubClient(sample.settings(token=token), **options) as github:
            async for looked in github.look_up(names):
                total.found |= looked.found
                total.missing |= looked.missing
                total.failed |= looked.failed
        return total

    return asyncio.run(ask())


def ask_one(url: str, known: RepositoryFacts | None = None, **options: Any) -> LookupResult:
    async def ask() -> LookupResult:
        settings = load_settings({"GITHUB_API_URL": url, "GITHUB_REQUEST_DELAY": "0"}, dotenv=None)
        async with GitHubClient(settings, **options) as github:
            return await github.look_up_one("plone/plone.api", known)

    return asyncio.run(ask())


def names(count: int) -> list[str]:
    return [f"owner/repo-{number}" for number in range(count)]


def plain(facts: RepositoryFacts) -> dict[str, Any]:
    """What both ways of asking agree on; REST counts pull requests among the issues."""
    said = vars(facts).copy()
    return {key: said[key] for key in said if key not in ("fetched", "etag", "open_issues")}


def test_a_hundred_repositories_cost_one_request(sample: SampleGitHub):
    looked = look_up(sample, *names(250))

    assert looked.found.keys() == set(names(250))
    assert sample.asked() == 3


def test_both_ways_say_the_same(sample: SampleGitHub):
    sample.tell("put", name="plone/plone.api", issues=7, pulls=2, license="NOASSERTION")
    by_graph = look_up(sample, "plone/plone.api", "a/b", "c/d")
    by_rest = look_up(sample, "plone/plone.api", "a/b", "c/d", token=False)

    assert {name: plain(facts) for name, facts in by_graph.found.items()} == {
        name: plain(facts) for name, facts in by_rest.found.items()
    }
    assert by_graph.found["plone/plone.api"].open_issues == 7
    assert by_rest.found["plone/plone.api"].open_issues == 9
    assert by_rest.found["plone/plone.api"].license == ""
    assert sample.asked("graphql") == 1
    assert sample.asked("repos") == 3


@pytest.mark.parametrize("token", [True, False])
def test_renames_are_followed_and_the_number_stays(sample: SampleGitHub, token: bool):
    number = sample.tell("put", name="old/name")["id"]
    sample.tell("rename", name="old/name", new="new/place")
    facts = look_up(sample, "old/name", token=token).found["old/name"]

    assert (facts.id, facts.full_name) == (number, "new/place")
    assert facts.url.endswith("/new/place")


@pytest.mark.parametrize("token", [True, False])
def test_what_is_gone_is_missing_and_nothing_else_is(sample: SampleGitHub, token: bool):
    sample.tell("remove", name="a/gone")
    looked = look_up(sample, "a/gone", "a/there", token=token)

    assert looked.missing == {"a/gone"}
    assert looked.found.keys() == {"a/there"}
    assert looked.failed == {}


def test_a_question_that_takes_too_long_is_halved(sample: SampleGitHub):
    sample.tell("set_faults", most_in_time=30)
    looked = look_up(sample, *names(100))

    assert looked.found.keys() == set(names(100))
    assert sample.asked() < 12


def test_spent_resources_keep_what_came_and_ask_for_the_rest(sample: SampleGitHub):
    sample.tell("set_faults", most_resources=40)
    looked = look_up(sample, *names(200))

    assert looked.found.keys() == set(names(200))
    assert looked.failed == {}
    assert sample.asked() < 15


def test_what_fails_alone_is_given_up_and_named(sample: SampleGitHub):
    sample.tell("set_faults", most_in_time=0)
    looked = look_up(sample, "a/b", "c/d")

    assert looked.failed.keys() == {"a/b", "c/d"}
    assert looked.found == {}
    assert looked.missing == set()


def test_an_unchanged_repository_is_not_sent_again(sample: SampleGitHub):
    known = look_up(sample, "plone/plone.api", token=False).found["plone/plone.api"]
    again = ask_one(sample.url, known).found["plone/plone.api"]

    assert known.etag
    assert plain(again) == plain(known)
    assert again.fetched > known.fetched
    sample.tell("put", name="plone/plone.api", stars=99_999)
    assert ask_one(sample.url, known).found["plone/plone.api"].stars == 99_999


def test_rest_requests_keep_their_distance(sample: SampleGitHub):
    begun = time.monotonic()
    asyncio.run(_several(sample.settings(token=False, GITHUB_REQUEST_DELAY="0.2"), 4))

    assert time.monotonic() - begun >= 0.6


async def _several(settings: Any, count: int) -> None:
    async with GitHubClient(settings) as github:
        async for _ in github.look_up(names(count)):
            continue


def test_contributors_are_the_five_busiest(sample: SampleGitHub):
    people = [[f"user{number}", 100 - number] for number in range(9)]
    sample.tell("put", name="a/many", contributors=people)
    sample.tell("put", name="a/none", contributors=[])
    sample.tell("put", name="a/giant", stars=2_000_000)

    async def ask() -> list[Any]:
        async with GitHubClient(sample.settings()) as github:
            return [await github.contributors(name) for name in ("a/many", "a/none", "a/giant")]

    many, none, giant = asyncio.run(ask())
    assert [(one.username, one.contributions) for one in many] == [tuple(p) for p in people[:5]]
    assert all(one.avatar_url.startswith("https://") for one in many)
    assert none == ()
    assert giant is None


def test_a_used_up_hour_is_waited_for_when_it_is_short():
    with sample_github("--points", "12", "--window", "1") as sample:
        waits: list[float] = []
        looked = look_up(sample, *names(500), longest_wait=10, told=waits.append)

    assert len(looked.found) == 500
    assert waits


def test_a_used_up_hour_that_is_long_ends_the_work_at_once():
    with sample_github("--points", "6") as sample:
        learned: list[LookupResult] = []

        async def ask() -> None:
            async with GitHubClient(sample.settings(), longest_wait=60) as github:
                async for looked in github.look_up(names(700)):
                    learned.append(looked)

        with pytest.raises(LimitReached) as reached:
            asyncio.run(ask())
        asked = sample.asked()

    left = (reached.value.until - dt.datetime.now(dt.UTC)).total_seconds()
    assert 3_000 < left <= 3_700
    assert sum(len(looked.found) for looked in learned) >= 100
    # Nobody goes on asking while the limit lasts.
    assert asked <= len(learned) + 1
    assert reached.value.exit_status == 4


def test_the_secondary_limit_is_waited_for_as_told():
    with sample_github("--per-minute", "3", "--minute", "1") as sample:
        waits: list[float] = []
        looked = look_up(sample, *names(5), token=False, longest_wait=5, told=waits.append)

    assert len(looked.found) == 5
    assert len(waits) >= 1
    assert all(0 < wait <= 1.5 for wait in waits)


SLOW_DOWN = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (403, ["Retry-After: 7000"], b"{}", 7_000),
        (429, ["Retry-After: 7000"], b"{}", 7_000),
        (403, ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: {reset}"], b"{}", 5_000),
        (403, [], SLOW_DOWN, 60),
        (429, [], b"", 60),
        (403, [], b'{"message": "You have triggered an abuse detection mechanism."}', 60),
    ],
)
def test_each_way_of_telling_of_a_limit(status: int, headers: list[str], body: bytes, seconds: int):
    reset = int(time.time()) + 5_000
    told = [header.format(reset=reset) for header in headers]
    with ScriptedServer([reply(status, body, *told)]) as server:
        with pytest.raises(LimitReached) as reached:
            ask_one(server.url, longest_wait=10)
        asked = len(server.requests)

    left = (reached.value.until - dt.datetime.now(dt.UTC)).total_seconds()
    assert seconds - 30 < left <= seconds + 2
    assert asked == 1


def test_a_refusal_that_is_no_limit_is_no_limit():
    body = b'{"message": "Repository access blocked"}'
    with ScriptedServer([reply(403, body)]) as server:
        looked = ask_one(server.url)

    assert looked.failed == {"plone/plone.api": "HTTP status 403: Repository access blocked"}


def test_a_wrong_token_is_told_without_showing_it(sample: SampleGitHub):
    sample.token = "ghp_wrong"
    with pytest.raises(ServiceRefused, match="GITHUB_TOKEN") as refused:
        look_up(sample, "a/b")

    assert "ghp_wrong" not in str(refused.value)


def test_a_github_that_is_away_is_unreachable():
    with ScriptedServer([b""]) as server:
        address = server.url
    with pytest.raises(UpstreamError):
        settings = load_settings(
            {"GITHUB_API_URL": address, "GITHUB_REQUEST_DELAY": "0"}, dotenv=None
        )
        asyncio.run(_once(settings))


async def _once(settings: Any) -> None:
    github = GitHubClient(settings)
    github._rest.policy = _impatient(github._rest.policy)
    async with github:
        await github.look_up_one("a/b")


def _impatient(policy: Any) -> Any:
    import dataclasses

    return dataclasses.replace(policy, retries=0)


def test_who_asks_says_so_and_only_a_token_authorizes(sample: SampleGitHub):
    with ScriptedServer([reply(404, b"{}")]) as server:
        ask_one(server.url)
        asked = server.requests[0].lower()

    assert b"user-agent: pyf.aggregator/" in asked
    assert b"x-github-api-version" in asked
    assert b"authorization" not in asked


@needs_shared
def test_recorded_repositories_are_read():
    index = json.loads((RECORDED / "index.json").read_bytes())
    read = 0
    for name, entry in index["repos"].items():
        said = json.loads((RECORDED / entry["file"]).read_bytes())
        if not entry["full_response"] or "stargazers_count" not in said:
            continue
        facts = rest.facts(json.dumps(said).encode(), "", NOW)
        assert facts.full_name.lower() == name.lower() or said["full_name"] == facts.full_name
        assert (facts.stars, facts.forks) == (said["stargazers_count"], said["forks_count"])
        assert facts.watchers == (said.get("subscribers_count") or 0)
        read += 1
    assert read > 100


@needs_shared
def test_recorded_limits_are_told_from_other_refusals():
    index = json.loads((RECORDED / "index.json").read_bytes())
    limited = {}
    for entry in index["errors"]:
        if entry["status"] not in (403, 429):
            continue
        text = json.loads((RECORDED / entry["file"]).read_bytes())["message"].lower()
        with ScriptedServer([_recorded(entry)]) as server:
            limited[entry["file"]] = _is_limit(server.url)
        headers = entry["headers"]
        expected = (
            "retry-after" in headers
            or str(headers.get("x-ratelimit-remaining")) == "0"
            or "rate limit" in text
        )
        assert limited[entry["file"]] == expected, (text, headers)
    assert {True, False} == set(limited.values())


def _recorded(entry: dict[str, Any]) -> bytes:
    kept = ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")
    headers = [f"{name}: {value}" for name, value in entry["headers"].items() if name in kept]
    return reply(entry["status"], (RECORDED / entry["file"]).read_bytes(), *headers)


def _is_limit(url: str) -> bool:
    try:
        ask_one(url, longest_wait=0)
    except LimitReached:
        return True
    return False


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"id": "x"}', b"<html>"])
def test_what_is_no_repository_is_refused(body: bytes):
    with pytest.raises(InvalidBody):
        rest.facts(body, "", NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"data": {"r0": {}}}', b'{"data": 5}'])
def test_what_is_no_answer_of_graphql_is_refused_or_unanswered(body: bytes):
    try:
        reading = graphql.read_response(body, ["a/b"], NOW)
    except InvalidBody:
        return
    assert reading.found == {}
    assert reading.missing == set()
    assert "a/b" in reading.unanswered


def test_facts_with_an_error_in_them_are_not_taken():
    node = {"databaseId": 1, "nameWithOwner": "a/b"}
    body = {"data": {"r0": node}, "errors": [{"type": "FORBIDDEN", "path": ["r0", "issues"]}]}
    reading = graphql.read_response(json.dumps(body).encode(), ["a/b"], NOW)

    assert reading.unanswered == {"a/b": "FORBIDDEN"}
