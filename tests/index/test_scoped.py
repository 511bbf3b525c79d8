"""Scoped search keys: made offline, and not to be widened."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typesense.sync.keys import Keys

from pyf.aggregator.errors import NotFound, ServiceRefused
from pyf.aggregator.index import BulkWriter, SearchServer, keys, scoped_keys

from .making import document, make
from .making import search as search_with


@given(
    parent=st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=4),
    embedded=st.dictionaries(st.text(), st.text() | st.integers()),
)
def test_it_is_the_key_that_the_official_client_makes(parent, embedded) -> None:
    official = Keys.generate_scoped_search_key(None, parent, embedded)

    assert scoped_keys.scoped_key(parent, embedded) == official.decode()


@pytest.fixture
def parent(search: SearchServer, name: str) -> keys.SearchKey:
    """The search-only key of a collection with two red and three blue documents."""
    make(search, name)
    writer = BulkWriter(search, name)
    for number in range(5):
        keyword = "red" if number < 2 else "blue"
        writer.upsert(document(f"project-{number}", keywords=[keyword]))
    writer.flush()
    return keys.create_search_key(search, name)


@pytest.mark.integration
def test_its_filter_cannot_be_widened(search: SearchServer, name: str, parent) -> None:
    key = scoped_keys.scoped_key(parent.value, {"filter_by": "keywords:=red"})

    assert search_with(search, name, key)["found"] == 2
    for wider in ("keywords:=blue", "keywords:=red || keywords:=blue", "", "id:!=x || id:=x"):
        found = search_with(search, name, key, filter_by=wider)
        assert {hit["document"]["keywords"][0] for hit in found["hits"]} <= {"red"}


@pytest.mark.integration
def test_it_ends_at_its_time_and_with_its_parent(search: SearchServer, name: str, parent) -> None:
    now = int(time.time())
    alive = scoped_keys.scoped_key(parent.value, {"expires_at": now + 3600})
    over = scoped_keys.scoped_key(parent.value, {"expires_at": now - 1})

    assert search_with(search, name, alive)["found"] == 5
    with pytest.raises(ServiceRefused):
        search_with(search, name, over)
    keys.delete_key(search, parent.id)
    with pytest.raises(ServiceRefused):
        search_with(search, name, alive)


@pytest.mark.integration
def test_a_parent_that_cannot_be_one_is_refused(search: SearchServer, name: str, parent) -> None:
    body = {"description": f"wide {name}", "actions": ["documents:*"], "collections": [name]}
    wide = search.call(lambda client: client.keys.create(body))["value"]

    scoped_keys.check_parent(search, parent.value)
    with pytest.raises(ServiceRefused, match="admin key"):
        scoped_keys.check_parent(search, search.key)
    with pytest.raises(ServiceRefused, match="more than search") as error:
        scoped_keys.check_parent(search, wide)
    assert wide not in str(error.value)
    with pytest.raises(NotFound, match="no key that begins"):
        scoped_keys.check_parent(search, "\x7f no such key")
