"""Parts of searching that the recorded answers do not reach."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from .running import Running


@pytest.fixture(scope="module")
def name(server: Running) -> Iterator[str]:
    server.create(
        "features",
        {"name": "title", "type": "string"},
        {"name": "kind", "type": "string", "facet": True, "optional": True},
        {"name": "n", "type": "int32", "facet": True, "optional": True},
        {"name": "x", "type": "float", "facet": True, "optional": True},
        {"name": "flags", "type": "bool[]", "facet": True, "optional": True},
    )
    documents = [
        {"id": "a", "title": "rest api", "kind": "lib", "n": 1, "x": 0.1, "flags": [True]},
        {"id": "b", "title": "rest", "kind": "lib", "n": 5, "x": 2.5, "flags": [True, False]},
        {"id": "c", "title": "api of rest", "kind": "app", "n": 9, "x": -3},
        {"id": "d", "title": "the restful api", "kind": "app"},
        {"id": "e", "title": "rest", "kind": "lib", "n": 5},
        {"id": "f", "title": "other"},
    ]
    server.load("features", "\n".join(map(json.dumps, documents)).encode())
    yield "features"
    server.ask("DELETE", "/collections/features")


def test_buckets_make_near_matches_tie(server: Running, name: str):
    asked = {"q": "rest", "query_by": "title", "num_typos": 0, "prefix": "false"}

    by_match = server.ids(name, **asked, sort_by="_text_match:desc,n:desc")
    in_one = server.ids(name, **asked, sort_by="_text_match(bucket_size: 10):desc,n:desc")
    in_parts = server.ids(name, **asked, sort_by="_text_match(buckets: 2):desc,n:desc")

    assert by_match[:2] == ["e", "b"]
    assert in_one == ["c", "e", "b", "a"]
    assert (set(in_parts[:2]), set(in_parts[2:])) == ({"b", "e"}, {"a", "c"})


def test_the_first_condition_that_holds_gives_its_score(server: Running, name: str):
    sort_by = "_eval([(kind:=app && n:>5):3, (kind:=app):2, (n:5):1]):desc,_seq_id:asc"

    assert server.ids(name, q="*", sort_by=sort_by) == ["c", "d", "b", "e", "a", "f"]


def test_groups_are_ordered_by_their_size(server: Running, name: str):
    found = server.search(name, q="*", group_by="kind", sort_by="_group_found:desc,n:asc")

    assert [(one["group_key"], one["found"]) for one in found["grouped_hits"]] == [
        (["lib"], 3),
        (["app"], 2),
        ([], 1),
    ]


def test_documents_without_a_value_are_grouped_one_by_one_if_asked(server: Running, name: str):
    together = server.search(name, q="*", group_by="n")
    apart = server.search(name, q="*", group_by="n", group_missing_values="false")

    assert (together["found"], apart["found"]) == (4, 5)


def test_ranges_are_open_where_nothing_stands(server: Running, name: str):
    found = server.search(name, q="*", facet_by="x(low:[,0], mid:[0,2.5], high:[2.5,])")

    counts = {one["value"]: one["count"] for one in found["facet_counts"][0]["counts"]}
    assert counts == {"low": 1, "mid": 1, "high": 1}


def test_floats_are_filtered_and_shown_in_single_precision(server: Running, name: str):
    found = server.search(name, q="*", filter_by="x:=0.1", facet_by="x")

    (facet,) = found["facet_counts"]
    assert [hit["document"]["id"] for hit in found["hits"]] == ["a"]
    assert [one["value"] for one in facet["counts"]] == ["0.1"]
    assert facet["stats"]["min"] == pytest.approx(0.1)


def test_lists_of_booleans_are_filtered_and_counted(server: Running, name: str):
    found = server.search(name, q="*", filter_by="flags:=false", facet_by="flags")

    assert found["found"] == 1
    counts = {one["value"]: one["count"] for one in found["facet_counts"][0]["counts"]}
    assert counts == {"true": 1, "false": 1}


def test_facet_values_are_ordered_by_a_field(server: Running, name: str):
    up = server.search(name, q="*", filter_by="n:>0", facet_by="kind(sort_by: n:asc)")
    down = server.search(name, q="*", filter_by="n:>0", facet_by="kind(sort_by: n:desc)")

    assert [one["value"] for one in up["facet_counts"][0]["counts"]] == ["lib", "app"]
    assert [one["value"] for one in down["facet_counts"][0]["counts"]] == ["app", "lib"]


def test_a_facet_query_forgives_a_typo_only_where_nothing_matches(server: Running, name: str):
    exact = server.search(name, q="*", facet_by="kind", facet_query="kind:ap")
    near = server.search(name, q="*", facet_by="n,kind", facet_query="kind:lob")

    assert [one["value"] for one in exact["facet_counts"][0]["counts"]] == ["app"]
    assert near["facet_counts"][1]["counts"] == []


def test_what_excluded_names_of_the_answer_is_left_out(server: Running, name: str):
    found = server.search(name, q="*", exclude_fields="title,out_of,search_time_ms")

    assert {"out_of", "search_time_ms"}.isdisjoint(found)
    assert "title" not in found["hits"][0]["document"]


def test_a_limit_of_hits_cuts_off_pages_behind_it(server: Running, name: str):
    path = f"/collections/{name}/documents/search"

    inside = server.ask("GET", path, params={"q": "*", "per_page": 2, "limit_hits": 4, "page": 2})
    outside = server.ask("GET", path, params={"q": "*", "per_page": 2, "limit_hits": 4, "page": 3})

    assert len(inside.json()["hits"]) == 2
    assert outside.status_code == 422


def test_limit_and_offset_page_without_pages(server: Running, name: str):
    found = server.search(name, q="*", sort_by="_seq_id:asc", offset=2, limit=2)

    assert [hit["document"]["id"] for hit in found["hits"]] == ["c", "d"]


def test_stopwords_are_left_out_of_a_query(server: Running, name: str):
    server.ask("PUT", "/stopwords/small", json={"stopwords": ["the", "of"]})
    asked = {"q": "the other", "query_by": "title", "drop_tokens_threshold": 0}

    without = server.ids(name, **asked)
    with_them = server.ids(name, **asked, stopwords="small")

    assert (without, with_them) == ([], ["f"])
    assert server.get("/stopwords/small")["stopwords"]["stopwords"] == ["the", "of"]


def test_numbers_are_raised_by_an_operation(server: Running, name: str):
    body = {"$operations": {"increment": {"n": 4}}}

    server.ask("PATCH", f"/collections/{name}/documents/a", json=body)
    raised = server.get(f"/collections/{name}/documents/a")
    server.ask("PATCH", f"/collections/{name}/documents/a", json={"n": 1})

    assert raised["n"] == 5
    assert "$operations" not in raised
