"""``pyfa pypi`` as a user meets it: what it prints, where, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from pyf.aggregator.index import collections

from ..stack import Bench

pytestmark = pytest.mark.integration


@pytest.fixture
def pyfa(bench: Bench):
    """Run ``pyfa pypi`` for a profile that consists of the bench's family."""
    lines = [f"profiles:\n  {bench.collection}:\n    name: Test\n    classifiers:\n"]
    classifiers = (f'      - "{classifier}"\n' for classifier in bench.profile.classifiers)
    own = bench.folder / "profiles.yaml"
    own.write_text("".join([*lines, *classifiers]))

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environment.setdefault("PYF_PROFILES", str(own))
        return bench.command("pypi", *arguments, **environment)

    return run


def one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The command failed with this status and one clear sentence."""
    assert result.returncode == status, result.stderr
    said = [line for line in result.stderr.splitlines() if not line.endswith("...")]
    assert len(said) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in said[0]
    assert result.stdout == ""


def test_full_incremental_refresh_and_show(bench: Bench, pyfa) -> None:
    first = pyfa("-f", "-p", bench.collection)
    assert first.returncode == 0, first.stderr
    assert f"{bench.collection}: seen " in first.stdout
    assert (bench.folder / ".pyaggregator.since").exists()
    name = next(iter(bench.documents().values()))["name"]
    shown = pyfa("--show", name, "-p", bench.collection, "--json")
    assert json.loads(shown.stdout)["name"] == name
    every = json.loads(
        pyfa("--show", name.upper(), "-p", bench.collection, "--all-versions", "--json").stdout
    )
    assert len(every) == sum(d["name"] == name for d in bench.documents().values())
    keys = [document["version_sortable"] for document in every]
    assert keys == sorted(keys, reverse=True)
    human = pyfa("--show", name, "-p", bench.collection)
    assert f"name: {name}" in human.stdout
    for mode in ("-i", "--refresh-from-pypi"):
        again = pyfa(mode, "-p", bench.collection, "--json")
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["removed"] == 0


def test_show_prefers_the_release_that_pypi_calls_latest(bench: Bench, pyfa) -> None:
    bench.run()
    latest = next(doc for doc in bench.documents().values() if doc["is_latest"])
    bench.pypi.tell("publish", name=latest["name"], version="9999.0")
    bench.pypi.tell("yank", name=latest["name"], version="9999.0", reason="a mistake")
    bench.run("incremental")
    shown = pyfa("--show", latest["name"], "-t", bench.collection, "--json")
    assert json.loads(shown.stdout)["version"] == latest["version"]
    every = pyfa("--show", latest["name"], "-t", bench.collection, "--all-versions", "--json")
    assert json.loads(every.stdout)[0]["version"] == "9999.0"


def test_json_is_data_on_stdout_and_all_else_on_stderr(bench: Bench, pyfa) -> None:
    result = pyfa("-f", "-p", bench.collection, "--json", "-v")
    summary = json.loads(result.stdout)
    for key in ("seen", "matched", "indexed", "unchanged", "refused", "removed", "requests"):
        assert isinstance(summary[key], int)
    assert summary["seconds"] > 0
    assert result.stderr


def test_the_old_name_takes_the_same_options(bench: Bench, pyfa) -> None:
    code = (
        "import sys; from pyf.aggregator.cli.main import pyfaggregator; sys.exit(pyfaggregator())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "-f", "-ft", "Framework :: Plone", "-t", bench.collection],
        env=bench.environment(),
        cwd=bench.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "deprecated" in result.stderr
    assert bench.documents()


def test_default_profile_and_target(bench: Bench, pyfa) -> None:
    result = pyfa("-f", "-l", "2", "-t", bench.collection, DEFAULT_PROFILE="plone")
    assert result.returncode == 0, result.stderr
    assert bench.documents()


def test_an_unknown_profile(pyfa) -> None:
    one_line(pyfa("-f", "-p", "plonne"), 2, "plonne", "did you mean 'plone'")


def test_no_profile(pyfa) -> None:
    one_line(pyfa("-f"), 2, "-p", "DEFAULT_PROFILE")


def test_an_empty_classifier_list(bench: Bench, pyfa) -> None:
    own = bench.folder / "empty.yaml"
    own.write_text("profiles:\n  none:\n    name: Nothing\n    classifiers: []\n")
    one_line(pyfa("-f", "-p", "none", PYF_PROFILES=str(own)), 2, "none")


def test_an_unreachable_search_server(bench: Bench, pyfa) -> None:
    nobody = {"TYPESENSE_NODES": "http://127.0.0.1:9"}
    one_line(pyfa("-f", "-p", bench.collection, **nobody), 5, "127.0.0.1:9", "cannot be reached")


def test_no_search_server_at_all(bench: Bench, pyfa) -> None:
    nothing = {"TYPESENSE_NODES": "", "TYPESENSE_API_KEY": ""}
    one_line(pyfa("-f", "-p", bench.collection, **nothing), 5, "pyfa local search")


def test_a_wrong_key(bench: Bench, pyfa) -> None:
    result = pyfa("-f", "-p", bench.collection, TYPESENSE_API_KEY="not-the-key")
    one_line(result, 1, "API key")
    assert "not-the-key" not in result.stderr + result.stdout


def test_an_unreachable_pypi(bench: Bench, pyfa) -> None:
    away = {"PYPI_URL": "http://127.0.0.1:9", "PYPI_MAX_RETRIES": "0"}
    one_line(pyfa("-f", "-p", bench.collection, **away), 5, "127.0.0.1:9")


def test_a_read_only_since_file(bench: Bench, pyfa) -> None:
    file = bench.folder / "since"
    file.write_text("1\n")
    file.chmod(0o444)
    one_line(pyfa("-f", "-p", bench.collection, "-s", str(file)), 2, "cannot be written")
    assert bench.pypi.stats()["total"] == 0


def test_a_corrupt_since_file(bench: Bench, pyfa) -> None:
    file = bench.folder / "since"
    file.write_text("the day before yesterday\n")
    one_line(pyfa("-i", "-p", bench.collection, "-s", str(file)), 2, "corrupt")
    assert file.read_text() == "the day before yesterday\n"


def test_a_collection_with_an_incompatible_schema(bench: Bench, pyfa) -> None:
    schema = {"name": bench.collection, "fields": [{"name": "title", "type": "string"}]}
    bench.server.call(lambda client: client.collections.create(schema))
    one_line(pyfa("-f", "-p", bench.collection), 1, "does not fit", "--recreate-collection")


def test_what_was_before_a_recreation_can_be_kept(bench: Bench, pyfa) -> None:
    assert pyfa("-f", "-p", bench.collection).returncode == 0
    assert pyfa("-f", "-p", bench.collection, "--recreate-collection").returncode == 0
    kept = pyfa("-f", "-p", bench.collection, "--recreate-collection", "--keep-old")
    assert kept.returncode == 0, kept.stderr
    assert collections.versions(bench.server, bench.collection) == [
        f"{bench.collection}-2",
        f"{bench.collection}-3",
    ]


@pytest.mark.parametrize("name", ["my project", "back`tick", "a/b", "Übung", "`", "' || 1"])
def test_names_that_no_project_has(bench: Bench, pyfa, name: str) -> None:
    assert pyfa("-f", "-l", "1", "-p", bench.collection).returncode == 0
    one_line(pyfa("--show", name, "-p", bench.collection), 3, "there is no project")
    one_line(pyfa("-f", "-fn", name, "-p", bench.collection), 2, "no project name")
    one_line(pyfa("-f", "-t", name, "-p", bench.collection), 2, "cannot name a collection")
    one_line(pyfa("-f", "-p", name), 2, "there is no profile")
    one_line(pyfa("-f", "-ft", name, "-t", bench.collection), 2, "classifier")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "required"),
        (["-f", "-i"], "not allowed"),
        (["-f", "-l", "0"], "positive integer"),
        (["-f", "-l", "many"], "must be a positive integer"),
        (["-f", "-l", "9" * 30], "must be a positive integer"),
        (["-f", "--discovery", "guess"], "invalid choice"),
        (["-i", "--recreate-collection"], "goes with -f"),
        (["-f", "--keep-old"], "goes with --recreate-collection"),
        (["-f", "--all-versions"], "goes with --show"),
        (["-f", "--frobnicate"], "unrecognized"),
    ],
)
def test_wrong_options(pyfa, arguments: list[str], word: str) -> None:
    result = pyfa(*arguments)
    assert result.returncode == 2
    assert word in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("option", ["--show", "-fn", "-p", "-t"])
def test_a_variable_that_was_never_set_starts_no_run(bench: Bench, pyfa, option: str) -> None:
    mode = [] if option == "--show" else ["-f"]
    result = pyfa(*mode, "-t", bench.collection, option, "", DEFAULT_PROFILE=bench.collection)
    assert result.returncode == 2
    assert "it is empty" in result.stderr
    assert bench.pypi.stats()["total"] == 0


def test_ways_of_discovery_that_need_the_store_say_so(bench: Bench, pyfa) -> None:
    result = pyfa("-f", "-p", bench.collection, "--discovery", "catalog")
    one_line(result, 5, "store")


def test_interrupted_says_so_and_leaves_a_state_to_go_on_from(bench: Bench, pyfa) -> None:
    bench.pypi.tell("set_faults", latency=0.2)
    child = subprocess.Popen(
        [sys.executable, "-m", "pyf.aggregator.cli.main", "pypi", "-f", "-p", bench.collection],
        env=bench.environment(PYF_PROFILES=str(bench.folder / "profiles.yaml")),
        cwd=bench.folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not bench.pypi.asked("project_json"):
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    bench.pypi.tell("reset_faults")
    assert pyfa("-f", "-p", bench.collection).returncode == 0


def test_a_reader_that_goes_away_is_no_accident(bench: Bench, pyfa) -> None:
    assert pyfa("-f", "-p", bench.collection).returncode == 0
    name = next(iter(bench.documents().values()))["name"]
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        [
            sys.executable,
            "-m",
            "pyf.aggregator.cli.main",
            "pypi",
            "--show",
            name,
            "-t",
            bench.collection,
        ],
        env=bench.environment(),
        cwd=bench.folder,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert "Traceback" not in child.stderr
    assert "Exception ignored" not in child.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_cost_their_output_only(bench: Bench, closed: str) -> None:
    command = f"{sys.executable} -m pyf.aggregator.cli.main pypi -f -p plone -t {bench.collection}"
    result = subprocess.run(
        ["sh", "-c", f"{command} {closed}"],
        env=bench.environment(),
        cwd=bench.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert ("indexed" in result.stdout) == (closed == "2>&-")
    assert bench.documents()


def test_partly_done_has_its_own_status_and_names_what_is_missing(bench: Bench, pyfa) -> None:
    bench.run()
    name = next(iter(bench.documents().values()))["name_normalized"]
    bench.pypi.tell("set_faults", rate_503=1.0, prefixes=[f"/pypi/{name}/"], retry_after=None)
    result = pyfa("--refresh-from-pypi", "-p", bench.collection)
    assert result.returncode == 4
    assert name in result.stderr
