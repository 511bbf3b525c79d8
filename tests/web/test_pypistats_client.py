"""The client ``pypistats`` as it is published, with another address: its README, each command.

Its names stand for packages of ours, its months for months that we have.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy
import pandas
import pypistats
import pytest
from pypistats import _cache

from .conftest import Running
from .downloads import DAYS, GAP, LAST, of
from .test_api_boards import month

NAME = "flask-form-kit"
DRIVER = """
import datetime, sys, types
from pathlib import Path
import pypistats
from pypistats import _cache, cli

class Day(datetime.date):
    today = classmethod(lambda cls: cls(2026, 9, 21))

cli.dt = types.SimpleNamespace(date=Day, datetime=datetime.datetime)
pypistats.BASE_URL, _cache.CACHE_DIR = sys.argv.pop(1), Path(sys.argv.pop(1))
cli.main()
"""
COMMANDS = (
    "recent NAME",
    "recent NAME --period week --format md",
    "python_minor NAME --last-month",
    "python_minor NAME --last-month --format md",
    "python_major NAME --last-month",
    "python_major NAME --month august",
    "python_major NAME --month aug",
    "python_major NAME --month 2026-08",
    "python_major NAME --start-date july --end-date august",
    "python_major NAME --start-date jul --end-date aug",
    "python_major NAME --start-date 2026-07 --end-date 2026-08",
    "recent .",
    "python_minor NAME --daily --last-month --sort date --version 3.12",
    "overall NAME --monthly",
    "system NAME --this-month --format tsv",
)


@pytest.fixture
def client(site: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The module with our address, its cache in a folder of its own."""
    monkeypatch.setattr(pypistats, "BASE_URL", f"{site.url}/api/")
    monkeypatch.setattr(_cache, "CACHE_DIR", tmp_path)
    return site


def command(site: Running, folder: Path, line: str) -> str:
    """What a command prints."""
    arguments = [f"{site.url}/api/", str(folder), *line.replace("NAME", NAME).split()]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_its_readme_prints_a_table(site: Running, tmp_path: Path, line):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Flask.Form-Kit"\n', "utf-8")

    printed = command(site, tmp_path, line)

    assert "No data found" not in printed
    if "tsv" in line:
        assert printed.startswith("category\t")
    else:
        assert ("|--" in printed or "| :--" in printed) if "md" in line else "│" in printed
    if line == "recent .":
        assert f"{month(NAME):,}" in printed


def test_the_same_month_in_every_spelling_is_the_same_table(site: Running, tmp_path: Path):
    spellings = ("august", "aug", "2026-08")

    tables = {
        command(site, tmp_path, f"python_major NAME --color no --month {spelling}")
        for spelling in spellings
    }

    assert len(tables) == 1


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("recent", {}),
        ("recent", {"period": "day"}),
        ("recent", {"period": "week"}),
        ("recent", {"period": "month"}),
        ("overall", {}),
        ("overall", {"mirrors": True}),
        ("overall", {"mirrors": False}),
        ("python_major", {}),
        ("python_major", {"version": 3}),
        ("python_major", {"version": "3"}),
        ("python_minor", {}),
        ("python_minor", {"version": 3.12}),
        ("python_minor", {"version": "3.12"}),
        ("system", {}),
        ("system", {"os": "darwin"}),
        ("system", {"os": "linux"}),
    ],
)
def test_its_functions_give_tables_in_every_format(client: Running, function, arguments):
    call = getattr(pypistats, function)

    for form, sign in {"pretty": "│", "markdown": "|", "rst": "+-", "html": "<table"}.items():
        assert sign in call(NAME, format=form, color="no", **arguments)
    assert json.loads(call(NAME, format="json", **arguments))["package"] == NAME


def test_a_version_that_nobody_uses_is_no_error(client: Running):
    assert "No data found" in pypistats.python_major(NAME, version=2)


def test_its_frames_and_arrays_have_every_day(client: Running):
    array = pypistats.overall(NAME, total="daily", format="numpy")
    frame = pypistats.overall(NAME, total="daily", format="pandas")

    assert isinstance(array, numpy.ndarray)
    without = frame.groupby("category").get_group("without_mirrors").sort_values("date")
    assert isinstance(without, pandas.DataFrame)
    assert len(without) == DAYS - len(GAP)
    assert without["downloads"].iloc[-1] == of(NAME, LAST)
