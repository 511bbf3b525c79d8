"""What every request and answer has in common."""

from __future__ import annotations

import pytest

from .running import KEY, Running


def test_a_page_of_any_origin_may_ask(server: Running):
    headers = {
        "Origin": "https://packages.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-typesense-api-key,content-type",
    }

    preflight = server.ask("OPTIONS", "/multi_search", key=None, headers=headers)
    refused = server.ask("GET", "/collections", key=None, headers=headers)

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "*"
    assert refused.headers["access-control-allow-origin"] == "*"


def test_an_unknown_path_is_not_found(server: Running):
    answer = server.ask("GET", "/nowhere")

    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_health_needs_no_key_and_all_else_does(server: Running):
    assert server.ask("GET", "/health", key=None).json() == {"ok": True}
    for path in ("/debug", "/stats.json", "/metrics.json", "/collections", "/keys", "/presets"):
        assert server.ask("GET", path, key=None).status_code == 401


def test_a_search_that_is_too_long_for_a_query_string_is_sent_on(server: Running):
    params = {"q": "*", "filter_by": "x" * 4000}

    answer = server.ask("GET", "/collections/any/documents/search", params=params)

    assert answer.status_code == 400
    assert "/multi_search" in answer.json()["message"]


@pytest.mark.parametrize("count", ["4294967296", "9" * 30, "-1", "٣", "1.5", ""])
@pytest.mark.parametrize("name", ["page", "offset", "highlight_affix_num_tokens", "num_typos"])
def test_a_count_is_a_number_of_32_bits(server: Running, name: str, count: str):
    server.create("counted", {"name": "t", "type": "string"})
    server.load("counted", b'{"t": "word"}')
    search = {"collection": "counted", "q": "word", "query_by": "t", name: count}

    answer = server.ask("POST", "/multi_search", json={"searches": [search]})

    (result,) = answer.json()["results"]
    if (name, count) == ("num_typos", ""):  # nothing is given for any field
        assert result["found"] == 1
    else:
        assert result["code"] == 400
        assert result["error"] == f"Parameter `{name}` must be an unsigned integer."


def test_an_export_may_name_as_much_as_it_likes(server: Running):
    server.create("long", {"name": "n", "type": "int32"})
    params = {"filter_by": f"id:=[{','.join(f'`{n}`' for n in range(1000))}]"}

    answer = server.ask("GET", "/collections/long/documents/export", params=params)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/analytics/rules"),
        ("PUT", "/synonym_sets/one"),
        ("GET", "/conversations/models"),
        ("POST", "/stemming/dictionaries/import"),
        ("GET", "/nl_search_models"),
    ],
)
def test_what_is_not_here_says_so(server: Running, method: str, path: str):
    answer = server.ask(method, path)

    assert answer.status_code == 501
    assert "is not supported by the local search server" in answer.json()["message"]


@pytest.mark.parametrize(
    "params",
    [
        {"vector_query": "v:([0.1])"},
        {"pinned_hits": "1:1"},
        {"hidden_hits": "1"},
        {"filter_by": "$other(n:1)"},
        {"filter_by": "where:(1, 2, 3 km)"},
        {"sort_by": "where(1, 2):asc"},
        {"sort_by": "_rand():asc"},
        {"include_fields": "$other(name)"},
    ],
)
def test_searches_it_cannot_answer_are_refused(server: Running, params: dict[str, str]):
    server.create("plain", {"name": "n", "type": "int32"}, {"name": "where", "type": "geopoint"})

    answer = server.ask("GET", "/collections/plain/documents/search", params={"q": "*"} | params)

    assert answer.status_code == 501, answer.text


@pytest.mark.parametrize(
    "document_id", ["a/b", "a b", "100%", "ünï", "@a/b-1.0", "search", "a?b#c", "+"]
)
def test_odd_ids_are_reached_by_their_encoded_form(server: Running, document_id: str):
    from urllib.parse import quote

    server.create("odd", {"name": "n", "type": "int32"})
    server.ask("POST", "/collections/odd/documents", json={"id": document_id, "n": 1})
    if document_id == "search":  # a fixed word of the path goes before an id
        return
    path = f"/collections/odd/documents/{quote(document_id, safe='')}"

    read = server.ask("GET", path)
    changed = server.ask("PATCH", path, json={"n": 2})
    removed = server.ask("DELETE", path)

    assert read.json() == {"id": document_id, "n": 1}
    assert changed.json() == removed.json() == {"id": document_id, "n": 2}
    assert server.ask("GET", path).status_code == 404


def test_the_key_may_stand_in_the_query(server: Running):
    answer = server.ask("GET", "/collections", key=None, params={"x-typesense-api-key": KEY})

    assert answer.status_code == 200


def test_many_searches_by_post_share_parameters(server: Running):
    server.create("shared", {"name": "n", "type": "int32", "facet": True})
    server.load("shared", b'{"n": 1}\n{"n": 2}\n{"n": 3}')
    searches = [
        {"collection": "shared", "q": "*", "filter_by": "n:>1"},
        {"collection": "shared", "q": "*", "facet_by": "n", "page": 2},
        {"collection": "shared", "q": "*", "sort_by": "nope:asc"},
    ]

    answer = server.ask("POST", "/multi_search?per_page=1", json={"searches": searches}).json()

    first, second, third = answer["results"]
    assert (first["found"], len(first["hits"])) == (2, 1)
    assert (second["page"], len(second["hits"])) == (2, 1)
    assert third["code"] == 404


def test_stats_count_what_was_asked(server: Running):
    server.search("shared", q="*")

    stats = server.get("/stats.json")

    assert stats["search_requests_per_second"] > 0
    assert stats["total_requests_per_second"] >= stats["search_requests_per_second"]
