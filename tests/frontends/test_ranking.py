"""The defaults find the project of that name first, then what begins so, then the rest."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.documents import ProjectFacts, build_document
from pyf.aggregator.documents.fields import BY_NAME
from pyf.aggregator.index import SearchServer, search_defaults
from tests import stack
from tests.shared import SHARED, needs_shared

from .conftest import Frontend, fill

pytestmark = pytest.mark.integration


def ranked(frontend: Frontend, query: str) -> list[str]:
    return frontend.names(
        **{
            **search_defaults.search_parameters(),
            "q": query,
            "sort_by": search_defaults.exact_name_first(query),
        }
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tensorflow", ["tensorflow", "tensorflow-text", "tensorflow1", "notes-on-tensors"]),
        ("mypy", ["mypy", "mypy1989", "types-mypy"]),
        ("ansi", ["ansi", "ansible", "strip-ansi"]),
        ("aws-cdk.aws-sns", ["aws-cdk.aws-sns", "aws-cdk.aws-sns-subscriptions"]),
    ],
)
def test_the_name_then_its_beginning_then_the_rest(
    frontend: Frontend, query: str, expected: list[str]
):
    assert ranked(frontend, query) == expected


@pytest.mark.parametrize("query", ["plone.api", "Plone_API", "plone-api", " plone api "])
def test_all_spellings_of_a_name_are_one_query(frontend: Frontend, query: str):
    found = ranked(frontend, query)

    assert found[:2] == ["plone.api", "plone.apidoc"]
    assert set(found[2:]) == {"collective.plone.api", "plone.restapi", "content-notes"}
    assert found[-1] == "content-notes"


def test_without_a_sort_order_of_its_own_the_exact_name_is_first_as_well(frontend: Frontend):
    for query in ("tensorflow", "mypy", "ansi", "plone.api", "ansible"):
        assert frontend.names(**search_defaults.search_parameters(), **{"q": query})[0] == query


def test_a_word_of_the_name_beats_the_same_word_elsewhere(frontend: Frontend):
    found = frontend.names(**search_defaults.search_parameters(), q="tensorflow")

    assert found.index("tensorflow-text") < found.index("notes-on-tensors")


@pytest.mark.parametrize(
    ("query", "meant"),
    [("djangorestframwork", "djangorestframework"), ("tensrflow", "tensorflow")],
)
def test_wrong_letters_are_forgiven(frontend: Frontend, query: str, meant: str):
    assert meant in ranked(frontend, query)[:2]


def test_what_stands_inside_a_word_is_found_where_nothing_else_is(frontend: Frontend):
    assert ranked(frontend, "restframework") == ["djangorestframework"]


def test_a_beginning_lists_all_that_begin_so(frontend: Frontend):
    assert len(ranked(frontend, "demo.pa")) == 23


@pytest.mark.parametrize("query", ["", " ", "*", "...", "(`)", "日本"])
def test_what_is_no_name_is_sorted_by_relevance(frontend: Frontend, query: str):
    assert search_defaults.exact_name_first(query) == search_defaults.SORT_ORDERS["relevance"]


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("ab-_.:=`()[]{}&|,*!/@")))
def test_no_query_gets_out_of_the_expression(query: str):
    expression = search_defaults.exact_name_first(query)
    if expression == search_defaults.SORT_ORDERS["relevance"]:
        return
    pattern = (
        r"_eval\(\[\(name_normalized:=([a-z0-9@/-]+)\):2,\(name_normalized:=\1\*\):1\]\):desc,"
        + re.escape(search_defaults.SORT_ORDERS["relevance"])
    )

    assert re.fullmatch(pattern, expression)


@pytest.mark.parametrize("query", ["a*b", "@plone/volto", "-x-", "a:=b", "a && b", "it's"])
def test_the_server_takes_every_expression(frontend: Frontend, query: str):
    ranked(frontend, query)


def test_the_defaults_name_fields_as_they_are_declared():
    searched = {field.name for field in search_defaults.SEARCH_FIELDS}
    assert all(BY_NAME[name].type in ("string", "string[]") for name in searched)
    assert all(
        BY_NAME[field.name].infix for field in search_defaults.SEARCH_FIELDS if field.infix != "off"
    )
    assert all(
        BY_NAME[name].facet for name in (*search_defaults.FACETS, *search_defaults.MORE_FACETS)
    )
    assert set(search_defaults.LIST_FIELDS) <= BY_NAME.keys()
    for order in search_defaults.SORT_ORDERS.values():
        names = [re.split(r"[:(]", part)[0] for part in order.split(",")]
        assert all(name == "_text_match" or BY_NAME[name].is_sorted for name in names)
    weights = [field.weight for field in search_defaults.SEARCH_FIELDS]
    assert weights == sorted(weights, reverse=True)


def test_facets_come_with_the_list(frontend: Frontend):
    answer = frontend.search(
        **search_defaults.search_parameters(), **search_defaults.facet_parameters()
    )

    assert [facet["field_name"] for facet in answer["facet_counts"]] == list(search_defaults.FACETS)
    assert {key for hit in answer["hits"] for key in hit["document"]} <= set(
        search_defaults.LIST_FIELDS
    )


def recorded() -> Iterator[dict[str, Any]]:
    """One document for each recorded project, and for each name of the most downloaded ones."""
    seen = set()
    corpus = SHARED / "corpus"
    top = json.loads((corpus / "downloads/top-pypi-packages.json").read_text("utf-8"))["rows"]
    infos = [
        *(json.loads(path.read_text("utf-8"))["info"] for path in corpus.glob("pypi/json/*.json")),
        *({"name": row["project"], "version": "1"} for row in top[:6000]),
    ]
    for info in infos:
        facts = ProjectFacts(serial=1, latest_version=info["version"], status="active")
        document = build_document(info, [], facts).document
        if document["name_normalized"] not in seen:
            seen.add(document["name_normalized"])
            yield document


@needs_shared
def test_real_names_come_first_among_longer_ones(search: SearchServer):
    found = list(recorded())
    frontend = fill(search, found)
    spelled = {document["name_normalized"]: document["name"] for document in found}
    keys = sorted(spelled)
    short = [one for one, other in itertools.pairwise(keys) if other.startswith(one)]
    repeating = [key for key in keys if len(set(key.split("-"))) < key.count("-") + 1]
    asked = [*short[:: max(1, len(short) // 150)], *repeating]

    missed = {}
    for key in asked:
        first = [name for name in ranked(frontend, spelled[key])[:1] if name == spelled[key]]
        missed |= {} if first else {key: first}
    stack.remove_collections(search, frontend.collection)

    assert len(asked) > 150
    assert missed == {}
