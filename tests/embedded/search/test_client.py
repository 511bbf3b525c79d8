"""The official client works against the server, for everything the project uses it for."""

from __future__ import annotations

import pytest
import typesense
from typesense.exceptions import (
    ObjectAlreadyExists,
    ObjectNotFound,
    RequestMalformed,
    RequestUnauthorized,
)

from .running import KEY, Running

SCHEMA = {
    "name": "client_packages",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "classifiers", "type": "string[]", "facet": True},
        {"name": "stars", "type": "int32", "optional": True, "facet": True},
    ],
    "default_sorting_field": "",
}
PACKAGES = [
    {"id": "plone.api", "name": "plone.api", "classifiers": ["Plone", "API"], "stars": 80},
    {"id": "django", "name": "Django", "classifiers": ["Django"], "stars": 79000},
    {"id": "flask", "name": "Flask", "classifiers": ["Flask", "API"]},
]


def client_of(server: Running, key: str = KEY) -> typesense.Client:
    host, port = server.url.removeprefix("http://").split(":")
    nodes = [{"host": host, "port": port, "protocol": "http"}]
    return typesense.Client({"nodes": nodes, "api_key": key, "num_retries": 0})


@pytest.fixture
def client(server: Running):
    made = client_of(server)
    made.collections.create(SCHEMA)
    yield made
    made.collections[SCHEMA["name"]].delete()


def test_documents_come_in_and_are_found(client):
    packages = client.collections["client_packages"].documents

    outcomes = packages.import_(PACKAGES, {"action": "upsert"})
    found = packages.search({"q": "api", "query_by": "name,classifiers", "facet_by": "classifiers"})

    assert [one["success"] for one in outcomes] == [True, True, True]
    assert {hit["document"]["id"] for hit in found["hits"]} == {"plone.api", "flask"}
    counts = {one["value"]: one["count"] for one in found["facet_counts"][0]["counts"]}
    assert counts == {"API": 2, "Plone": 1, "Flask": 1}


def test_one_document_is_written_changed_and_removed(client):
    packages = client.collections["client_packages"].documents
    packages.create(PACKAGES[0])

    with pytest.raises(ObjectAlreadyExists):
        packages.create(PACKAGES[0])
    packages["plone.api"].update({"stars": 81})
    changed = packages["plone.api"].retrieve()
    packages["plone.api"].delete()

    assert changed == PACKAGES[0] | {"stars": 81}
    with pytest.raises(ObjectNotFound):
        packages["plone.api"].retrieve()


def test_documents_are_changed_and_removed_by_filter(client):
    packages = client.collections["client_packages"].documents
    packages.import_(PACKAGES, {"action": "create"})

    updated = packages.update({"stars": 5}, {"filter_by": "classifiers:=API"})
    deleted = packages.delete({"filter_by": "stars:=5"})

    assert updated == {"num_updated": 2}
    assert deleted == {"num_deleted": 2}
    assert (
        packages.export()
        == '{"classifiers":["Django"],"id":"django","name":"Django","stars":79000}'
    )


def test_a_wrong_search_says_what_is_wrong(client):
    with pytest.raises(RequestMalformed, match="Could not find a filter field named `nope`"):
        client.collections["client_packages"].documents.search(
            {"q": "*", "query_by": "name", "filter_by": "nope:1"}
        )


def test_an_alias_moves_from_one_collection_to_the_next(client, server):
    client.aliases.upsert("client_live", {"collection_name": "client_packages"})
    listed = client.aliases.retrieve()["aliases"]
    read = client.collections["client_live"].retrieve()
    client.aliases["client_live"].delete()

    assert {"collection_name": "client_packages", "name": "client_live"} in listed
    assert read["name"] == "client_packages"


def test_keys_are_made_used_and_taken_back(client, server):
    client.collections["client_packages"].documents.import_(PACKAGES, {"action": "create"})
    made = client.keys.create(
        {"description": "search", "actions": ["documents:search"], "collections": ["client_.*"]}
    )
    narrow = client_of(server, made["value"])

    found = narrow.collections["client_packages"].documents.search({"q": "*", "query_by": "name"})
    with pytest.raises(RequestUnauthorized):
        narrow.collections["client_packages"].documents["django"].delete()
    listed = [key for key in client.keys.retrieve()["keys"] if key["id"] == made["id"]]
    client.keys[made["id"]].delete()

    assert found["found"] == 3
    assert listed[0]["value_prefix"] == made["value"][:4]
    assert "value" not in listed[0]
    with pytest.raises(RequestUnauthorized):
        narrow.collections["client_packages"].documents.search({"q": "*", "query_by": "name"})


def test_a_scoped_key_made_by_the_client_narrows_every_search(client, server):
    packages = client.collections["client_packages"].documents
    packages.import_(PACKAGES, {"action": "create"})
    parent = client.keys.create(
        {"description": "search", "actions": ["documents:search"], "collections": ["*"]}
    )
    scoped = client.keys.generate_scoped_search_key(
        parent["value"], {"filter_by": "classifiers:=API"}
    )
    narrow = client_of(server, scoped.decode() if isinstance(scoped, bytes) else scoped)

    found = narrow.multi_search.perform(
        {"searches": [{"collection": "client_packages", "q": "*"}]}, {"query_by": "name"}
    )
    client.keys[parent["id"]].delete()

    assert found["results"][0]["found"] == 2


def test_the_server_tells_about_itself(client):
    assert client.operations.is_healthy() is True
    assert client.debug.retrieve()["state"] == 1
    assert int(client.metrics.retrieve()["typesense_memory_resident_bytes"]) > 0
