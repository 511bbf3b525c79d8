"""Keys: what they allow, how long, and that a scoped key cannot be widened."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import pytest

from .running import Running

PATH = "/collections/secret_docs/documents/search"


@pytest.fixture(scope="module")
def parent(server: Running) -> Iterator[str]:
    """A search-only key over documents of two owners."""
    server.create(
        "secret_docs",
        {"name": "owner", "type": "string", "facet": True},
        {"name": "n", "type": "int32"},
    )
    lines = [json.dumps({"owner": "ann" if n < 4 else "bob", "n": n}) for n in range(10)]
    server.load("secret_docs", "\n".join(lines).encode())
    made = make_key(server)
    yield made["value"]
    server.ask("DELETE", f"/keys/{made['id']}")


def make_key(server: Running, **more: object) -> dict[str, object]:
    body = {"description": "d", "actions": ["documents:search"], "collections": ["secret_.*"]}
    made = server.ask("POST", "/keys", json=body | more)
    assert made.status_code == 201, made.text
    return made.json()


def scoped(parent: str, **params: object) -> str:
    body = json.dumps(params)
    digest = hmac.new(parent.encode(), body.encode(), hashlib.sha256).digest()
    return base64.b64encode(base64.b64encode(digest) + f"{parent[:4]}{body}".encode()).decode()


@pytest.mark.parametrize(
    "given",
    [
        {"filter_by": "owner:=bob"},
        {"filter_by": "owner:=ann || owner:=bob"},
        {"filter_by": "owner:=ann) || (owner:=bob"},
        {"filter_by": "n:>=0 || n:<0"},
        {"filter_by": "`"},
        {"preset": '{"filter_by": "owner:=bob"}'},
        {"group_by": "owner", "group_limit": "99"},
        {"facet_by": "owner"},
        {},
    ],
)
def test_no_parameter_reaches_beyond_the_embedded_filter(
    server: Running, parent: str, given: dict[str, str]
):
    key = scoped(parent, filter_by="owner:=ann")

    answer = server.ask("GET", PATH, key=key, params={"q": "*", **given})

    assert '"bob"' not in answer.text
    if answer.status_code == 200:
        assert answer.json().get("found_docs", answer.json()["found"]) <= 4
    else:
        assert answer.status_code == 400


def test_embedded_parameters_cannot_be_overridden(server: Running, parent: str):
    key = scoped(parent, filter_by="owner:=ann", per_page=2, exclude_fields="n")

    answer = server.ask(
        "GET", PATH, key=key, params={"q": "*", "per_page": 50, "exclude_fields": ""}
    )
    by_post = server.ask(
        "POST",
        "/multi_search",
        key=key,
        json={"searches": [{"collection": "secret_docs", "q": "*", "per_page": 50}]},
    )

    for found in (answer.json(), by_post.json()["results"][0]):
        assert found["found"] == 4
        assert [set(hit["document"]) for hit in found["hits"]] == [{"id", "owner"}] * 2


def test_a_scoped_key_only_searches(server: Running, parent: str):
    key = scoped(parent, filter_by="owner:=ann")

    for method, path in (
        ("GET", "/collections/secret_docs"),
        ("GET", "/collections/secret_docs/documents/0"),
        ("GET", "/collections/secret_docs/documents/export"),
        ("DELETE", "/collections/secret_docs/documents?truncate=true"),
    ):
        assert server.ask(method, path, key=key).status_code == 401


def test_a_scoped_key_of_a_mightier_parent_is_refused(server: Running):
    made = make_key(server, actions=["documents:search", "documents:get"])
    key = scoped(str(made["value"]), filter_by="owner:=ann")

    assert server.ask("GET", PATH, key=key, params={"q": "*"}).status_code == 401
    server.ask("DELETE", f"/keys/{made['id']}")


@pytest.mark.parametrize("broken", ["", "x" * 60, "A" * 64, "{}", "Zm9v" * 30, "ü"])
def test_garbage_is_no_key(server: Running, parent: str, broken: str):
    params = {"q": "*", "x-typesense-api-key": broken}

    assert server.ask("GET", PATH, key=None, params=params).status_code == 401


def test_a_key_ends_when_it_said(server: Running, parent: str):
    made = make_key(server, expires_at=int(time.time()) + 1, autodelete=True)

    first = server.ask("GET", PATH, key=made["value"], params={"q": "*"})
    time.sleep(2.1)
    later = server.ask("GET", PATH, key=made["value"], params={"q": "*"})
    gone = server.ask("GET", f"/keys/{made['id']}")

    assert (first.status_code, later.status_code, gone.status_code) == (200, 401, 404)


def test_names_of_collections_are_whole_patterns(server: Running, parent: str):
    made = make_key(server, collections=["secret"])

    assert server.ask("GET", PATH, key=made["value"], params={"q": "*"}).status_code == 401
    server.ask("DELETE", f"/keys/{made['id']}")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"actions": "x"}, "Wrong format for `actions`. It should be an array of string."),
        ({"collections": []}, "Wrong format for `collections`. It should be an array of string."),
        ({"expires_at": -1}, "Wrong format for `expires_at`. It should be an unsigned integer."),
    ],
)
def test_a_malformed_key_is_refused(server: Running, wrong: dict[str, object], message: str):
    body = {"description": "d", "actions": ["*"], "collections": ["*"]} | wrong

    answer = server.ask("POST", "/keys", json=body)

    assert (answer.status_code, answer.json()) == (400, {"message": message})


def test_each_search_of_many_may_carry_its_own_key(server: Running, parent: str):
    search = {"collection": "secret_docs", "q": "*"}
    narrow = search | {"x-typesense-api-key": scoped(parent, filter_by="owner:=bob")}

    answer = server.ask("POST", "/multi_search", json={"searches": [search, narrow]})

    assert [one["found"] for one in answer.json()["results"]] == [10, 6]
