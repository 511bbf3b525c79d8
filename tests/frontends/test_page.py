"""Every request of docs/frontends.md runs and finds what the page says; its tables are current."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.documents.fields import BY_NAME
from pyf.aggregator.index import search_defaults

from .conftest import Frontend
from .page import PAGE, block, blocks, code, rows, run_javascript, run_shell
from .projects import ODD_AUTHOR, PAGED, latest

pytestmark = pytest.mark.integration


def names(answer: Any) -> list[str]:
    return [hit["document"]["name"] for hit in answer["hits"]]


def counts(answer: Any, field: str) -> dict[str, int]:
    (facet,) = (one for one in answer["facet_counts"] if one["field_name"] == field)
    return {one["value"]: one["count"] for one in facet["counts"]}


def a_search(output: str) -> None:
    answer = json.loads(output)
    first = answer["hits"][0]

    assert names(answer) == ["plone.restapi", "content-notes"]
    assert set(first["document"]) == {"name", "version", "summary", "upload_timestamp"}
    assert first["highlight"]["keywords"]
    assert "<mark>REST</mark>" in answer["hits"][1]["highlight"]["description"]["snippet"]


def name_first(output: str) -> None:
    assert names(json.loads(output)) == ["aws-cdk.aws-sns", "aws-cdk.aws-sns-subscriptions"]


def releases(*output: str) -> None:
    one_project, grouped = map(json.loads, output)
    versions = [hit["document"]["version"] for hit in one_project["hits"]]
    newest = {
        hit["document"]["name"]: hit["document"]["version"]
        for group in grouped["grouped_hits"]
        for hit in group["hits"]
    }

    assert versions == ["2.1.0", "2.0.0", "1.9.0", "3.0.0a1"]
    assert newest == {"plone.api": "2.0.0", "plone.restapi": "8.0", "plone.apidoc": "1.0"}
    assert grouped["found_docs"] == 4


def filters(output: str) -> None:
    assert names(json.loads(output)) == ["Flask-Form_Tools"]


def facets(output: str) -> None:
    answer = json.loads(output)

    assert (answer["found"], answer["hits"]) == (len(latest()), [])
    assert counts(answer, "framework_versions") == {"Plone 6.0": 2, "Plone 5.2": 1}
    assert counts(answer, "keywords") == {"folder": 1, "form": 1, "forms": 1}


def pages(output: str) -> None:
    answer = json.loads(output)

    assert (answer["found"], answer["page"]) == (len(latest()), 2)
    assert names(answer) == sorted(latest(), key=str.lower)[10:20]


def several(output: str) -> None:
    narrowed, counted = json.loads(output)["results"]

    assert set(names(narrowed)) == {"plone.api", "plone.restapi"}
    assert counts(counted, "framework_versions") == {"Plone 6.0": 2, "Plone 5.2": 1}


def keys(scoped: str, preflight: str) -> None:
    status, _, headers = preflight.partition("\n")

    assert set(names(json.loads(scoped))) == {"plone.api", "plone.restapi"}
    assert re.fullmatch(r"HTTP/1.1 20[04].*", status.strip())
    assert "access-control-allow-origin: *" in headers.lower()


INTRODUCTION = "# Search for frontends"
SHELL: dict[str, Callable[..., None]] = {
    "A search": a_search,
    "The project of that name first": name_first,
    "The newest release, or all of them": releases,
    "Filters": filters,
    "Facets": facets,
    "Pages": pages,
    "Several searches in one request": several,
    "Keys, and other origins": keys,
}


@pytest.mark.skipif(
    None in map(shutil.which, ("bash", "curl", "openssl")), reason="curl or openssl is missing"
)
@pytest.mark.parametrize("heading", SHELL)
def test_the_requests_find_what_the_page_says(frontend: Frontend, heading: str):
    scripts = [each.text for each in blocks("shell") if each.heading == heading]
    printed = [run_shell(script, frontend.environment) for script in scripts]

    SHELL[heading](*printed)


def test_no_request_stands_on_the_page_without_being_run():
    run = {
        "shell": {*SHELL, INTRODUCTION},
        "js": {"The project of that name first", "JavaScript", "InstantSearch"},
        "json": {"What is searched"},
    }

    assert {each.language for each in blocks()} == run.keys()
    for language, headings in run.items():
        assert {each.heading for each in blocks(language)} == headings
    assert "curl" not in block(INTRODUCTION, "shell")


def test_the_javascript_client(frontend: Frontend, tmp_path: Path):
    printed: Any = run_javascript(block("JavaScript", "js"), tmp_path, frontend.environment)

    assert printed["all"]["names"][:2] == ["plone.api", "plone.apidoc"]
    assert printed["narrowed"] == {"found": 1, "names": ["plone.apidoc"]}
    assert printed["several"][0][0] == "tensorflow"
    assert printed["several"][1] == ["mypy"]
    assert printed["scoped"] is True


def test_instantsearch(frontend: Frontend, tmp_path: Path):
    printed: Any = run_javascript(block("InstantSearch", "js"), tmp_path, frontend.environment)

    assert printed["names"] == ["aws-cdk.aws-sns", "aws-cdk.aws-sns-subscriptions"]
    assert (printed["found"], printed["pages"]) == (2, 1)
    assert printed["query"] == "aws-cdk.aws-sns"
    assert printed["order"] == frontend.collection
    assert {"label": "Apache-2.0", "count": 2, "isRefined": True} in printed["licenses"]
    assert "<mark>" in printed["marked"][0]


def test_the_javascript_function_gives_what_the_python_one_does(tmp_path: Path):
    queries = [
        "plone.api",
        " Plone__API ",
        "*",
        "",
        "-x-",
        "a`b)|| (c",
        "@plone/volto",
        "ÄB c",
        "1.0",
    ]
    script = (
        'import { nameFirst } from "./name-first.js";\n'
        f"console.log(JSON.stringify({json.dumps(queries)}.map(nameFirst)));\n"
    )

    assert run_javascript(script, tmp_path, {}) == [
        search_defaults.exact_name_first(query) for query in queries
    ]


# What the tables and the blocks repeat.


def test_the_parameters_are_the_defaults():
    assert json.loads(block("What is searched", "json")) == search_defaults.search_parameters()
    given = dict(re.findall(r'--data-urlencode "(\w+)=(.*)"', block("A search", "shell")))
    ours = {key: str(value) for key, value in search_defaults.search_parameters().items()}

    assert given.keys() == {"q", *ours}
    assert [key for key in ours if given[key] != ours[key]] == ["include_fields"]


def test_the_fields_searched_are_the_defaults():
    said = [(code(row[0])[0], int(row[1]), row[2], int(row[3])) for row in rows("What is searched")]

    assert said == [
        (field.name, field.weight, "yes" if field.prefix else "no", field.typos)
        for field in search_defaults.SEARCH_FIELDS
    ]


def test_the_facets_and_orders_are_the_defaults():
    (_, usual), (_, more) = rows("Facets")

    assert (tuple(code(usual)), tuple(code(more))) == (
        search_defaults.FACETS,
        search_defaults.MORE_FACETS,
    )
    assert {
        code(row[0])[0]: code(row[1])[0] for row in rows("Sorting")
    } == search_defaults.SORT_ORDERS


@pytest.mark.parametrize("row", rows("Filters"), ids=lambda row: row[0])
def test_every_filter_finds_some_and_not_all(frontend: Frontend, row: list[str]):
    (expression,) = code(row[1])
    answer = frontend.search(filter_by=expression)

    assert answer["out_of"] >= answer["found"] > 0
    if "registry" not in expression:
        assert answer["found"] < answer["out_of"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("is_latest:true && (yanked:false || version_major:>=2)", len(latest()) - 1),
        ("classifiers:`Plone`", 7),
        ("license:=`gpl-2.0-ONLY`", 4),
    ],
)
def test_filters_are_joined_and_compared_as_the_page_says(
    frontend: Frontend, expression: str, found: int
):
    assert expression.startswith("license") or expression in PAGE
    assert frontend.search(filter_by=expression)["found"] == found


@pytest.mark.parametrize("value", [ODD_AUTHOR, "Doe"])
def test_a_quoted_value_finds_only_what_has_it(frontend: Frontend, value: str):
    hits = frontend.search(filter_by=f"author:=`{value}`")["hits"]

    assert {hit["document"]["author"] for hit in hits} == {value}


@pytest.mark.parametrize("page_size", [7, 10])
def test_the_pages_together_are_all_projects_once(frontend: Frontend, page_size: int):
    seen: list[str] = []
    page = 1
    while found := frontend.search(
        filter_by=search_defaults.LATEST_FILTER,
        sort_by=search_defaults.SORT_ORDERS["name"],
        per_page=page_size,
        page=page,
    )["hits"]:
        seen += [hit["document"]["name"] for hit in found]
        page += 1

    assert sorted(seen) == sorted(latest())
    assert len([name for name in seen if name.startswith("demo.page")]) == PAGED


def test_every_field_named_on_the_page_exists():
    named = set(code(" ".join(" ".join(row) for row in rows("Filters"))))
    fields = {re.match(r"\w+", expression)[0] for expression in named}

    assert fields <= BY_NAME.keys()
    assert all(BY_NAME[field].index for field in fields)
