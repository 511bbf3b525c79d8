"""Scores stand on every release and in the store, and lists follow from them."""

from __future__ import annotations

import json

import pytest

from pyf.aggregator.enrich.health import NO_STORE, HealthOptions, enrich_health
from pyf.aggregator.errors import UsageError
from pyf.aggregator.index import BulkWriter
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import advisories, scores
from pyf.aggregator.store.advisories import ProjectFlags
from pyf.aggregator.store.insights import projects_with_insight

from ..cli.running import run_pyfa
from ..index import making
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of

DAY = 86_400
NOW = 1_800_000_000
GEM = {"github_stars": 20, "download_last_month": 200_000}
RISING = {"github_stars": 20, "download_last_month": 5_000, "download_trend": 2.0}
OLD = {"upload_timestamp": NOW - 1000 * DAY, "yanked": False}


@pytest.fixture
def collection(search, collection):
    """Three projects with two releases each, of which the first is old, and one of npm."""
    making.make(search, collection)
    writer = BulkWriter(search, collection)
    for name, more in (("gem", GEM), ("faster", RISING), ("plain", {})):
        writer.upsert(making.document(name, "1.0", **more, **OLD, is_latest=False))
        latest = {"upload_timestamp": NOW - 10 * DAY, "is_latest": True, "yanked": False}
        writer.upsert(making.document(name, "2.0", **more, **latest))
    writer.upsert({**making.document("gem", "9.0"), "registry": "npm"})
    writer.flush()
    assert writer.refused == []
    return collection


def settings(store=None):  # noqa: F811
    where = {"CLICKHOUSE_URL": url_of(store.location)} if store else {}
    return load_settings(where, dotenv=None)


def names(found):
    return [each.name for each in found]


def test_the_latest_release_makes_the_score_of_all(search, collection, store):  # noqa: F811
    done = enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    found = making.documents(search, collection)
    assert (done.projects, done.updated, done.complete) == (3, 6, True)
    for version in ("1.0", "2.0"):
        document = found[f"gem-{version}"]
        assert document["health_score_breakdown"]["recency"]["points"] == 40
        assert document["health_score_breakdown"]["github_stars_bonus"] == 1
        assert document["insights"] == ["hidden-gem"]
        assert document["health_score_last_calculated"] == NOW
        assert document["health_score_version"] == 1
    assert "insights" not in found["plain-2.0"]
    assert done.mean is not None and done.insights == {"hidden-gem": 1, "rising": 1}


def test_a_latest_release_without_files_is_as_old_as_the_newest_with_some(
    search,
    collection,
    store,  # noqa: F811
):
    writer = BulkWriter(search, collection)
    for version, uploaded in (("1.0", 900), ("2.0", 300), ("3.0", None)):
        at = {"upload_timestamp": 0 if uploaded is None else NOW - uploaded * DAY}
        writer.upsert(making.document("empty", version, **at, is_latest=uploaded is None))
    writer.upsert(making.document("never", "1.0", upload_timestamp=0, is_latest=True))
    writer.flush()

    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    found = making.documents(search, collection)
    empty, never = (
        found[id_]["health_score_breakdown"]["recency"] for id_ in ("empty-3.0", "never-1.0")
    )
    assert (empty["points"], never["points"]) == (30, 0)
    assert "300 days" in empty["problems"][0]
    assert "No release has files" in never["problems"][0]


def test_npm_is_left_alone(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    answer = search.call(lambda c: c.collections[collection].documents["gem-9.0"].retrieve())
    assert "health_score" not in answer


def test_again_nothing_is_written_and_a_day_later_the_stamp(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    again = enrich_health(settings(store), search, HealthOptions(collection, now=NOW + 60))
    later = enrich_health(settings(store), search, HealthOptions(collection, now=NOW + DAY))

    assert (again.updated, again.unchanged) == (0, 6)
    assert later.updated == 6


def test_an_age_grows_by_the_day_so_that_a_second_run_writes_nothing(
    search,
    collection,
    store,  # noqa: F811
):
    writer = BulkWriter(search, collection)
    uploaded = NOW + 30 - 400 * DAY  # 400 days old half a minute later
    writer.upsert(making.document("aging", "1.0", upload_timestamp=uploaded, is_latest=True))
    writer.flush()

    first, again = (
        enrich_health(settings(store), search, HealthOptions(collection, now=now))
        for now in (NOW, NOW + 60)
    )

    told = making.documents(search, collection)["aging-1.0"]["health_score_breakdown"]
    assert "400 days" in told["recency"]["problems"][0]
    assert (first.updated, again.updated) == (7, 0)


def test_the_store_has_scores_and_lists(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    gem = scores.project_score(store, "gem")
    assert gem is not None
    document = making.documents(search, collection)["gem-2.0"]
    assert gem.score == document["health_score"]
    assert json.loads(gem.breakdown) == document["health_score_breakdown"]
    assert (gem.downloads, gem.stars, gem.trend) == (200_000, 20, None)
    assert gem.uploaded.timestamp() == NOW - 10 * DAY
    assert names(projects_with_insight(store, "hidden-gem")) == ["gem"]
    assert names(projects_with_insight(store, "rising", collection)) == ["faster"]
    assert names(projects_with_insight(store, "rising", "another")) == []
    assert names(projects_with_insight(store, "needs-maintainers")) == []
    assert scores.project_score(store, "nobody") is None
    with pytest.raises(UsageError, match="hidden-gem"):
        projects_with_insight(store, "loudest")


def test_flagged_projects_are_in_no_list(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))

    advisories.put_flags(store, {"gem": ProjectFlags(("malicious",))}, 1)

    assert names(projects_with_insight(store, "hidden-gem")) == []


def test_a_project_that_left_has_no_score_any_more(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))
    writer = BulkWriter(search, collection)
    writer.delete(["gem-1.0", "gem-2.0"])
    writer.flush()

    enrich_health(settings(store), search, HealthOptions(collection, now=NOW + 60, limit=1))
    assert names(projects_with_insight(store, "hidden-gem")) == ["gem"]
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW + 120))

    assert names(projects_with_insight(store, "hidden-gem")) == []
    assert scores.project_score(store, "gem") is None
    assert scores.project_score(store, "plain") is not None


def test_of_two_collections_each_project_is_listed_once(search, collection, store):  # noqa: F811
    enrich_health(settings(store), search, HealthOptions(collection, now=NOW))
    gem = scores.project_score(store, "gem")
    assert gem is not None

    scores.put_scores(store, "another", [gem], gem.uploaded)

    assert names(projects_with_insight(store, "hidden-gem")) == ["gem"]
    assert names(projects_with_insight(store, "hidden-gem", "another")) == ["gem"]


def test_a_part_is_a_part_and_goes_on_behind_it(search, collection, store):  # noqa: F811
    first = enrich_health(settings(store), search, HealthOptions(collection, now=NOW, limit=1))
    rest = enrich_health(
        settings(store), search, HealthOptions(collection, now=NOW, after="faster")
    )

    assert (first.projects, first.updated) == (1, 2)
    assert (rest.projects, rest.updated) == (2, 4)


def test_without_a_store_documents_get_their_scores(search, collection, tmp_path):
    own = load_settings({"PYF_DATA_DIR": str(tmp_path)}, dotenv=None)

    done = enrich_health(own, search, HealthOptions(collection, now=NOW))

    assert done.notes == [NO_STORE]
    assert making.documents(search, collection)["gem-2.0"]["insights"] == ["hidden-gem"]


def answer(**more):
    info = {
        "name": "sample",
        "version": "1.0",
        "description": "# Sample\n\n![screenshot](https://x.example/screenshot.png)\n\n"
        + "a b " * 99,
        "description_content_type": "text/markdown",
        "project_urls": {"Documentation": "https://x.example/docs"},
        "author": "Somebody",
        "license_expression": "MIT",
        "classifiers": ["a", "b", "c"],
    }
    files = [{"filename": "s-1.0.tar.gz", "upload_time_iso_8601": "2026-01-10T00:00:00Z"}]
    return json.dumps({"info": {**info, **more}, "urls": files, "releases": {}})


def test_explain_tells_what_makes_a_score(tmp_path):
    path = tmp_path / "sample.json"
    path.write_text(answer())

    done = run_pyfa(tmp_path, "health", "explain", str(path), "--json", "--at", "2026-02-01")

    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert told["health_score"] == 40 + 18 + 3 + 5 + 30
    assert told["health_score_breakdown"]["documentation"]["points"] == 26
    assert told["health_score_breakdown"]["github_bonus_total"] == 0


def test_explain_tells_what_to_do(tmp_path):
    path = tmp_path / "sample.json"
    path.write_text(answer(author="", classifiers=[], yanked=True))

    done = run_pyfa(tmp_path, "health", "explain", str(path))

    assert done.returncode == 0
    for word in ("authors", "classifiers", "yanked"):
        assert word in done.stdout


def test_explain_takes_the_date_of_another_release_where_the_latest_has_no_files(tmp_path):
    path = tmp_path / "sample.json"
    files = [{"filename": "s-0.9.tar.gz", "upload_time_iso_8601": "2025-06-01T00:00:00Z"}]
    given = json.loads(answer()) | {"urls": [], "releases": {"0.9": files, "1.0": []}}
    path.write_text(json.dumps(given))

    done = run_pyfa(tmp_path, "health", "explain", str(path), "--json", "--at", "2026-02-01")

    recency = json.loads(done.stdout)["health_score_breakdown"]["recency"]
    assert recency["points"] == 30
    assert "no files" in recency["problems"][0]


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", '{"info": {}}', None])
def test_explain_refuses_what_is_no_answer(content, tmp_path):
    path = tmp_path / "sample.json"
    if content is not None:
        path.write_text(content)

    done = run_pyfa(tmp_path, "health", "explain", str(path))

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", [("health", "explain"), ("github", "resolve")])
def test_of_several_files_those_that_are_no_answers_are_named(verb, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(answer())
    bad.write_text("[]")

    done = run_pyfa(tmp_path, *verb, "--json", str(bad), str(good), str(tmp_path / "none.json"))

    assert done.returncode == 4
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["sample"]
    assert ("bad.json" in done.stderr, "none.json" in done.stderr) == (True, True)
