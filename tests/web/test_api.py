"""What the API tells beyond downloads: packages whole, several at once, search, lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from pyf.aggregator.store import Store, scores
from pyf.aggregator.store.scores import HealthScore
from pyf.aggregator.web.api.search import SearchQuery
from pyf.aggregator.web.search import FACETS, SORTS

from .conftest import Running
from .downloads import LAST, of
from .projects import ADVISORY, BREAKDOWN, HOSTILE
from .test_api_boards import month

NAME = "flask-form-kit"
COMPUTED = datetime(2026, 9, 21, 3, tzinfo=UTC)


def ask(site: Running, path: str, **more: object) -> requests.Response:
    return requests.get(f"{site.url}/api/{path}", timeout=30, **more)


@pytest.fixture
def remarkable(site: Running) -> Iterator[Running]:
    """The site with two projects that rise."""
    store: Store = site.book.store
    found = [
        HealthScore("flask-page01", 51, 1, ("rising",), downloads=1001, trend=0.7, stars=3),
        HealthScore("flask-page02", 52, 1, ("rising",), trend=0.9, uploaded=COMPUTED),
    ]
    scores.put_scores(store, site.collection, found, COMPUTED)
    yield site
    store.command("TRUNCATE TABLE scores")


def test_a_package_comes_with_everything_that_is_known_of_it(site: Running):
    body = ask(site, f"packages/{NAME}").json()

    assert (body["package"], body["name"], body["profiles"]) == (NAME, "Flask.Form-Kit", ["toys"])
    assert body["facts"]["github_stars"] == 1200
    assert body["facts"]["requires_dist"] == ["Flask>=3.0", "click ; extra == 'cli'"]
    assert "description" not in body["facts"]
    assert (body["health"]["score"], body["health"]["breakdown"]) == (83, BREAKDOWN)
    assert body["health"]["calculated"].startswith("2026-09-21")
    assert [release["version"] for release in body["releases"]][:2] == ["2.0", "1.13"]
    assert body["downloads"]["last_month"] == month(NAME)
    assert body["downloads"]["shares"]["system"][0]["category"] == "Linux"
    assert body["meta"]["data_through"] == LAST.isoformat()
    assert body["missing"] == []
    for address in body["links"].values():
        assert site.get(address).status_code == 200


def test_advisories_are_told_and_unknown_ones_are_null(site: Running):
    assert ask(site, "packages/flask-vulnerable").json()["advisories"] == [ADVISORY]
    assert ask(site, f"packages/{NAME}").json()["advisories"] is None


@pytest.mark.parametrize("spelling", ["Flask.Form-Kit", "flask_form_kit"])
def test_a_package_is_known_in_every_spelling(site: Running, spelling):
    assert ask(site, f"packages/{spelling}").json() == ask(site, f"packages/{NAME}").json()


def test_a_name_may_end_like_a_format(site: Running):
    for name in ("nothing.csv", "nothing.json"):
        answer = ask(site, f"packages/{name}")
        assert answer.status_code == 404
        assert name.replace(".", "-") in answer.json()["detail"]
    assert ask(site, f"packages/{NAME}", headers={"Accept": "text/csv"}).text.startswith("package,")


def test_the_whole_registry_has_downloads_and_no_facts(site: Running):
    body = ask(site, "packages/__all__").json()

    assert body["facts"] is None
    assert body["downloads"]["last_day"] > of(NAME, LAST)


def test_several_packages_are_counted_at_once(site: Running):
    body = ask(site, "recent?name=Flask.Form-Kit&name=nothing-here,flask-vulnerable").json()

    assert [row["package"] for row in body["data"]] == [NAME, "flask-vulnerable"]
    assert body["meta"]["unknown"] == ["nothing-here"]
    for row in body["data"]:
        alone = ask(site, f"packages/{row['package']}/recent").json()["data"]
        assert {key: row[key] for key in alone} == alone
    table = ask(site, f"recent.csv?name={NAME}").text
    assert next(csv.DictReader(io.StringIO(table)))["last_month"] == str(month(NAME))


def test_200_names_are_taken_and_no_more(site: Running):
    names = [f"name={NAME}", *(f"name=unknown{number}" for number in range(199))]

    body = ask(site, f"recent?{'&'.join(names)}").json()

    assert (len(body["data"]), len(body["meta"]["unknown"])) == (1, 199)
    assert ask(site, f"recent?{'&'.join([*names, 'name=b'])}").status_code == 422
    joined = ",".join(f"unknown{number}" for number in range(201))
    assert ask(site, f"recent?name={joined}").status_code == 400


def test_search_finds_what_the_page_finds(site: Running):
    body = ask(site, "search?q=forms").json()

    assert body["data"][0]["name"] == "Flask.Form-Kit"
    assert body["data"][0]["download_last_month"] == 90_000
    assert body["data"][0]["highlight"]["summary"].startswith("<mark>Forms</mark>")
    assert body["meta"]["profile"] == "toys"
    assert {facet.name for facet in FACETS} == body["facets"].keys()


def test_search_is_narrowed_sorted_and_counted(site: Running):
    body = ask(site, "search?license=BSD-3-Clause&health=fair&sort=name").json()

    names = [row["name"] for row in body["data"]]
    assert names == sorted(names)
    assert {row["license"] for row in body["data"]} == {"BSD-3-Clause"}
    chosen = [value for value in body["facets"]["license"] if value["chosen"]]
    assert [(value["value"], value["count"]) for value in chosen] == [
        ("BSD-3-Clause", body["meta"]["found"])
    ]


def test_pages_lead_from_the_first_to_the_last_and_have_every_project_once(site: Running):
    seen: list[str] = []
    address = "/api/search?sort=name&old=1"
    while address:
        answer = requests.get(site.url + address, timeout=30)
        body = answer.json()
        seen += [row["name_normalized"] for row in body["data"]]
        assert answer.links.get("next", {}).get("url") == body["links"].get("next")
        address = body["links"].get("next")

    assert len(seen) == len(set(seen)) == body["meta"]["found"] > body["meta"]["per_page"]
    assert body["meta"]["page"] == body["meta"]["pages"]
    assert "prev" in body["links"]


def test_highlights_are_escaped(site: Running):
    row = ask(site, "search?q=flask-hostile").json()["data"][0]

    assert row["summary"] == HOSTILE
    assert "<script" not in row["highlight"]["summary"]


def test_every_facet_and_order_of_the_page_is_a_parameter():
    fields = SearchQuery.model_fields

    assert {facet.name for facet in FACETS} <= fields.keys()
    assert set(SORTS) | {""} == set(fields["sort"].annotation.__args__)


def test_profiles_say_which_are_followed(site: Running):
    rows = {row["key"]: row for row in ask(site, "profiles").json()["data"]}

    assert (rows["toys"]["followed"], rows["toys"]["name"]) == (True, "Toys")
    assert rows["toys"]["releases"] > 30
    assert (rows["plone"]["followed"], rows["plone"]["releases"]) == (False, None)


def test_insights_come_in_their_order_with_the_moment_they_were_computed(remarkable: Running):
    body = ask(remarkable, "insights/rising?profile=toys").json()

    assert [(row["place"], row["package"]) for row in body["data"]] == [
        (1, "flask-page02"),
        (2, "flask-page01"),
    ]
    assert (body["data"][0]["last_month"], body["data"][1]["last_month"]) == (None, 1001)
    assert (body["data"][0]["last_release"], body["data"][1]["last_release"]) == (
        "2026-09-21",
        None,
    )
    assert body["meta"]["calculated"] == COMPUTED.isoformat()
    assert ask(remarkable, "insights/hidden-gem").json()["data"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("packages/nothing-here", 404),
        ("packages/-x-", 404),
        ("recent", 422),
        ("recent?name=", 400),
        ("recent?name=__all__", 400),
        ("recent?name=nothing-here", 404),
        ("recent?name=a%00b", 404),
        ("insights/loudest", 422),
        ("insights/rising?profile=none", 400),
        ("insights/rising?limit=501", 422),
        ("search?page=0", 422),
        ("search?page=501", 422),
        ("search?sort=loudest", 422),
        ("search?profile=plone", 404),
        ("search?health=great", 422),
        ("search?license=%60", 400),
        ("search?q=" + "x" * 501, 422),
        ("nothing", 404),
    ],
)
def test_odd_questions_have_one_clear_answer(site: Running, path, status):
    answer = ask(site, path)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["top", "packages/flask", "search", "recent"])
def test_the_api_is_only_read(site: Running, method, path):
    answer = requests.request(method, f"{site.url}/api/{path}", timeout=30)

    assert answer.status_code in (403, 405)
    assert answer.json()["status"] == answer.status_code


def test_an_answer_without_a_body_has_the_same_headers(site: Running):
    address = f"{site.url}/api/packages/{NAME}/overall"

    whole, head = requests.get(address, timeout=30), requests.head(address, timeout=30)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Data-Through"] == LAST.isoformat()
