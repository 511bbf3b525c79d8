"""Search-only keys: made once, listed without values, replaced with a grace period."""

from __future__ import annotations

import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused
from pyf.aggregator.index import SearchServer, admin, keys

from .making import make
from .making import search as search_with

pytestmark = pytest.mark.integration
DAY = 86_400
NOW = 1_800_000_000


def mine(server: SearchServer, name: str) -> dict[int, keys.SearchKeyInfo]:
    """The listed keys that were made for a name."""
    return {key.id: key for key in keys.search_keys(server) if name in key.description}


def test_a_key_searches_one_collection_and_its_versions_and_nothing_else(
    search: SearchServer, name: str
) -> None:
    make(search, f"{name}-1", 2)
    make(search, f"{name}_other", 2)
    admin.set_alias(search, name, f"{name}-1")
    key = keys.create_search_key(search, name)

    assert search_with(search, name, key.value)["found"] == 2
    assert search_with(search, f"{name}-1", key.value)["found"] == 2
    with pytest.raises(ServiceRefused, match="API key"):
        search_with(search, f"{name}_other", key.value)
    frontend = SearchServer(search.nodes, key.value)
    for forbidden in (
        lambda client: client.collections.retrieve(),
        lambda client: client.collections[name].retrieve(),
        lambda client: client.collections[name].documents.export(),
        lambda client: client.collections[name].documents.create({"id": "x"}),
        lambda client: client.collections[name].delete(),
        lambda client: client.aliases.retrieve(),
        lambda client: client.aliases.upsert(name, {"collection_name": f"{name}_other"}),
        lambda client: client.keys.retrieve(),
        lambda client: client.keys.create({"description": "", "actions": ["*"]}),
    ):
        with pytest.raises(ServiceRefused, match="API key"):
            frontend.call(forbidden)


def test_a_dot_in_a_name_stands_for_itself(search: SearchServer, name: str) -> None:
    make(search, f"{name}.a", 1)
    make(search, f"{name}xa", 1)
    key = keys.create_search_key(search, f"{name}.a")

    assert search_with(search, f"{name}.a", key.value)["found"] == 1
    with pytest.raises(ServiceRefused):
        search_with(search, f"{name}xa", key.value)


def test_a_value_can_be_chosen_once(search: SearchServer, name: str) -> None:
    value = f"chosen-{name}"

    assert keys.create_search_key(search, name, value=value).value == value
    with pytest.raises(ServiceRefused, match="a key of this value") as error:
        keys.create_search_key(search, name, value=value)
    assert value not in str(error.value)


def test_listed_are_keys_that_only_search_without_their_values(
    search: SearchServer, name: str
) -> None:
    made = keys.create_search_key(search, name)
    body = {"description": f"all of {name}", "actions": ["documents:*"], "collections": [name]}
    search.call(lambda client: client.keys.create(body))

    listed = mine(search, name)

    assert list(listed) == [made.id]
    assert listed[made.id].expires_at is None
    assert made.value not in repr(listed)
    assert made.value not in repr(search.call(lambda client: client.keys.retrieve()))


def test_deleting_a_key(search: SearchServer, name: str) -> None:
    made = keys.create_search_key(search, name)

    assert keys.delete_key(search, made.id) == f"search only: {name}"
    with pytest.raises(NotFound, match=str(made.id)):
        keys.delete_key(search, made.id)


def test_the_old_key_works_until_its_grace_is_over(search: SearchServer, name: str) -> None:
    make(search, name, 1)
    old = keys.create_search_key(search, name)

    done = keys.rotate_search_key(search, name, grace=7 * DAY, now=NOW)

    assert [key.id for key in done.replaced] == [old.id]
    assert done.removed == ()
    assert mine(search, name)[old.id].due == NOW + 7 * DAY
    assert mine(search, name)[done.new.id].due is None
    for value in (old.value, done.new.value):
        assert search_with(search, name, value)["found"] == 1
    assert keys.remove_due_keys(search, now=NOW + 7 * DAY - 1, name=name) == []
    assert keys.remove_due_keys(search, now=NOW + 7 * DAY, name=name) == [old.id]
    assert search_with(search, name, done.new.value)["found"] == 1
    with pytest.raises(ServiceRefused):
        search_with(search, name, old.value)


def test_a_second_rotation_does_not_lengthen_the_first_ones_grace(
    search: SearchServer, name: str
) -> None:
    first = keys.create_search_key(search, name)
    second = keys.rotate_search_key(search, name, grace=2 * DAY, now=NOW).new
    third = keys.rotate_search_key(search, name, grace=7 * DAY, now=NOW + DAY).new

    due = {id_: key.due for id_, key in mine(search, name).items()}

    assert due == {first.id: NOW + 2 * DAY, second.id: NOW + 8 * DAY, third.id: None}
    # Deleting the second by hand must not make the first one live for ever.
    keys.delete_key(search, second.id)
    assert mine(search, name)[first.id].due == NOW + 8 * DAY


def test_a_rotation_deletes_what_is_due_and_without_grace_at_once(
    search: SearchServer, name: str
) -> None:
    first = keys.create_search_key(search, name)
    second = keys.rotate_search_key(search, name, grace=DAY, now=NOW).new
    done = keys.rotate_search_key(search, name, grace=0, now=NOW + 2 * DAY)

    assert set(done.removed) == {first.id, second.id}
    assert list(mine(search, name)) == [done.new.id]


def test_a_rotation_of_one_collection_leaves_the_keys_of_others(
    search: SearchServer, name: str
) -> None:
    other = keys.create_search_key(search, f"{name}_other")
    body = {
        "description": f"both {name}",
        "actions": ["documents:search"],
        "collections": [name, f"{name}_other"],
    }
    both = search.call(lambda client: client.keys.create(body))["id"]

    done = keys.rotate_search_key(search, name, grace=0, now=NOW)

    assert done.replaced == ()
    assert set(mine(search, name)) == {other.id, both, done.new.id}


@pytest.mark.parametrize(
    "note",
    [
        "; replaces {id} on next week",
        "; replaces {id} on 2020-13-45T00:00:00Z",
        "; replaces 99999999 on 2020-01-01T00:00:00Z",
        "; replaces on 2020-01-01T00:00:00Z",
    ],
)
def test_a_description_that_says_nothing_certain_deletes_nothing(
    search: SearchServer, name: str, note: str
) -> None:
    old = keys.create_search_key(search, name)
    keys.create_search_key(search, name, note=note.format(id=old.id))

    assert keys.remove_due_keys(search, now=NOW, name=name) == []


def test_a_description_cannot_doom_the_key_of_another_collection(
    search: SearchServer, name: str
) -> None:
    victim = keys.create_search_key(search, f"{name}_victim")
    keys.create_search_key(search, name, note=f"; replaces {victim.id} on 2020-01-01T00:00:00Z")

    assert mine(search, name)[victim.id].due is None
