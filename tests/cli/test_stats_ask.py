"""The questions of ``pyfa stats`` as people and programs put them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pyf.aggregator.cli.main import main
from pyf.aggregator.store import Store

from ..stack import sample_pypi
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.queries.book import Book, Row, counted
from ..store.serving import url_of

TODAY = datetime.now(UTC).date()
LAST = TODAY - timedelta(1)
MISSING = LAST - timedelta(3)
KNOWN = [LAST - timedelta(n) for n in range(60) if LAST - timedelta(n) != MISSING]


def amount(on: date) -> int:
    return 1000 + (LAST - on).days


@pytest.fixture
def asked(store: Store, monkeypatch, tmp_path: Path):  # noqa: F811
    """Runs a question in this process, with a store of two packages and sixty days."""
    days = {}
    for on in KNOWN:
        rows = [*counted("alpha", amount(on)), *counted("beta", 10)]
        days[on] = [*rows, Row("system", "alpha", "Linux", 7), Row("system", "alpha", "null", 1)]
    Book(store).publish_all(days)
    monkeypatch.setenv("CLICKHOUSE_URL", url_of(store.location))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: main(["stats", *arguments])


def test_recent_is_about_the_project_of_this_folder(asked, capsys, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Alpha"\n')

    assert asked("recent", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["package"] == "alpha"
    assert told["last_day"] == amount(LAST)
    assert told["last_week"] == sum(amount(on) for on in KNOWN if on > LAST - timedelta(7))
    assert (told["rank"], told["of"], told["data_through"]) == (1, 2, LAST.isoformat())


def test_a_series_has_every_day_and_unknown_is_empty(asked, capsys):
    assert asked("series", "alpha", "--days", "5", "--csv") == 0
    printed = capsys.readouterr()
    assert asked("series", "alpha", "--days", "5", "--json") == 0

    rows = list(csv.DictReader(printed.out.splitlines()))
    assert [row["date"] for row in rows] == [
        (LAST - timedelta(n)).isoformat() for n in reversed(range(5))
    ]
    assert {row["date"]: row["downloads"] for row in rows}[MISSING.isoformat()] == ""
    assert f"1 of 5 days are unknown: {MISSING}" in printed.err
    told = json.loads(capsys.readouterr().out)
    assert told["missing_days"] == [MISSING.isoformat()]
    assert [point["downloads"] for point in told["data"]][1] is None


def test_categories_are_told_apart(asked, capsys):
    assert asked("series", "alpha", "--by", "system", "--days", "2") == 0

    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[1:] for line in lines] == [
        ["Linux", "7"],
        ["Linux", "7"],
        ["null", "1"],
        ["null", "1"],
    ]


def test_boards_rank_all_or_those_named(asked, capsys):
    assert asked("top", "--period", "day", "--csv") == 0
    every = capsys.readouterr().out
    assert asked("top", "--period", "day", "--package", "Beta", "--csv") == 0
    named = capsys.readouterr().out
    assert asked("momentum", "--falling", "--json") == 0
    falling = json.loads(capsys.readouterr().out)

    assert every.splitlines() == [
        "rank,package,downloads",
        f"1,alpha,{amount(LAST)}",
        "2,beta,10",
    ]
    assert named.splitlines()[1:] == ["1,beta,10"]
    assert [row["package"] for row in falling["packages"]] == ["alpha"]


def test_what_is_missing_of_several_is_said(asked, capsys):
    assert asked("compare", "alpha", "beta", "--days", "10") == 0
    capsys.readouterr()
    assert asked("compare", "alpha", "nobody", "--json") == 4

    printed = capsys.readouterr()
    alpha, nobody = json.loads(printed.out)["packages"]
    assert alpha["downloads"] == sum(amount(on) for on in KNOWN if on > LAST - timedelta(30))
    assert (nobody["downloads"], nobody["data"]) == (None, [])
    assert "no downloads of 'nobody'" in printed.err


@pytest.mark.parametrize("board", ["top", "momentum"])
def test_a_board_names_the_packages_that_nobody_knows(asked, capsys, board):
    assert asked(board, "--package", "alpha", "nobody", "beta", "--json") == 4

    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["unknown"] == ["nobody"]
    assert {row["package"] for row in told["packages"]} <= {"alpha", "beta"}
    assert printed.err.count("no downloads of 'nobody'") == 1
    assert asked(board, "--package", "nobody", "--json") == 3
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_a_course_is_told(asked, capsys):
    released = LAST - timedelta(20)
    assert asked("anomalies", "alpha", "--json") == 0
    assert asked("release-impact", "alpha", "--release", f"2.0={released}", "--csv") == 0

    odd, _, impact = capsys.readouterr().out.partition("version,")
    assert json.loads(odd)["data"] == []
    assert impact.splitlines()[1].startswith(f"2.0,{released},1")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("recent", "nobody"), 3, "no downloads of 'nobody'"),
        (("recent",), 2, "no pyproject.toml"),
        (("series", "nobody"), 3, "no downloads of 'nobody'"),
        (("series", "alpha", "--by", "country"), 3, "no downloads of 'alpha' by country"),
        (("series", "alpha", "--from", "2999-01-01"), 2, "in the future"),
        (("series", "alpha", "--to", "2999-01-01"), 2, "in the future"),
        (("series", "alpha", "--to", "2001-01-01"), 3, "has the days from"),
        (("series", "alpha", "--from", "2026-02-02", "--to", "2026-02-01"), 2, "lies before"),
        (("series", "alpha", "--from", str(MISSING), "--to", str(MISSING)), 3, "is not loaded"),
        (("compare", "alpha", "beta", "--from", str(MISSING), "--to", str(MISSING)), 3, "not load"),
        (("anomalies", "alpha", "--from", str(MISSING), "--to", str(MISSING)), 3, "not loaded"),
        (("compare", "one", "two"), 3, "no downloads of 'one', 'two' from"),
        (("forecast", "nobody"), 3, "no downloads of 'nobody'"),
        (("loads", "--from", "2026-02-02", "--to", "2026-02-01"), 2, "is before"),
        (("loads", "--from", "2026-02-02", "--to", "2026-02-03"), 0, "no load is about"),
        (("top", "--period", "day", "--day", str(MISSING)), 3, "is not loaded"),
        (("top", "--day", "2999-01-01"), 2, "in the future"),
        (("compare", "alpha"), 2, "two packages"),
        (("anomalies", "nobody"), 3, "nobody"),
        (("release-impact", "nobody"), 3, "nobody"),
        (("release-impact", "alpha", "--release", "2.0=2999-01-01"), 2, "in the future"),
        (("report", "--weekly", "--package", "alpha", "--send"), 2, "nobody is named"),
        (("report", "--weekly", "--package", "alpha", "--only-alerts"), 2, "goes with --send"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(asked, capsys, arguments, status, words):
    assert asked(*arguments) == status

    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1


def test_releases_come_from_the_index_or_what_to_do_is_said(asked, capsys, monkeypatch):
    with sample_pypi(projects=20) as pypi:
        monkeypatch.setenv("PYPI_URL", pypi.url.replace("://", "://me:secret@"))
        assert asked("release-impact", "alpha") == 3
        lacking = capsys.readouterr().err
        pypi.tell("publish", name="alpha", version="1.0", classifiers=[])
        assert asked("release-impact", "alpha", "--csv") == 0
        found = capsys.readouterr()
        pypi.tell("quarantine", name="alpha")
        assert asked("release-impact", "alpha") == 3
        hidden = capsys.readouterr().err

    assert "has no project 'alpha'; name releases with --release" in lacking
    assert "hides 'alpha' while it is examined" in hidden
    assert "secret" not in lacking + hidden and lacking.count("\n") == 1
    assert found.out.splitlines()[1].startswith("1.0,")
    assert "too few of them lie before and after each" in found.err


def test_a_report_is_printed_or_kept(asked, capsys, tmp_path):
    report = ("report", "--weekly", "--package", "alpha")
    assert asked(*report) == 0
    assert asked(*report, "--json") == 0
    assert asked(*report, "--output-dir", "kept") == 0

    text, _, rest = capsys.readouterr().out.partition("\n{")
    assert text.startswith("# Weekly downloads of alpha, ")
    assert json.loads("{" + rest)["packages"][0]["package"] == "alpha"
    assert sorted(path.suffix for path in (tmp_path / "kept").iterdir()) == [".html", ".md"]


def test_an_empty_store_says_so(store: Store, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setenv("CLICKHOUSE_URL", url_of(store.location))

    assert main(["stats", "recent", "alpha"]) == 3

    assert "the store holds no day yet" in capsys.readouterr().err
