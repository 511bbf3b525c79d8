"""Collections whose fields come, go and nest."""

from __future__ import annotations

import json

from .running import Running


def field_types(server: Running, name: str) -> dict[str, str]:
    return {one["name"]: one["type"] for one in server.get(f"/collections/{name}")["fields"]}


def test_a_field_that_is_added_is_searched_in_old_documents(server: Running):
    server.create("grown", {"name": "t", "type": "string"})
    lines = [{"id": str(n), "t": "x", "late": f"word{n % 3}", "size": n} for n in range(30)]
    server.load("grown", "\n".join(map(json.dumps, lines)).encode())
    added = [
        {"name": "late", "type": "string", "optional": True, "facet": True},
        {"name": "size", "type": "int32", "optional": True},
    ]

    answer = server.ask("PATCH", "/collections/grown", json={"fields": added})

    assert answer.status_code == 200
    assert server.search("grown", q="word1", query_by="late", num_typos=0)["found"] == 10
    found = server.search("grown", q="*", filter_by="size:<6", facet_by="late")
    assert found["found"] == 6
    assert [one["count"] for one in found["facet_counts"][0]["counts"]] == [2, 2, 2]


def test_a_field_is_changed_by_dropping_and_adding_it(server: Running):
    server.create("changed", {"name": "version", "type": "string", "facet": True})
    server.load("changed", b'{"id": "a", "version": "4.5"}\n{"id": "b", "version": "45"}')
    assert server.ids("changed", q="*", filter_by="version:=4.5") == ["b", "a"]
    exact = {"name": "version", "type": "string", "facet": True, "symbols_to_index": ["."]}

    body = {"fields": [{"name": "version", "drop": True}, exact]}
    answer = server.ask("PATCH", "/collections/changed", json=body)

    assert answer.status_code == 200
    assert server.ids("changed", q="*", filter_by="version:=4.5") == ["a"]


def test_an_alteration_that_does_not_fit_changes_nothing(server: Running):
    server.create("unfit", {"name": "t", "type": "string"})
    server.load("unfit", b'{"id": "1", "t": "hello", "n": "many"}')
    before = field_types(server, "unfit")

    body = {"fields": [{"name": "n", "type": "int32", "optional": True}]}
    answer = server.ask("PATCH", "/collections/unfit", json=body)

    missing = {"fields": [{"name": "gone", "type": "string"}]}
    unfound = server.ask("PATCH", "/collections/unfit", json=missing)

    assert answer.status_code == 400
    assert answer.json()["message"].endswith("field `n` cannot be coerced into an int32.")
    assert "set it as `optional: true`" in unfound.json()["message"]
    assert field_types(server, "unfit") == before
    assert server.ids("unfit", q="hello", query_by="t") == ["1"]


def test_stored_values_are_coerced_to_an_added_field(server: Running):
    server.create("coerced", {"name": "t", "type": "string"})
    server.load("coerced", b'{"id": "1", "t": "x", "n": "7"}\n{"id": "2", "t": "y"}')

    body = {"fields": [{"name": "n", "type": "int32", "optional": True}]}
    answer = server.ask("PATCH", "/collections/coerced", json=body)

    assert answer.status_code == 200
    assert server.ids("coerced", q="*", filter_by="n:=7") == ["1"]
    assert server.get("/collections/coerced/documents/1")["n"] == 7


def test_metadata_is_kept_and_replaced(server: Running):
    created = server.create("noted", {"name": "t", "type": "string"}, metadata={"state": 1})

    server.ask("PATCH", "/collections/noted", json={"metadata": {"state": 2}})

    assert created["metadata"] == {"state": 1}
    assert server.get("/collections/noted")["metadata"] == {"state": 2}


def test_types_are_guessed_by_the_first_document(server: Running):
    server.create(
        "guessed",
        {"name": "t", "type": "string"},
        {"name": ".*_facet", "type": "string", "facet": True},
        {"name": ".*", "type": "auto"},
    )

    lines = [
        {
            "id": "1",
            "t": "x",
            "color_facet": "red",
            "n": 1,
            "tags": ["a"],
            "empty": [],
            "none": None,
        },
        {"id": "2", "t": "y", "color_facet": "blue", "n": "2", "tags": ["b"]},
    ]
    answers = server.load("guessed", "\n".join(map(json.dumps, lines)).encode())

    types = field_types(server, "guessed")
    assert answers == ['{"success":true}'] * 2
    assert {name: types[name] for name in ("color_facet", "n", "tags")} == {
        "color_facet": "string",
        "n": "int64",
        "tags": "string[]",
    }
    assert "empty" not in types
    assert "none" not in types
    assert server.ids("guessed", q="*", filter_by="n:=2") == ["2"]
    facet = server.search("guessed", q="*", facet_by="color_facet")["facet_counts"][0]
    assert facet["stats"]["total_values"] == 2


def test_fields_of_objects_are_filtered_faceted_and_shown_in_part(server: Running):
    server.create(
        "nested",
        {"name": "info", "type": "object", "facet": True},
        {"name": "people", "type": "object[]", "optional": True},
        enable_nested_fields=True,
    )
    lines = [
        {"id": "1", "info": {"license": "MIT", "size": {"kb": 3}}, "people": [{"n": "ann"}]},
        {"id": "2", "info": {"license": "GPL", "size": {"kb": 9}}},
    ]
    server.load("nested", "\n".join(map(json.dumps, lines)).encode())

    found = server.search(
        "nested",
        q="*",
        filter_by="info.size.kb:>5",
        facet_by="info.license",
        include_fields="info.size",
    )

    assert [hit["document"] for hit in found["hits"]] == [{"info": {"size": {"kb": 9}}}]
    assert found["facet_counts"][0]["counts"][0]["value"] == "GPL"
    assert server.ids("nested", q="ann", query_by="people.n") == ["1"]
    left = server.search("nested", q="*", exclude_fields="info.size,people,id", filter_by="id:1")
    assert left["hits"][0]["document"] == {"info": {"license": "MIT"}}


def test_a_partial_update_of_an_object_keeps_its_other_keys(server: Running):
    server.create("partial", {"name": "urls", "type": "object"}, enable_nested_fields=True)
    server.load("partial", b'{"id": "1", "urls": {"home": "a", "docs": "b"}}')

    server.load("partial", b'{"id": "1", "urls": {"docs": "c"}}', action="update")

    assert server.get("/collections/partial/documents/1")["urls"] == {"home": "a", "docs": "c"}


def test_a_field_that_is_not_stored_is_searched_but_not_shown(server: Running):
    server.create(
        "hidden", {"name": "t", "type": "string"}, {"name": "x", "type": "string", "store": False}
    )
    server.load("hidden", b'{"id": "1", "t": "a", "x": "secret"}')

    found = server.search("hidden", q="secret", query_by="x")

    assert found["hits"][0]["document"] == {"id": "1", "t": "a"}
    assert server.get("/collections/hidden/documents/1") == {"id": "1", "t": "a"}


def test_collections_are_listed_in_pages_and_without_fields(server: Running):
    for number in range(3):
        server.create(f"page{number}", {"name": "t", "type": "string"})

    listed = server.get("/collections", limit=2, offset=1, exclude_fields="fields")

    assert [one["name"] for one in listed] == ["page1", "page0"]
    assert all("fields" not in one for one in listed)


def test_truncating_empties_a_collection_and_keeps_it(server: Running):
    server.create("emptied", {"name": "t", "type": "string", "facet": True})
    server.load("emptied", b'{"id": "1", "t": "a"}\n{"id": "2", "t": "b"}')

    answer = server.ask("DELETE", "/collections/emptied/documents?truncate=true")
    server.load("emptied", b'{"id": "3", "t": "a c"}')

    assert answer.json() == {"num_deleted": 2}
    assert server.ids("emptied", q="a", query_by="t") == ["3"]
    assert server.search("emptied", q="*", facet_by="t")["facet_counts"][0]["counts"] == [
        {"value": "a c", "highlighted": "a c", "count": 1}
    ]
