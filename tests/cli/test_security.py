"""``pyfa security check`` and ``typosquats`` as a user meets them, from files alone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.cli.main import main

from ..shared import SHARED, needs_shared


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    """Run ``pyfa security`` and return its exit status, what it printed, and what it noted."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["security", *arguments])
        except SystemExit as ended:  # wrong use, told by the parser
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def record(id_: str, fixed: str, **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "De.Mo"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
    }
    return {
        "id": id_,
        "affected": [affected],
        "aliases": ["CVE-1"],
        "summary": "Bad\tthing",
        **more,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of records: two of one flaw, one of another, malware, a withdrawn one."""
    vector = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    records = (
        record("GHSA-a", "2.1", severity=[vector]),
        record("PYSEC-1", "2.0"),
        record("PYSEC-2", "1.0", aliases=[]),
        record("MAL-1", "3.0", aliases=[]),
        record("PYSEC-3", "9.0", withdrawn="2024-01-01T00:00:00Z"),
    )
    inner = tmp_path / "vulns" / "demo"
    inner.mkdir(parents=True)
    for each in records:
        (inner / f"{each['id']}.json").write_text(json.dumps(each))
    return tmp_path


def test_check_prints_the_ids_that_match(said, folder: Path) -> None:
    status, out, err = said("check", "de_mo", "1.5", "--advisories", str(folder))
    assert status == 0
    assert [line.split("\t") for line in out.splitlines()] == [
        ["GHSA-a", "critical", "2.1", "CVE-1", "Bad thing"],
        ["MAL-1", "malware", "", "", "Bad thing"],
        ["PYSEC-1", "unknown", "2.1", "CVE-1", "Bad thing"],
    ]
    assert err == ""


def test_check_prints_an_object_a_line(said, folder: Path) -> None:
    status, out, _ = said("check", "DE-MO", "1.5", "--advisories", str(folder), "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert found[0] == {
        "id": "GHSA-a",
        "aliases": ["CVE-1"],
        "severity": "critical",
        "score": 9.8,
        "summary": "Bad\tthing",
        "fixed_in": "2.1",
        "malware": False,
        "listed_as": "PYSEC-1",
    }
    assert [(one["id"], one["malware"], one["listed_as"]) for one in found[1:]] == [
        ("MAL-1", True, None),
        ("PYSEC-1", False, "PYSEC-1"),
    ]


def test_check_of_a_release_without_advisories(said, folder: Path) -> None:
    status, out, err = said("check", "demo", "1.5", "--advisories", str(folder), "--json")
    assert (status, out) == (0, "")
    assert err == "none of 5 records speaks of demo 1.5\n"


def test_check_names_records_that_cannot_be_read(said, folder: Path) -> None:
    (folder / "half.json").write_text('{"id": "PYS')
    (folder / "other.json").write_text('{"name": "no record"}')
    status, out, err = said("check", "de.mo", "2.0.5", "--advisories", str(folder))
    assert status == 4
    assert [line.split("\t")[0] for line in out.splitlines()] == ["GHSA-a", "MAL-1"]
    assert "half.json: it is not JSON" in err
    assert "other.json: it has no id" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "demo", "1.0"), "--advisories"),
        (("check", "demo", "--advisories", "."), "VERSION"),
        (("check", "demo", "1.0", "--advisories", "/nonesuch"), "no folder"),
        (("check", "", "1.0", "--advisories", "."), "it is empty"),
        (("typosquats", "--names", "/nonesuch", "--popular", "p.json"), "No such file"),
        (("typosquats", "--names", "names.txt", "--popular", "/nonesuch"), "No such file"),
        (("typosquats", "--names", "names.txt", "--popular", "names.txt"), "'rows'"),
        (("typosquats", "--names", "names.txt", "--popular", "list.json"), "'rows'"),
        (("typosquats", "--names", "binary", "--popular", "p.json"), "not UTF-8"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("demo\n")
    Path("list.json").write_text("[1, 2]")
    Path("binary").write_bytes(b"\xff\xfe\n")
    Path("p.json").write_text('{"rows": []}')
    status, out, err = said(*arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert words in err


def test_a_folder_without_records_is_wrong_use(said, tmp_path: Path) -> None:
    status, out, err = said("check", "demo", "1.0", "--advisories", str(tmp_path))
    assert (status, out) == (2, "")
    assert err == f"pyfa: {tmp_path} holds no OSV records\n"


@pytest.fixture
def popular(tmp_path: Path) -> str:
    rows = [{"project": "Re-quests", "download_count": 900_000_000}]
    (tmp_path / "popular.json").write_text(json.dumps({"rows": rows}))
    return str(tmp_path / "popular.json")


def test_typosquats_prints_name_model_and_reason(said, tmp_path: Path, popular: str) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Re.Questts\nre-quests\n\nother\r\nRe.Questts\n")
    status, out, err = said("typosquats", "--names", str(names), "--popular", popular)
    why = "a character doubled; re-quests has 900,000,000 downloads a month"
    assert (status, out) == (0, f"Re.Questts\tre-quests\t{why}\n")
    assert err == "1 of 3 names are suspected\n"
    status, out, _ = said("typosquats", "--names", str(names), "--popular", popular, "--json")
    assert json.loads(out) == {"name": "Re.Questts", "resembles": "re-quests", "why": why}


def test_names_may_come_through_a_pipe(said, popular: str, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"reqests\nnothing")))
    status, out, _ = said("typosquats", "--names", "-", "--popular", popular)
    assert status == 0
    assert out.startswith("reqests\tre-quests\t")


@needs_shared
def test_recorded_records_and_names_as_they_are(said, tmp_path: Path) -> None:
    osv = str(SHARED / "corpus" / "osv")
    status, out, _ = said("check", "requess", "0.1", "--advisories", osv, "--json")
    assert (status, json.loads(out)["id"]) == (0, "MAL-2022-7437")
    status, out, _ = said("check", "fastapi", "0.136.3", "--advisories", osv)
    assert (status, out) == (0, "")  # a false alarm, withdrawn
    names = tmp_path / "names.txt"
    names.write_text("requess\nrequests\n")
    listed = str(SHARED / "corpus" / "downloads" / "top-pypi-packages.json")
    status, out, _ = said("typosquats", "--names", str(names), "--popular", listed, "--json")
    assert (json.loads(out)["name"], json.loads(out)["resembles"]) == ("requess", "requests")


@pytest.mark.parametrize("name", ["Dj$ango", "a`b", "a\nb", "../x", "-"])
def test_check_refuses_what_cannot_be_a_name(said, folder: Path, name: str) -> None:
    status, out, err = said("check", "--advisories", str(folder), "--", name, "1.0")

    assert (status, out) == (2, "")
    assert "cannot be the name of a project" in err


def test_check_shows_nothing_that_steers_a_terminal(said, folder: Path) -> None:
    spoiled = record("PYSEC-9", "2.0", summary="red \x1b[31m and \x07 bell", aliases=[])
    (folder / "9.json").write_text(json.dumps(spoiled))

    status, out, err = said("check", "de-mo", "1.5", "--advisories", str(folder))
    _, _, err = said("check", "de-mo", "9\x1b[31m", "--advisories", str(folder))

    assert "red [31m and bell" in out, (status, err)
    assert "\x1b" not in out + err


def test_a_popular_file_without_projects_is_told(said, tmp_path: Path) -> None:
    (tmp_path / "popular.json").write_text('{"rows": []}')
    (tmp_path / "names").write_text("requests\n")

    status, out, err = said(
        *("typosquats", "--names", str(tmp_path / "names")),
        *("--popular", str(tmp_path / "popular.json")),
    )

    assert (status, out) == (2, "")
    assert "names no projects" in err


def test_names_saved_with_a_byte_order_mark_are_names(said, tmp_path: Path) -> None:
    rows = [{"project": "requests", "download_count": 10**9}]
    (tmp_path / "popular.json").write_text(json.dumps({"rows": rows}))
    (tmp_path / "names").write_text("reque5ts\r\n", encoding="utf-8-sig")

    status, out, _ = said(
        *("typosquats", "--json", "--names", str(tmp_path / "names")),
        *("--popular", str(tmp_path / "popular.json")),
    )

    assert status == 0
    assert json.loads(out)["name"] == "reque5ts"
