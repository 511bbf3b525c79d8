"""Leaderboards, momentum and comparisons of the API; which origins may read them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import requests

from .conftest import Running
from .downloads import GAP, LAST, PACKAGES, of


def ask(site: Running, path: str, **more: object) -> requests.Response:
    return requests.get(f"{site.url}/api/{path}", timeout=30, **more)


def month(package: str) -> int:
    return sum(of(package, LAST - timedelta(days=back)) for back in range(30))


def test_the_most_downloaded_without_those_that_are_flagged(site: Running):
    body = ask(site, "top?limit=5&profile=toys").json()

    expected = sorted((name for name in PACKAGES if name != "flask-page03"), key=month)[::-1][:3]
    assert [row["package"] for row in body["data"]][:3] == expected
    assert body["data"][0] == {"rank": 1, "package": expected[0], "downloads": month(expected[0])}
    assert body["meta"]["data_through"] == LAST.isoformat()
    assert body["meta"]["start"] == (LAST - timedelta(days=29)).isoformat()
    assert body["meta"]["complete"]


def test_the_whole_registry_has_the_same_order_here(site: Running):
    assert (
        ask(site, "top?limit=3").json()["data"]
        == ask(site, "top?limit=3&profile=toys").json()["data"]
    )


def test_risers_come_with_both_periods(site: Running):
    body = ask(site, "momentum?profile=toys&period=week").json()

    row = body["data"][0]
    assert row["current"] > row["previous"] > 0
    assert row["growth"] == pytest.approx(row["current"] / row["previous"] - 1)
    assert 0 < 2 ** row["momentum"] - 1 <= row["growth"]
    assert body["meta"]["days_compared"] == 7


@pytest.mark.parametrize(
    "names", ["name=flask-form-kit&name=Flask_Vulnerable", "name=flask-form-kit,flask-vulnerable"]
)
def test_a_comparison_has_a_column_a_package_and_null_for_what_is_unknown(site: Running, names):
    body = ask(site, f"compare?{names}&start=2026-07-30&end=2026-08-04").json()

    assert body["meta"]["packages"] == ["flask-form-kit", "flask-vulnerable"]
    by_day = {row["date"]: row for row in body["data"]}
    assert len(by_day) == 6
    gap = by_day[GAP[0].isoformat()]
    assert (gap["flask-form-kit"], gap["flask-vulnerable"]) == (None, None)
    day = LAST.replace(month=7, day=30)
    assert by_day["2026-07-30"]["flask-vulnerable"] == of("flask-vulnerable", day)


def test_a_comparison_as_a_table(site: Running):
    text = ask(site, "compare.csv?name=flask-form-kit&start=2026-07-31&end=2026-08-01").text

    head, _, gap = csv.reader(io.StringIO(text))
    assert (head, gap) == (["date", "flask-form-kit"], ["2026-08-01", ""])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("top?period=year", 422),
        ("top?limit=0", 422),
        ("top?profile=none", 400),
        ("compare", 422),
        ("compare?name=", 400),
        ("compare?name=nothing-here", 404),
        ("compare?name=a&start=2026-09-02&end=2026-09-01", 400),
        ("compare?" + "&".join(f"name=a{i}" for i in range(21)), 400),
    ],
)
def test_odd_questions(site: Running, path, status):
    answer = ask(site, path)

    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_scripts_of_other_sites_may_read_and_see_limits(site: Running):
    origin = {"Origin": "https://dashboard.example"}

    for path in ("top", "top", "packages/nothing-here/recent"):
        headers = ask(site, path, headers=origin).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "RateLimit-Remaining" in headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in headers
    page = site.get("/profiles", headers=origin).headers
    assert "Access-Control-Allow-Origin" not in page


def test_a_preflight_is_answered(site: Running):
    asked = {
        "Origin": "https://dashboard.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "accept",
    }

    answer = requests.options(f"{site.url}/api/top", headers=asked, timeout=10)

    assert answer.status_code == 200
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
