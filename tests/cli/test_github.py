"""``pyfa github`` as people and programs use it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.cli.common.signals import END_SIGNALS
from pyf.aggregator.cli.main import main
from pyf.aggregator.index import BulkWriter, SearchServer

from ..index import making
from ..registries.github_sample import sample_github
from ..shared import SHARED, needs_shared
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import run_pyfa

Pyfa = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pyfa(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Pyfa]:
    """Run ``pyfa github`` in this process, far from any settings; status and both outputs."""
    monkeypatch.chdir(tmp_path)
    for name in ("DEFAULT_PROFILE", "TYPESENSE_COLLECTION", "PYF_PROFILES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYF_DATA_DIR", str(tmp_path))
    before = {number: signal.getsignal(number) for number in END_SIGNALS}

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["github", *arguments])
        except SystemExit as ended:
            status = int(ended.code or 0)
        return status, *capsys.readouterr()

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def index(search: SearchServer, collection: str, count: int) -> dict[str, str]:
    """Make a collection of so many projects; return what a command needs to find it."""
    making.make(search, collection)
    writer = BulkWriter(search, collection)
    for number in range(count):
        links = {"Source": f"https://github.com/cli/p{number}"}
        document = making.document(f"p{number}", project_urls=links, is_latest=True)
        writer.upsert(document)
    writer.flush()
    assert writer.refused == []
    return {"TYPESENSE_NODES": search.url, "TYPESENSE_API_KEY": search.key}


def test_from_a_collection_to_facts_and_on_after_a_limit(
    search: SearchServer,
    collection: str,
    store: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    where = index(search, collection, 150) | {"CLICKHOUSE_URL": url_of(store.location)}
    command = ("github", "-t", collection, "--contributors", "0", "--max-wait", "1")
    with sample_github("--points", "5") as sample:
        where |= sample.environment()
        limited = run_pyfa(tmp_path, *command, "--report-dir", "reports", **where)
        sample.tell("set_limits", points=5_000)
        done = run_pyfa(tmp_path, *command, "--json", **where)
        again = run_pyfa(tmp_path, *command, "-v", **where)

    assert limited.returncode == 4
    assert "limit is used up until" in limited.stderr
    assert "50 projects are left" in limited.stderr
    assert "100 with facts" in limited.stdout
    assert json.loads((tmp_path / "reports" / "github_problems.json").read_bytes())
    account = json.loads(done.stdout)
    assert (done.returncode, account["requests"], account["with_facts"]) == (0, 1, 150)
    lines = again.stdout.splitlines()
    assert "0 requests" in again.stderr
    assert {json.loads(line)["github"]["full_name"] for line in lines} == {
        f"cli/p{number}" for number in range(150)
    }
    assert sample.token not in limited.stderr + done.stderr + again.stderr + again.stdout


def test_one_project_with_both_sides_and_no_store(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    where = index(search, collection, 2)
    with sample_github() as sample:
        where |= sample.environment(token=False)
        one = run_pyfa(tmp_path, "github", "-t", collection, "-n", "P0", "-v", **where)
        none = run_pyfa(tmp_path, "github", "-t", collection, "-n", "nobody", **where)
        all_ = run_pyfa(tmp_path, "github", "-t", collection, **where)

    assert one.returncode == 0, one.stderr
    both = json.loads(one.stdout)
    assert both["index"]["github_url"] == both["github"]["html_url"] == "https://github.com/cli/p0"
    assert both["link"] == "project_urls.Source"
    assert "not kept" in one.stderr
    assert (none.returncode, none.stdout) == (3, "")
    assert (all_.returncode, all_.stdout) == (5, "")
    assert "pyfa up" in all_.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("-n", ""), 2, "empty"),
        (("-p", "nope"), 2, "no profile"),
        (("-t", "x", "-n", "a", "-l", "3"), 2, "leave out -l"),
        (("-l", "0"), 2, "positive integer"),
        (("--contributors", "some"), 2, "'all'"),
        (("--max-wait", "-1"), 2, "--max-wait"),
        ((), 2, "-p or a collection with -t"),
        (("resolve",), 2, "FILE"),
        (("resolve", "nowhere.json"), 2, "cannot be read"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, words: str, pyfa: Pyfa
) -> None:
    got, out, err = pyfa(*arguments)

    assert (got, out) == (status, "")
    assert words in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "5", '{"info": null}', '{"info": {}}'])
def test_what_is_no_answer_of_pypi_is_refused(content: str, pyfa: Pyfa, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    status, out, err = pyfa("resolve", "a.json")

    assert (status, out) == (2, "")
    assert "a.json" in err


@needs_shared
def test_resolving_tells_repository_and_field(pyfa: Pyfa) -> None:
    folder = SHARED / "corpus" / "pypi" / "json"
    files = [str(folder / "deptry.json"), str(folder / "73-unlockitems.json")]
    status, out, _ = pyfa("resolve", *files, "--json")
    first, second = map(json.loads, out.splitlines())
    lines = [line.split("\t") for line in pyfa("resolve", *files)[1].splitlines()]

    assert status == 0
    assert first["repository"] == "fpgmaas/deptry"
    assert first["forge"] == "github"
    assert first["field"].startswith("project_urls.")
    assert (second["repository"], second["reason"]) == (None, "no_repo_url")
    assert lines[0] == ["deptry", "https://github.com/fpgmaas/deptry", first["field"]]
    assert lines[1][1:] == ["-", "no_repo_url"]
