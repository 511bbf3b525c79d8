"""Recorded answers: byte by byte as they are, derived only where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest
from tests.samples.pypi.conftest import JSON, Client, connected
from tests.shared import SHARED, needs_shared

from pyf.aggregator.errors import UsageError
from pyf.aggregator.samples.pypi import Upstreams

PYPI = SHARED / "corpus" / "pypi"


@pytest.fixture
def recorded() -> Iterator[Client]:
    yield from connected(recorded=PYPI)


@needs_shared
def test_every_recorded_answer_is_served_as_it_is(recorded: Client):
    paths = sorted((PYPI / "json").glob("*.json"))
    for path in paths:
        assert recorded.get(f"/pypi/{path.stem}/json").content == path.read_bytes(), path.stem
    assert paths


@needs_shared
def test_recorded_versions_and_pages_are_served_as_they_are(recorded: Client):
    pages = [path for path in sorted((PYPI / "simple").glob("*.json")) if "__" not in path.stem]
    for path in pages:
        assert recorded.get(f"/simple/{path.stem}/", Accept=JSON).content == path.read_bytes()
    served = 0
    for path in sorted((PYPI / "json-version").glob("*/*.json")):
        if (PYPI / "json" / f"{path.parent.name}.json").exists():
            answer = recorded.get(f"/pypi/{path.parent.name}/{path.stem}/json")
            served += answer.content == path.read_bytes()
    assert pages and served


@needs_shared
def test_other_versions_are_derived_from_the_project(recorded: Client):
    whole = recorded.json("datasette-hello-world")
    for version, files in whole["releases"].items():
        found = recorded.json("datasette-hello-world", version)
        assert found["info"]["version"] == version
        assert found["info"]["summary"] == whole["info"]["summary"]
        assert [file["filename"] for file in found["urls"]] == [file["filename"] for file in files]


@needs_shared
def test_browse_names_the_projects_whose_answer_carries_the_classifier(recorded: Client):
    infos = {}
    for folder in ("json-derived", "json"):
        for path in (PYPI / folder).glob("*.json"):
            infos[path.stem] = json.loads(path.read_bytes())["info"]
    carrying = {
        info["name"]
        for info in infos.values()
        if "Framework :: Plone" in (info["classifiers"] or ())
    }
    named = {name for name, _ in recorded.rpc.browse(["Framework :: Plone"])}

    assert named == carrying


@needs_shared
def test_serials_are_the_recorded_ones_where_there_are_any(recorded: Client):
    root = {each["name"]: each["_last-serial"] for each in recorded.root()["projects"]}
    whole = recorded.json("datasette-hello-world")
    rows = recorded.rpc.changelog_since_serial(0)

    assert root["datasette-hello-world"] == whole["last_serial"]
    assert len(set(root.values())) == len(root)
    assert {row[0]: row[4] for row in rows} == root


@needs_shared
def test_the_feeds_are_the_recorded_ones_behind_what_is_new(recorded: Client):
    old = feedparser.parse((PYPI / "rss" / "updates.xml").read_bytes())
    before = feedparser.parse(recorded.get("/rss/updates.xml").content)
    recorded.control.publish("datasette-hello-world", "9.0")
    after = feedparser.parse(recorded.get("/rss/updates.xml").content)

    titles = [entry.title for entry in old.entries]
    assert [entry.title for entry in before.entries] == titles
    assert [entry.title for entry in after.entries] == [
        *("datasette-hello-world 9.0", *titles[:99]),
    ]


@needs_shared
def test_a_recorded_project_can_be_changed(recorded: Client):
    old = recorded.json("datasette-hello-world")
    serial = recorded.control.publish("datasette-hello-world", "9.0")
    new = recorded.json("datasette-hello-world")

    assert (new["info"]["version"], new["last_serial"]) == ("9.0", serial)
    assert new["info"]["summary"] == old["info"]["summary"]
    assert set(new["releases"]) == {*old["releases"], "9.0"}


def test_a_folder_without_recorded_answers_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="no recorded answers"), Upstreams(recorded=tmp_path):
        pass


def test_one_recorded_answer_is_enough(tmp_path: Path):
    (tmp_path / "json").mkdir()
    answer = {
        "info": {"name": "My.One", "version": "1.0", "classifiers": ["Framework :: Plone"]},
        "releases": {"0.9": [], "1.0": []},
        "urls": [],
        "last_serial": 77,
    }
    (tmp_path / "json" / "my-one.json").write_text(json.dumps(answer))
    for client in connected(recorded=tmp_path):
        assert client.json("my-one") == answer
        assert client.get("/pypi/my-one/json").headers["X-PyPI-Last-Serial"] == "77"
        assert client.rpc.browse(["Framework :: Plone"]) == [["My.One", "0.9"], ["My.One", "1.0"]]
        assert client.root()["projects"] == [{"_last-serial": 77, "name": "My.One"}]
