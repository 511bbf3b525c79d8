"""A search-only key searches its collection and does nothing else, whatever route is tried."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.api_keys import SEARCH
from pyf.aggregator.embedded.search.app import ROUTES
from pyf.aggregator.embedded.search.routing import Route
from pyf.aggregator.index.scoped_keys import scoped_key

from .running import Running

OWN, OTHER, ALIAS = "access_own", "access_other", "access_alias"
REFUSED = "Forbidden - a valid `x-typesense-api-key` header must be sent."
OWNERS = ("ann", "bob")
GUARDED = [route for route in ROUTES if route.action not in ("", SEARCH)]
FILTER = "owner:=ann"


@dataclass(frozen=True)
class Guarded:
    """The server, a search-only key of one of its collections, and a key scoped to one owner."""

    server: Running
    key: str
    scoped: str

    def search(self, key: str, name: str = OWN, **params: str) -> tuple[int, str]:
        """Status and text of a search."""
        path = f"/collections/{name}/documents/search"
        answer = self.server.ask("GET", path, key=key, params={"q": "*", **params})
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def guarded(server: Running) -> Iterator[Guarded]:
    for name in (OWN, OTHER):
        server.create(
            name,
            {"name": "owner", "type": "string", "facet": True},
            {"name": "text", "type": "string"},
            {"name": "n", "type": "int32"},
        )
        documents = [
            {"id": f"{o}-{n}", "owner": o, "text": "word", "n": n} for o in OWNERS for n in (1, 2)
        ]
        server.load(name, "\n".join(map(json.dumps, documents)).encode())
    server.ask("PUT", f"/aliases/{ALIAS}", json={"collection_name": OWN})
    body = {"description": "d", "actions": [SEARCH], "collections": [OWN]}
    made = server.ask("POST", "/keys", json=body).json()
    yield Guarded(server, made["value"], scoped_key(made["value"], {"filter_by": FILTER}))
    server.ask("DELETE", f"/keys/{made['id']}")
    server.ask("DELETE", f"/aliases/{ALIAS}")


def path_of(route: Route) -> str:
    values = {"collection": OWN, "id": "ann-1", "alias": ALIAS, "name": "x"}
    parts = (
        values.get(part[1:], "1") if part.startswith(":") else part
        for part in route.path.split("/")
    )
    return "/".join(parts)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("kind", ["key", "scoped"])
def test_nothing_but_searches_is_allowed(guarded: Guarded, route: Route, kind: str):
    before = guarded.server.ids(OWN, q="*")

    answer = guarded.server.ask(
        route.method, path_of(route), key=getattr(guarded, kind), json={"id": "ann-1", "n": 9}
    )

    assert (answer.status_code, answer.json()) == (401, {"message": REFUSED})
    assert guarded.server.ids(OWN, q="*") == before


def test_the_routes_tried_are_those_that_matter():
    tried = {f"{route.method} {route.path}" for route in GUARDED}

    assert tried >= {
        "GET /collections",
        "POST /collections",
        "DELETE /collections/:collection",
        "GET /collections/:collection/documents/export",
        "POST /collections/:collection/documents/import",
        "POST /collections/:collection/documents",
        "DELETE /collections/:collection/documents",
        "GET /aliases",
        "GET /keys",
        "POST /keys",
    }


@pytest.mark.parametrize("name", [OTHER, ALIAS, f"{OWN}2", "access_.*", "*", "nowhere"])
def test_other_collections_are_refused_even_by_another_name(guarded: Guarded, name: str):
    search = {"collection": name, "q": "*"}
    many = {"searches": [{"collection": OWN, "q": "*"}, search]}

    for key in (guarded.key, guarded.scoped):
        answer = guarded.server.ask("POST", "/multi_search", key=key, json=many)
        alone = guarded.search(key, name)
        assert (alone[0], answer.status_code) == (401, 401)
        assert '"owner"' not in alone[1] + answer.text


def test_what_it_may_do_works(guarded: Guarded):
    search = {"collection": OWN, "q": "*"}
    of_another = {**search, "x-typesense-api-key": guarded.scoped}
    answer = guarded.server.ask(
        "POST", "/multi_search", key=guarded.key, json={"searches": [search, of_another]}
    ).json()

    assert [result["found"] for result in answer["results"]] == [4, 2]
    assert json.loads(guarded.search(guarded.key)[1])["found"] == 4


@pytest.mark.parametrize("of", ["GET", "POST"])
@pytest.mark.parametrize("where", ["header", "query"])
def test_the_key_may_be_sent_either_way(guarded: Guarded, of: str, where: str):
    in_query = {"x-typesense-api-key": guarded.key} if where == "query" else {}
    key = guarded.key if where == "header" else None
    body = {"searches": [{"collection": OWN, "q": "*"}]}
    path = f"/collections/{OWN}/documents/search" if of == "GET" else "/multi_search"
    more = (
        {} if of == "GET" else {"data": json.dumps(body), "headers": {"content-type": "text/plain"}}
    )

    answer = guarded.server.ask(of, path, key=key, params={"q": "*", **in_query}, **more)

    assert answer.status_code == 200, answer.text


PIECES = st.sampled_from(
    ["owner", ":", ":=", ":!=", "=", "bob", "ann", "`", "(", ")", " && ", " || ", "n", ">", "<",
     "0", "[", "]", ",", "*", "..", "id", "bob-1", "!", '"', "\\", "'", "#", "\n", "{", "}"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14))
def test_no_filter_widens_that_of_a_scoped_key(guarded: Guarded, pieces: list[str]):
    status, text = guarded.search(guarded.scoped, filter_by="".join(pieces), facet_by="owner")

    assert status in (200, 400, 404, 501), text
    if status == 200:
        answer = json.loads(text)
        assert answer["found"] <= 2
        assert {hit["document"]["owner"] for hit in answer["hits"]} <= {"ann"}
        assert {one["value"] for one in answer["facet_counts"][0]["counts"]} <= {"ann"}


@pytest.mark.parametrize(
    "params",
    [
        {"sort_by": "_eval([(owner:=bob):9]):desc"},
        {"group_by": "owner", "group_limit": "99"},
        {"facet_by": "owner", "facet_query": "owner:b"},
        {"q": "word", "query_by": "text,owner"},
        {"q": "bob", "query_by": "owner"},
        {"q": "bo", "query_by": "owner", "infix": "always", "exhaustive_search": "true"},
        {"q": '"word"', "query_by": "text"},
        {"q": "word -ann", "query_by": "text"},
        {"page": "2", "per_page": "1"},
        {"offset": "2"},
        {"preset": '{"filter_by": "owner:=bob", "q": "*"}'},
        {"limit_hits": "99", "expires_at": "0"},
    ],
)
def test_no_other_parameter_shows_what_the_filter_hides(guarded: Guarded, params: dict[str, str]):
    status, text = guarded.search(guarded.scoped, **params)
    answer = json.loads(text)
    documents = [hit["document"] for hit in answer.get("hits", [])]
    documents += [h["document"] for group in answer.get("grouped_hits", []) for h in group["hits"]]

    assert status == 200 or "bob" not in text
    assert {document["owner"] for document in documents} <= {"ann"}
    assert {
        count["value"] for facet in answer.get("facet_counts", []) for count in facet["counts"]
    } <= {"ann"}


@pytest.mark.parametrize(
    "embedded",
    [
        {},
        {"filter_by": ""},
        {"filter_by": "owner:=ann || owner:=bob"},
        {"expires_at": 99_999_999_999},
    ],
)
def test_a_scoped_key_of_a_scoped_key_is_no_key(guarded: Guarded, embedded: dict[str, object]):
    assert guarded.search(scoped_key(guarded.scoped, embedded))[0] == 401


def test_what_was_signed_cannot_be_changed(guarded: Guarded):
    plain = base64.b64decode(guarded.scoped)
    changed = base64.b64encode(plain.replace(b"ann", b"bob")).decode()
    bare = base64.b64encode(plain[:48]).decode()

    assert plain != base64.b64decode(changed)
    assert [guarded.search(key)[0] for key in (changed, bare)] == [401, 401]
