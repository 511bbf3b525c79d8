"""What differs between a collection and the field table, and whether it can be mended in place."""

from __future__ import annotations

from typing import Any

import pytest

from pyf.aggregator.documents import collection_schema
from pyf.aggregator.errors import NotFound
from pyf.aggregator.index import SearchServer, collections, schema_check

from .making import documents, fill, make

pytestmark = pytest.mark.integration


def fields(**changed: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The declared fields, some of them changed, ``None`` for left out."""
    declared: Any = collection_schema("x")["fields"]
    return [
        {**field, **(changed.get(field["name"]) or {})}
        for field in declared
        if changed.get(field["name"], {}) is not None
    ]


def test_a_new_collection_fits(search: SearchServer, name: str) -> None:
    collections.ensure(search, name)

    found = schema_check.check_schema(search, name)

    assert (found.collection, found.fits, found.alteration) == (f"{name}-1", True, ())
    assert not found.breaking
    assert not found.needs_recreation


def test_what_can_be_altered_in_place_fits_after_the_alteration(
    search: SearchServer, name: str
) -> None:
    changed = {"status": None, "author": {"facet": False}, "python_versions": {"facet": False}}
    extra = {"name": "stray", "type": "string", "optional": False}
    make(search, name, fields=[*fields(**changed), extra])
    fill(search, name, 20, stray="x")

    found = schema_check.check_schema(search, name)

    assert {one.difference.field for one in found.findings} == {*changed, "stray"}
    assert all(one.in_place for one in found.findings)
    body = {"fields": list(found.alteration)}
    search.call(lambda client: client.collections[name].update(body))
    assert schema_check.check_schema(search, name).fits
    assert len(documents(search, name)) == 20


def test_what_documents_cannot_follow_needs_recreation(search: SearchServer, name: str) -> None:
    changed = {"summary": None, "files_count": {"type": "string"}}
    make(search, name, fields=fields(**changed))
    fill(search, name, 3, files_count="3")

    found = schema_check.check_schema(search, name)

    remedies = {one.difference.field: one.in_place for one in found.findings}
    assert remedies["files_count"] is False
    assert found.breaking
    assert found.needs_recreation
    assert "files_count" not in {part["name"] for part in found.alteration}


def test_the_settings_of_the_whole_collection_need_recreation(
    search: SearchServer, name: str
) -> None:
    make(search, name, token_separators=["-"])

    (finding,) = schema_check.check_schema(search, name).findings

    assert finding.difference.kind == "collection"
    assert not finding.in_place


def test_a_collection_that_is_not_there(search: SearchServer, name: str) -> None:
    with pytest.raises(NotFound, match=name):
        schema_check.check_schema(search, name)
