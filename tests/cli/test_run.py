"""``pyfa run`` as a user meets it: all steps in order, what is not set up, what fails."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest

from pyf.aggregator.cli.main import main
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.operations import JSON_SCHEMA, OPERATIONS
from pyf.aggregator.store import Store

from ..enrich.osv import Export, export, record
from ..stack import Bench
from ..store.serving import Served, served, url_of

pytestmark = pytest.mark.integration
DAYS = 3
LATER = "2026-08-01T00:00:00Z"


@pytest.fixture(scope="module")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A statistics store in a process of its own."""
    with served(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def store(store_server: Served, bench: Bench) -> Iterator[Store]:
    """A statistics store of one's own, without any data."""
    with Store(replace(store_server.admin, database=bench.collection)) as store:
        store.migrate()
        yield store


@pytest.fixture(scope="module")
def github() -> Iterator[str]:
    """A sample GitHub on which every repository is there."""
    arguments = ("--port", "0", "--dead", "0", "--renamed", "0")
    with ServerProcess("pyf.aggregator.samples.github", *arguments) as process:
        yield process.url


@pytest.fixture
def pyfa(bench: Bench):
    """Run ``pyfa run`` for a profile that consists of the bench's family."""
    lines = [f"profiles:\n  {bench.collection}:\n    name: Test\n    classifiers:\n"]
    classifiers = (f'      - "{classifier}"\n' for classifier in bench.profile.classifiers)
    own = bench.folder / "profiles.yaml"
    own.write_text("".join([*lines, *classifiers]))

    def run(*arguments: str, **environment: str):
        return bench.command("run", *arguments, PYF_PROFILES=str(own), **environment)

    return run


def load(store: Store, names: list[str]) -> None:
    """Publish a few days with 7 downloads a day for each project."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
    for number, day in enumerate(days, 1):
        store.insert(
            "downloads",
            [(number, day, "overall", name, "without_mirrors", 7) for name in names],
            columns=("load_id", "day", "dimension", "package", "category", "downloads"),
        )
    now = datetime.now(UTC)
    published = [(n, day, "test", "full", "published", now, now) for n, day in enumerate(days, 1)]
    columns = ("id", "day", "source", "scope", "status", "started", "finished")
    store.insert("loads", published, columns=columns)


def states(out: str) -> dict[str, str]:
    """The steps and how they ended, from lines without a terminal."""
    return dict(line.split("\t")[:2] for line in out.splitlines())  # type: ignore[misc]


def account(out: str, step: str) -> dict[str, object]:
    """The account of a step, from JSON."""
    (found,) = (each for each in json.loads(out)["steps"] if each["operation"] == step)
    return {"state": found["state"], **found["counts"], **found["details"]}


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_without_store_and_token_the_index_is_filled_all_the_same(bench: Bench, pyfa) -> None:
    done = pyfa("-p", bench.collection)
    assert done.returncode == 0, done.stderr
    left_out = dict.fromkeys(("github", "downloads", "security"), "skipped")
    assert states(done.stdout) == {"fetch": "done", **left_out, "health": "done"}
    assert all("health_score" in document for document in bench.documents().values())
    assert len(bench.documents()) > 20
    assert "github: skipped: no statistics store" in done.stderr
    assert f"{bench.collection}: fetch (1 of " in done.stderr


@pytest.fixture
def osv() -> Iterator[Export]:
    """An export of advisories."""
    with export() as served:
        yield served


@pytest.mark.slow
def test_all_steps_in_order_and_nothing_twice(
    bench: Bench, pyfa, store: Store, github: str, osv: Export
) -> None:
    where = {"CLICKHOUSE_URL": url_of(store.location), "GITHUB_API_URL": github}
    where["OSV_EXPORT_URL"] = osv.url
    where |= {"GITHUB_TOKEN": "sample", "GITHUB_REQUEST_DELAY": "0"}
    osv.put(record("PYSEC-0", "no-project-here"))
    early = pyfa("-p", bench.collection, "--skip", "github", "--json", **where)
    assert early.returncode == 0, early.stderr
    assert account(early.stdout, "downloads")["state"] == "skipped"
    assert "`pyfa stats load` does it" in early.stderr
    names = sorted({document["name_normalized"] for document in bench.documents().values()})
    load(store, names)
    osv.put(record("PYSEC-1", names[0], events=[{"introduced": "0"}], modified=LATER))

    first = pyfa("-p", bench.collection, "--full", "--json", **where)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    jsonschema_rs.validate(JSON_SCHEMA, told)
    assert told["complete"] is True
    assert [each["operation"] for each in told["steps"]] == [each.name for each in OPERATIONS]
    assert {each["state"] for each in told["steps"]} == {"done"}
    documents = bench.documents().values()
    assert all(document["download_last_week"] == 7 * DAYS for document in documents)
    assert any(document.get("github_url") for document in documents)
    vulnerable = {d["name_normalized"] for d in documents if d["is_vulnerable"]}
    assert vulnerable == {names[0]}
    told_by = [d["health_score_breakdown"]["security"]["problems"] for d in documents]
    assert any(told_by)

    second = pyfa("-p", bench.collection, "--json", **where)
    assert second.returncode == 0, second.stderr
    assert account(second.stdout, "fetch")["mode"] == "incremental"
    assert account(second.stdout, "github")["requests"] == 0
    for step in ("downloads", "security", "health"):
        assert account(second.stdout, step)["updated"] == 0, step


def test_a_step_that_fails_does_not_hold_up_the_others(
    bench: Bench, pyfa, store: Store, osv: Export
) -> None:
    where = {"CLICKHOUSE_URL": url_of(store.location), "GITHUB_TOKEN": "wrong"}
    where["OSV_EXPORT_URL"] = osv.url  # which holds nothing, and so cannot be true
    strict = ("--port", "0", "--token", "right")
    with ServerProcess("pyf.aggregator.samples.github", *strict) as process:
        done = pyfa("-p", bench.collection, GITHUB_API_URL=process.url, **where)
    assert done.returncode == 4, done.stderr
    found = states(done.stdout)
    assert found["fetch"] == "done"
    assert (found["github"], found["downloads"]) == ("failed", "skipped")
    assert (found["security"], found["health"]) == ("partly", "done")
    assert "security: advisories were not brought up to date" in done.stderr


def test_a_limit_leaves_a_part_for_the_next_time(bench: Bench, pyfa, store: Store) -> None:
    alone = ("--skip", "security")
    few = ("--port", "0", "--anonymous", "3", "--dead", "0", "--renamed", "0")
    where = {"CLICKHOUSE_URL": url_of(store.location), "GITHUB_REQUEST_DELAY": "0"}
    with ServerProcess("pyf.aggregator.samples.github", *few) as process:
        where["GITHUB_API_URL"] = process.url
        done = pyfa("-p", bench.collection, "--max-wait", "1", "-l", "12", *alone, **where)
    assert done.returncode == 4, done.stderr
    assert states(done.stdout)["github"] == "partly"
    assert "GitHub's limit is used up" in done.stderr
    assert "projects are left" in done.stderr


def test_an_upstream_that_is_away_at_first_ends_the_run(bench: Bench, pyfa) -> None:
    done = pyfa("-p", bench.collection, PYPI_URL=closed_port(), PYPI_MAX_RETRIES="0")
    said = [line for line in done.stderr.splitlines() if not line.endswith("...")]
    assert (done.returncode, done.stdout, len(said)) == (5, "", 1), done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a profile"),
        (("-p", "nonesuch"), "nonesuch"),
        (("-p", "plone", "-t", "a b"), "cannot name a collection"),
        (("-p", "plone", "--skip", "lunch"), "--skip"),
        (("-p", "plone", "-l", "0"), "positive integer"),
        (("-p", "plone", "-s", "/nonesuch/since"), "/nonesuch"),
        (tuple(word for step in OPERATIONS for word in ("--skip", step.name)), "every step"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["run", *arguments])
    except SystemExit as ended:  # told by the parser
        status = int(ended.code or 0)
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert words in said.err
