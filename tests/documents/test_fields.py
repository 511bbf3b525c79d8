"""The field table: what follows from it, and what a search server demands of it."""

from __future__ import annotations

from typing import Any

import pytest

from pyf.aggregator.documents import FIELDS, collection_schema, fingerprint, schema_differences
from pyf.aggregator.documents.field import DocumentField
from pyf.aggregator.documents.schema import find_differences
from pyf.aggregator.documents.schema import fingerprint as fingerprint_of

NUMBERS = {"int32", "int64", "float", "bool"}


def answered(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a server says of a collection made by the schema: defaults filled in."""
    defaults = {"facet": False, "index": True, "infix": False, "optional": False, "store": True}
    fields = [
        {**defaults, "sort": field["type"] in NUMBERS, "locale": "", **field}
        for field in schema["fields"]
    ]
    extra = {"num_documents": 0, "created_at": 0, "symbols_to_index": []}
    return {**schema, **extra, "fields": fields}


def declared(schema: dict[str, Any], name: str) -> dict[str, Any]:
    [field] = [field for field in schema["fields"] if field["name"] == name]
    assert isinstance(field, dict)
    return field


def test_the_schema_declares_every_field_but_the_key() -> None:
    schema: dict[str, Any] = collection_schema("plone-1")
    assert schema["name"] == "plone-1"
    assert schema["default_sorting_field"] == "upload_timestamp"
    assert [field["name"] for field in schema["fields"]] == [
        field.name for field in FIELDS if field.name != "id"
    ]
    assert schema["metadata"] == {"fields_fingerprint": fingerprint()}


def test_names_are_declared_once() -> None:
    names = [field.name for field in FIELDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_is_one_that_a_server_accepts(field: DocumentField) -> None:
    """A server refuses a schema, or later a document, that breaks one of these."""
    assert field.index or (field.optional and not field.facet and not field.sort)
    assert not field.index or not field.type.startswith("object")
    assert not field.symbols or field.type in ("string", "string[]")
    assert field.name != "upload_timestamp" or (field.is_sorted and not field.optional)
    required = field.name in ("id", "identifier", "registry", "version") or "name" in field.name
    assert field.optional or field.zero is not None or required


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_meaning_is_one_sentence(field: DocumentField) -> None:
    assert field.meaning.endswith(".")
    assert len(field.meaning) < 100


def test_versions_keep_their_dots_in_filters() -> None:
    schema = collection_schema("x")
    for name in ("version", "python_versions", "framework_versions", "classifiers", "license"):
        assert "." in declared(schema, name)["symbols_to_index"]
    assert "-" in declared(schema, "name_normalized")["symbols_to_index"]
    assert "symbols_to_index" not in declared(schema, "name")


def test_a_collection_made_by_the_schema_does_not_differ() -> None:
    assert schema_differences(answered(collection_schema("plone-1"))) == []


def test_the_fingerprint_follows_the_schema() -> None:
    field = DocumentField("a", "A.", "string", "release")
    optional = DocumentField("a", "A.", "string", "release", optional=True)
    reworded = DocumentField("a", "Another meaning.", "string", "release")
    assert fingerprint_of([field], "a") != fingerprint_of([optional], "a")
    assert fingerprint_of([field], "a") == fingerprint_of([reworded], "a")
    assert fingerprint_of([field], "a") != fingerprint_of([field], "b")


CHANGES = [
    ("summary", None, ("missing", True)),
    ("home_page", None, ("missing", False)),
    ("serial", {"type": "string"}, ("type", True)),
    ("project_urls", {"type": "object"}, None),
    ("keywords", {"facet": False}, ("flag", True)),
    ("summary", {"facet": True}, ("flag", False)),
    ("name_sortable", {"sort": False}, ("flag", True)),
    ("summary", {"index": False}, ("flag", True)),
    ("name", {"infix": False}, ("flag", False)),
    ("author", {"optional": False}, ("flag", True)),
    ("keywords", {"optional": False}, ("flag", False)),
    ("name", {"optional": True}, ("flag", False)),
    ("version", {"symbols_to_index": []}, ("flag", False)),
]


@pytest.mark.parametrize(("name", "change", "expected"), CHANGES)
def test_a_change_of_the_collection_is_found(
    name: str, change: dict[str, Any] | None, expected: tuple[str, bool] | None
) -> None:
    remote = answered(collection_schema("plone-1"))
    if change is None:
        remote["fields"].remove(declared(remote, name))
    else:
        declared(remote, name).update(change)
    found = schema_differences(remote)
    assert [(d.field, d.kind, d.breaking) for d in found] == (
        [(name, *expected)] if expected else []
    )
    assert all(name in str(d) for d in found)


@pytest.mark.parametrize("optional", [True, False])
def test_a_field_of_others_breaks_only_when_every_document_must_have_it(optional: bool) -> None:
    remote = answered(collection_schema("plone-1"))
    remote["fields"].append({"name": "stars", "type": "int32", "optional": optional})
    [difference] = schema_differences(remote)
    assert (difference.field, difference.kind) == ("stars", "extra")
    assert difference.breaking is not optional


def test_other_separators_and_sorting_are_told() -> None:
    remote = answered(collection_schema("plone-1"))
    remote |= {"token_separators": [], "default_sorting_field": "name_sortable"}
    found = schema_differences(remote)
    assert {d.field for d in found} == {"token_separators", "default_sorting_field"}
    assert not any(d.breaking for d in found)


def test_an_answer_without_fields_lacks_them_all() -> None:
    field = DocumentField("a", "A.", "string", "release")
    kinds = [d.kind for d in find_differences({}, [field], "a")]
    assert kinds.count("missing") == 1
