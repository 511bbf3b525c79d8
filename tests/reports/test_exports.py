"""An export's files have the names, keys and types that scripts expect, and the right figures."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from pyf.aggregator.errors import NotFound, UsageError
from pyf.aggregator.reports.collector import StatsCollector
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import StoreNotSetUp
from pyf.aggregator.store.exports import DownloadRow, from_rows, write_files

from ..cli.running import run_pyfa
from ..enrich.statistics_api import statistics_api

END = date(2026, 7, 10)
GAP = date(2026, 7, 4)
NOW = datetime(2026, 7, 11, 6, tzinfo=UTC)
DAYS = [END - timedelta(n) for n in range(40)]
DAILY = [
    (("without_mirrors", on, 100 + n) if n else ("without_mirrors", on, 0))
    for n, on in enumerate(DAYS)
    if on != GAP
]
ROWS = {
    ("six", "overall"): [*DAILY, *(("with_mirrors", on, n + 9) for _, on, n in DAILY)],
    ("six", "python_minor"): [
        (v, on, n) for on in DAYS if on != GAP for v, n in (("3.12", 6), ("null", 9), ("3.11", 2))
    ],
    ("six", "system"): [
        (v, on, n) for on in DAYS if on != GAP for v, n in (("Linux", 8), ("Windows", 3))
    ],
    ("pip", "overall"): [("without_mirrors", on, 10**6) for on in DAYS if on != GAP],
}


@pytest.fixture
def figures():
    rows = [DownloadRow("overall", *row) for row in ROWS["six", "overall"]]
    rows += [
        DownloadRow(kind, *row)
        for kind in ("python_minor", "system")
        for row in ROWS["six", kind]
        if row[1] != GAP
    ]
    return from_rows("six", "pypistats", rows, [on for on in DAYS if on != GAP], 10)


def test_the_files_are_those_of_the_usual_scripts(figures, tmp_path):
    files = write_files(tmp_path / "new" / "stats", figures, NOW, parquet=True)

    assert [path.name for path in files] == [
        "downloads_2026-07-11.json",
        "downloads_2026-07-11.csv",
        "download_summary.json",
        "downloads_2026-07-11.parquet",
    ]
    assert {path.name for path in files[0].parent.iterdir()} == {path.name for path in files}
    expected = [n for _, on, n in DAILY if on > END - timedelta(10)]
    summary = json.loads(files[2].read_text())
    assert summary["package"] == "six"
    assert datetime.fromisoformat(summary["timestamp"]) == NOW
    assert summary["total_downloads"] == sum(expected)
    assert summary["average_daily"] == round(sum(expected) / 9, 2)
    assert summary["top_versions"] == [
        {"version": "3.12", "downloads": 54},
        {"version": "3.11", "downloads": 18},
    ]
    assert summary["top_systems"][0] == {"system": "Linux", "downloads": 72}
    assert (summary["missing_days"], summary["end"]) == (["2026-07-04"], "2026-07-10")
    whole = json.loads(files[0].read_text())
    assert {row["category"]: row["downloads"] for row in whole["python_versions"]["data"]}[
        "null"
    ] == 81
    assert len(whole["recent"]["data"]) == 9
    assert {"overall_month", "systems", "package", "timestamp"} <= set(whole)


def test_pandas_reads_the_series_with_its_gap(figures, tmp_path):
    _, series, _, parquet = write_files(tmp_path, figures, NOW, parquet=True)

    frame = pd.read_csv(series)

    assert list(frame.columns) == ["date", "downloads"]
    assert list(frame["date"]) == [on.isoformat() for on in reversed(DAYS[:10])]
    assert frame["downloads"].isna().sum() == 1
    assert frame["downloads"].sum() == figures.total
    assert frame["downloads"].iloc[-1] == 0
    rows = pd.read_parquet(parquet)
    assert rows[rows["dimension"] == "system"]["downloads"].sum() == 99


def test_without_a_store_the_api_is_asked(tmp_path):
    with statistics_api(ROWS) as api:
        settings = load_settings(
            {
                "PYPISTATS_URL": api.url,
                "PYPISTATS_RATE_LIMIT_DELAY": "0",
                "PYF_DATA_DIR": str(tmp_path),
            },
            dotenv=None,
        )
        with StatsCollector(settings, "auto", 10) as sources:
            found = dict(sources.each_package(["Six", "nothing"]))
        with pytest.raises(StoreNotSetUp), StatsCollector(settings, "store", 10):
            pass

    assert found["Six"].missing == (GAP,)
    assert found["Six"].source == "pypistats"
    assert isinstance(found["nothing"], NotFound)
    assert api.asked["/api/packages/pip/overall"] == 1


def test_a_folder_that_cannot_be_written_is_wrong_use(figures, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written"):
        write_files(tmp_path / "file", figures, NOW)


def test_the_command_works_as_in_a_workflow(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Six"\n')
    with statistics_api(ROWS) as api:
        where = {"PYPISTATS_URL": api.url, "PYPISTATS_RATE_LIMIT_DELAY": "0"}
        one = run_pyfa(tmp_path, "stats", "export", "--source", "pypistats", **where)
        many = ("stats", "export", "--package", "six", "nothing", "--output-dir", "all")
        several = run_pyfa(tmp_path, *many, "--no-display", **where)
    away = run_pyfa(
        tmp_path, "stats", "export", PYPISTATS_URL="http://127.0.0.1:1", PYPISTATS_MAX_RETRIES="0"
    )
    wrong = run_pyfa(tmp_path, "stats", "export", "--days", "181")

    assert one.returncode == 0, one.stderr
    assert "Linux" in one.stdout
    assert (tmp_path / "stats" / "download_summary.json").is_file()
    assert (several.returncode, several.stdout) == (4, "")
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["six"]
    assert "'nothing'" in several.stderr
    assert (away.returncode, wrong.returncode) == (5, 2)
