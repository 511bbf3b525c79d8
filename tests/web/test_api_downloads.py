"""The API's downloads: pypistats.org's shapes, windows and answers, and what goes beyond."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
import requests

from pyf.aggregator.web.api.formats import _cell
from tests.shared import SHARED, needs_shared

from .conftest import Running
from .downloads import GAP, LAST, PYTHONS, days, of

NAME = "flask-form-kit"
CUTS = ("overall", "python_major", "python_minor", "system", "installer", "version")


def ask(site: Running, path: str, **more: object) -> requests.Response:
    return requests.get(f"{site.url}/api/packages/{path}", timeout=30, **more)


def test_recent_sums_the_last_1_7_and_30_days(site: Running):
    answer = ask(site, f"{NAME}/recent")

    windows = {"last_day": 1, "last_week": 7, "last_month": 30}
    sums = {
        key: sum(of(NAME, LAST - timedelta(days=back)) for back in range(length))
        for key, length in windows.items()
    }
    assert answer.json() == {"data": sums, "package": NAME, "type": "recent_downloads"}
    assert answer.headers["Data-Through"] == LAST.isoformat()


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_one_period_has_its_figure_alone(site: Running, period):
    everything = ask(site, f"{NAME}/recent").json()["data"]

    data = ask(site, f"{NAME}/recent?period={period}").json()["data"]

    assert data == {f"last_{period}": everything[f"last_{period}"]}


@pytest.mark.parametrize("spelling", ["Flask.Form-Kit", "flask_form_kit", "FLASK--FORM.KIT"])
@pytest.mark.parametrize("what", ["recent", "overall", "system"])
def test_a_name_is_known_in_every_spelling(site: Running, spelling, what):
    assert ask(site, f"{spelling}/{what}").json() == ask(site, f"{NAME}/{what}").json()


def test_overall_has_both_categories_day_by_day_and_no_row_for_a_gap(site: Running):
    body = ask(site, f"{NAME}/overall").json()

    without = [row for row in body["data"] if row["category"] == "without_mirrors"]
    assert without == [
        {"category": "without_mirrors", "date": day.isoformat(), "downloads": of(NAME, day)}
        for day in days()
    ]
    assert not {day.isoformat() for day in GAP} & {row["date"] for row in body["data"]}
    order = [(row["category"], row["date"]) for row in body["data"]]
    assert order == sorted(order)
    assert body["type"] == "overall_downloads"


@pytest.mark.parametrize(
    ("query", "categories"),
    [
        ("overall?mirrors=true", {"with_mirrors"}),
        ("overall?mirrors=false", {"without_mirrors"}),
        ("python_major?version=3", {"3"}),
        ("python_minor?version=3.12", {"3.12"}),
        ("python_minor?version=null", {"null"}),
        ("python_minor", {name for name, _ in PYTHONS}),
        ("system?os=linux", {"Linux"}),
        ("system?os=OTHER", {"other"}),
        ("system?os=null", {"null"}),
        ("installer?name=uv", {"uv"}),
        ("version?version=2.0", {"2.0"}),
        ("country", set()),
    ],
)
def test_categories(site: Running, query, categories):
    body = ask(site, f"{NAME}/{query}").json()

    assert {row["category"] for row in body["data"]} == categories


def test_a_range_and_its_buckets(site: Running):
    rows = ask(site, f"{NAME}/overall?mirrors=false&start=2026-09-07&end=2026-09-20").json()["data"]
    weeks = ask(
        site, f"{NAME}/overall?mirrors=false&start=2026-09-07&end=2026-09-20&bucket=week"
    ).json()["data"]

    assert [row["date"] for row in rows][:: len(rows) - 1] == ["2026-09-07", "2026-09-20"]
    assert [row["date"] for row in weeks] == ["2026-09-07", "2026-09-14"]
    assert sum(row["downloads"] for row in weeks) == sum(row["downloads"] for row in rows)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing-here/recent", 404),
        ("nothing-here/overall", 404),
        (f"{NAME}/recent?period=year", 404),
        ("nothing-here/system", 200),
        ("nothing-here/python_minor", 200),
        (f"{NAME}/overall?mirrors=maybe", 422),
        (f"{NAME}/overall?start=yesterday", 422),
        (f"{NAME}/overall?start=2026-09-20&end=2026-09-01", 400),
        ("%3Cscript%3E/recent", 404),
        ("x" * 300 + "/recent", 422),
        (f"{NAME}/overal", 404),
    ],
)
def test_what_is_not_there_has_its_status(site: Running, path, status):
    answer = ask(site, path)

    assert answer.status_code == status
    if status == 200:
        assert answer.json()["data"] == []
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_wrong_name_is_answered_with_the_right_one(site: Running):
    assert "Flask.Form-Kit" in ask(site, "flask-form-kitt/recent").json()["detail"]


@pytest.mark.parametrize("cut", CUTS)
def test_the_same_rows_come_as_csv_and_json_lines(site: Running, cut):
    rows = ask(site, f"{NAME}/{cut}").json()["data"]

    table = ask(site, f"{NAME}/{cut}.csv")
    lines = ask(site, f"{NAME}/{cut}", headers={"Accept": "application/jsonl"})

    read = list(csv.DictReader(io.StringIO(table.text)))
    assert [{**row, "downloads": int(row["downloads"])} for row in read] == rows
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    assert ask(site, f"{NAME}/{cut}.json").json()["data"] == rows


def test_a_spreadsheet_takes_no_cell_for_a_formula():
    assert _cell("=HYPERLINK(1)").startswith("'")
    assert _cell(-5) == "-5"


def test_an_answer_is_good_until_the_next_load(site: Running):
    first = ask(site, f"{NAME}/overall")
    again = ask(site, f"{NAME}/overall", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert "public" in first.headers["Cache-Control"]
    assert "Pyf-Keep" not in first.headers
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert ask(site, f"{NAME}/overall", headers=since).status_code == 304


def test_a_new_load_is_shown_within_seconds_and_the_whole_at_once(site: Running):
    before = ask(site, "flask-page03/overall?mirrors=false").json()["data"]
    day = LAST - timedelta(days=3)
    site.book.publish(day, [*site.book_rows(day, "flask-page03", 777)])

    site.wait_for_load()
    after = ask(site, "flask-page03/overall?mirrors=false").json()["data"]

    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [{"category": "without_mirrors", "date": day.isoformat(), "downloads": 777}]


@needs_shared
@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("recent-flask.json", "recent"),
        ("hugovk-pip-overall_downloads-1.json", "overall"),
        ("hugovk-pip-python_minor_downloads-8.json", "python_minor"),
        ("system-llm.json", "system"),
    ],
)
def test_shapes_are_those_of_recorded_answers(site: Running, file, path):
    recorded = json.loads((SHARED / "corpus/downloads/pypistats" / file).read_text("utf-8"))

    ours = ask(site, f"{NAME}/{path}").json()

    assert list(ours) == list(recorded)
    assert ours["type"] == recorded["type"]
    shape = recorded["data"][0] if path != "recent" else recorded["data"]
    mine = ours["data"][0] if path != "recent" else ours["data"]
    assert {key: type(value) for key, value in mine.items()} == {
        key: type(value) for key, value in shape.items()
    }
    assert list(mine) == list(shape)
