"""GitHub's facts on documents: found, shared, fresh, taken up where a limit ended the work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.enrich import github
from pyf.aggregator.enrich.github import GITHUB_FIELDS, GitHubOptions, GitHubResult
from pyf.aggregator.enrich.github_report import ProblemReport, RepositoryProblem
from pyf.aggregator.errors import NotFound, ServiceUnreachable
from pyf.aggregator.index import BulkWriter, SearchServer
from pyf.aggregator.store import Store, repositories

from ..index import making
from ..registries.github_sample import SampleGitHub, sample_github
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def running() -> Iterator[SampleGitHub]:
    with sample_github() as sample:
        yield sample


@pytest.fixture
def sample(running: SampleGitHub) -> SampleGitHub:
    running.tell("set_faults", outage=False)
    running.tell("set_limits", points=5_000, window=3_600, per_minute=900)
    running.tell("reset_stats")
    return running


class Desk:
    """A collection, a store and a sample GitHub to enrich it from."""

    def __init__(
        self, search: SearchServer, collection: str, own_store: Store | None, sample: SampleGitHub
    ) -> None:
        self.search = search
        self.collection = collection
        self.store = own_store
        self.sample = sample
        making.make(search, collection)

    def put(self, name: str, *versions: str, url: str = "", **more: Any) -> None:
        """Write releases, the last one the latest, all with one link."""
        writer = BulkWriter(self.search, self.collection)
        for number, version in enumerate(versions or ("1.0",)):
            document = making.document(name, version, version_sortable=f"1.{number:04}")
            latest = number == max(len(versions), 1) - 1
            links = {"project_urls": {"Source": url}} if url else {}
            writer.upsert({**document, "is_latest": latest, **links, **more})
        writer.flush()
        assert writer.refused == []

    def run(self, folder: Path | None = None, settings: Any = None, **order: Any) -> GitHubResult:
        """Enrich the collection."""
        with ProblemReport(folder, self.collection) as problems:
            return github.enrich_github(
                settings or self.sample.settings(),
                self.search,
                self.store,
                GitHubOptions(self.collection, **order),
                problems,
            )

    def shown(self, field: str) -> dict[str, Any]:
        """What each document shows."""
        found = making.documents(self.search, self.collection)
        return {id_: document.get(field) for id_, document in found.items()}


@pytest.fixture
def desk(
    search: SearchServer,
    collection: str,
    store: Store,  # noqa: F811
    sample: SampleGitHub,
) -> Desk:
    return Desk(search, collection, store, sample)


def link(name: str) -> str:
    return f"https://github.com/{name}"


def test_facts_stand_on_every_release(desk: Desk):
    facts = desk.sample.tell("put", name="plone/plone.api", topics=["cms"], issues=3, pulls=4)
    desk.put("plone-api", "1.0", "2.0", url=link("plone/plone.api"))
    done = desk.run()

    assert (done.projects, done.with_facts, done.complete) == (1, 1, True)
    for field, value in {
        "github_stars": facts["stars"],
        "github_watchers": facts["watchers"],
        "github_forks": facts["forks"],
        "github_open_issues": 3,
        "github_archived": facts["archived"],
        "github_topics": ["cms"],
        "github_url": link("plone/plone.api"),
        "github_shared_by": 1,
    }.items():
        assert desk.shown(field) == {"plone-api-1.0": value, "plone-api-2.0": value}, field
    [people] = {json.dumps(value) for value in desk.shown("contributors").values()}
    assert [one["username"] for one in json.loads(people)] == [
        login for login, _ in facts["contributors"][:5]
    ]
    assert all(isinstance(value, int) for value in desk.shown("github_pushed").values())


def test_a_second_run_asks_for_nothing_and_changes_nothing(desk: Desk):
    for number in range(20):
        desk.put(f"p{number}", url=link(f"many/p{number}"))
    desk.sample.tell("remove", name="many/p3")
    first = desk.run()
    desk.sample.tell("reset_stats")
    second = desk.run()

    assert first.requests == 1 + github.DEFAULT_CONTRIBUTORS
    assert (second.requests, desk.sample.asked()) == (0, 0)
    assert second.written.updated == 0
    assert second.problems == first.problems


def test_old_facts_are_asked_for_again(desk: Desk):
    desk.put("thing", url=link("old/thing"))
    desk.run()
    desk.sample.tell("put", name="old/thing", stars=4_321)
    desk.run(settings=desk.sample.settings(GITHUB_REFRESH_DAYS="0"))

    assert desk.shown("github_stars") == {"thing-1.0": 4_321}


def test_projects_of_one_repository_cost_one_look_up_and_say_so(desk: Desk):
    for number in range(30):
        desk.put(f"part-{number}", url=link("Mono/Repo") + f"/tree/main/part-{number}")
    desk.put("alone", url=link("alone/alone"))
    done = desk.run(contributors=0)

    assert (done.looked_up, done.requests) == (2, 1)
    assert desk.shown("github_shared_by").pop("alone-1.0") == 1
    assert set(desk.shown("github_shared_by").values()) == {30, 1}


def test_the_facts_of_one_profile_serve_another(desk: Desk, search: SearchServer):
    desk.put("thing", url=link("shared/thing"))
    desk.run()
    other = Desk(search, f"{desk.collection}_b", desk.store, desk.sample)
    other.put("thing", url=link("shared/thing"))
    desk.sample.tell("reset_stats")
    done = other.run()
    shown = other.shown("github_url")
    search.call(lambda client: client.collections[other.collection].delete())

    assert (done.with_facts, desk.sample.asked()) == (1, 0)
    assert shown == {"thing-1.0": link("shared/thing")}


def test_the_newest_release_is_heard_first_then_older_ones(desk: Desk):
    desk.sample.tell("remove", name="late/dead")
    desk.put("dead-link", "1.0", url=link("old/living"), is_latest=False)
    desk.put("dead-link", "2.0", url=link("late/dead"), version_sortable="1.0009")
    desk.put("two-links", "1.0", url=link("old/first"), is_latest=False)
    desk.put("two-links", "2.0", url=link("late/second"), version_sortable="1.0009")
    desk.run()

    assert set(desk.shown("github_url").values()) == {link("old/living"), link("late/second")}


def test_a_rename_is_followed_and_told(desk: Desk):
    desk.sample.tell("rename", name="before/thing", new="after/thing")
    desk.put("thing", url=link("before/thing"))
    desk.run()

    assert desk.shown("github_url") == {"thing-1.0": link("after/thing")}


def test_what_has_no_repository_is_reported_by_reason(desk: Desk, tmp_path: Path):
    desk.sample.tell("remove", name="gone/gone")
    desk.put("nothing")
    desk.put("owner", url=link("plone"))
    desk.put("gone", url=link("gone/gone"))
    desk.put("lab", url="https://gitlab.com/group/lab")
    desk.put("good", url=link("good/good"))
    done = desk.run(tmp_path)
    groups = json.loads((tmp_path / "github_problems.json").read_bytes())
    page = (tmp_path / "github_problems.md").read_text("utf-8")

    assert {reason: [one["name"] for one in found] for reason, found in groups.items()} == {
        "no_repo_url": ["nothing"],
        "malformed_identifier": ["owner"],
        "other_forge": ["lab"],
        "not_found": ["gone"],
    }
    assert groups["other_forge"][0]["forge"] == "gitlab"
    assert groups["malformed_identifier"][0]["url"] == link("plone")
    assert done.problems == dict.fromkeys(groups, 1)
    for word in ("nothing", "no_repo_url", "gitlab", link("gone/gone"), "project_urls.Source"):
        assert word in page
    assert "good" not in page.replace("good/good", "")


def test_problems_are_written_as_they_occur(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pyf.aggregator.enrich.github_report.WRITE_INTERVAL", 0.0)
    with ProblemReport(tmp_path, "some") as report:
        for number in range(3):
            report.add("not_found", RepositoryProblem(f"p{number}", "`<b>`\n# x"))
            written = json.loads((tmp_path / "github_problems.json").read_bytes())
            assert len(written["not_found"]) == number + 1
    assert "\n# x" not in (tmp_path / "github_problems.md").read_text("utf-8")


def test_a_repository_that_is_gone_takes_its_facts_along(desk: Desk):
    desk.put("thing", url=link("leaves/soon"))
    desk.run()
    desk.sample.tell("remove", name="leaves/soon")
    desk.run(settings=desk.sample.settings(GITHUB_REFRESH_DAYS="0"))

    for field in GITHUB_FIELDS:
        assert desk.shown(field) == {"thing-1.0": None}, field


@pytest.mark.slow
def test_an_outage_changes_nothing(desk: Desk):
    desk.put("thing", url=link("stays/here"))
    desk.run()
    before = desk.shown("github_stars")
    desk.sample.tell("set_faults", outage=True)
    settings = desk.sample.settings(GITHUB_REFRESH_DAYS="0")
    with pytest.raises(ServiceUnreachable):
        desk.run(settings=settings)

    assert desk.shown("github_stars") == before != {"thing-1.0": None}


def test_a_limit_in_the_middle_ends_the_work_and_the_next_run_goes_on(desk: Desk):
    for number in range(250):
        desk.put(f"p{number:03}", url=link(f"limited/p{number:03}"))
    desk.sample.tell("set_limits", points=9)  # two questions of a hundred, four points each
    first = desk.run(contributors=0, longest_wait=1)
    shown = [url for url in desk.shown("github_url").values() if url]
    desk.sample.tell("set_limits", points=5_000)
    desk.sample.tell("reset_stats")
    second = desk.run(contributors=0)

    assert first.stopped is not None
    assert not first.complete
    assert (first.with_facts, first.left, len(shown)) == (200, 50, 200)
    assert (second.looked_up, second.requests, desk.sample.asked()) == (50, 1, 1)
    assert second.complete
    assert None not in desk.shown("github_url").values()


def test_contributors_come_in_the_numbers_asked_for(desk: Desk):
    for number in range(12):
        desk.sample.tell("put", name=f"busy/p{number}", stars=number)
        desk.put(f"p{number}", url=link(f"busy/p{number}"))
    few = desk.run(contributors=3)
    with_people = {id_ for id_, people in desk.shown("contributors").items() if people}
    all_of_them = desk.run(contributors=None)

    assert with_people == {"p11-1.0", "p10-1.0", "p9-1.0"}
    assert few.contributors_left == 9
    assert (all_of_them.requests, all_of_them.contributors_left) == (9, 0)
    assert all(desk.shown("contributors").values())


def test_work_that_is_told_to_stop_says_what_is_left(desk: Desk):
    for number in range(150):
        desk.put(f"p{number}", url=link(f"stop/p{number}"))
    done = desk.run(stop=lambda: True, contributors=None)

    assert (done.with_facts, done.left) == (100, 50)
    assert done.contributors_left == 99
    assert not done.complete


def test_one_project_can_be_done_without_a_store(
    search: SearchServer, collection: str, sample: SampleGitHub
):
    desk = Desk(search, collection, None, sample)
    desk.put("thing", url=link("single/Thing"))
    desk.put("other", url=link("single/other"))
    done = desk.run(name="thing", contributors=None)

    assert done.projects == 1
    assert desk.shown("github_url") == {"thing-1.0": link("single/Thing"), "other-1.0": None}
    assert desk.shown("contributors")["thing-1.0"]
    with pytest.raises(NotFound, match="nobody"):
        desk.run(name="nobody")


def test_documents_of_another_registry_are_left_alone(desk: Desk):
    desk.put("thing", url=link("some/thing"), registry="npm")
    done = desk.run()

    assert (done.projects, desk.sample.asked()) == (0, 0)


def test_the_store_knows_the_facts_of_projects(desk: Desk):
    desk.put("thing", url=link("known/thing"))
    desk.put("nothing")
    desk.run()
    assert desk.store is not None
    found = repositories.facts_of_projects(desk.store, "pypi", ["thing", "nothing", "never"])

    assert {name: facts.full_name for name, facts in found.items()} == {"thing": "known/thing"}
    named = repositories.project_repositories(desk.store, "pypi", ["nothing"])
    assert named["nothing"].reason == "no_repo_url"


@pytest.mark.slow
def test_three_thousand_projects_cost_forty_requests_then_none(desk: Desk):
    writer = BulkWriter(desk.search, desk.collection, batch_size=1_000)
    for number in range(3_000):
        links = {"project_urls": {"Source": link(f"big/p{number}")}, "is_latest": True}
        writer.upsert({**making.document(f"p{number}"), **links})
    writer.flush()
    for number in range(0, 3_000, 100):
        desk.sample.tell("remove", name=f"big/p{number}")
        desk.sample.tell("rename", name=f"big/p{number + 1}", new=f"big/renamed-{number}")
    first = desk.run()
    asked = desk.sample.asked()
    desk.sample.tell("reset_stats")
    desk.run()

    assert (first.with_facts, first.waited) == (2_970, 0)
    assert asked <= 40
    assert desk.sample.asked() == 0
