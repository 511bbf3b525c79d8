"""Looking after collections and aliases."""

from __future__ import annotations

import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused, UsageError
from pyf.aggregator.index import SearchServer, admin, collections

from .making import make

pytestmark = pytest.mark.integration


def test_the_overview_has_documents_and_aliases_in_the_order_of_versions(
    search: SearchServer, name: str
) -> None:
    for version in (10, 9, 1):
        make(search, f"{name}-{version}", version)
    admin.set_alias(search, name, f"{name}-9")

    mine = [one for one in admin.overview(search) if one["name"].startswith(name)]

    assert [one["name"] for one in mine] == [f"{name}-1", f"{name}-9", f"{name}-10"]
    assert [one["num_documents"] for one in mine] == [1, 9, 10]
    assert [one["aliases"] for one in mine] == [[], [name], []]
    assert [n for n in admin.collection_names(search) if n.startswith(name)] == [
        one["name"] for one in mine
    ]


def test_an_alias_is_set_and_moved(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1")
    make(search, f"{name}-2")

    assert admin.set_alias(search, name, f"{name}-1") is None
    assert admin.set_alias(search, name, f"{name}-2") == f"{name}-1"
    assert collections.aliases(search)[name] == f"{name}-2"


def test_an_alias_needs_a_collection_and_a_name_of_its_own(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1")
    make(search, f"{name}-2")
    admin.set_alias(search, name, f"{name}-1")

    with pytest.raises(NotFound, match=f"did you mean '{name}-1'"):
        admin.set_alias(search, f"{name}_other", f"{name}--1")
    with pytest.raises(UsageError, match=f"leads to '{name}-1'"):
        admin.set_alias(search, f"{name}_other", name)
    with pytest.raises(ServiceRefused, match="is a collection"):
        admin.set_alias(search, f"{name}-1", f"{name}-2")

    mine = {a: to for a, to in collections.aliases(search).items() if a.startswith(name)}
    assert mine == {name: f"{name}-1"}


def test_an_alias_is_removed_and_its_collection_stays(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    assert admin.remove_alias(search, name) == f"{name}-1"
    assert admin.describe_collection(search, f"{name}-1")["num_documents"] == 3
    with pytest.raises(NotFound, match="no alias"):
        admin.remove_alias(search, name)
    with pytest.raises(NotFound, match="no alias"):
        admin.remove_alias(search, f"{name}-1")


def test_a_deletion_says_what_it_takes_away(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")
    admin.set_alias(search, f"{name}_b", f"{name}-1")

    planned = admin.plan_deletion(search, f"{name}-1")

    assert planned == admin.DeletionPlan(f"{name}-1", 3, (name, f"{name}_b"))
    admin.delete_collection(search, planned)
    with pytest.raises(NotFound):
        admin.describe_collection(search, f"{name}-1")


def test_an_alias_is_not_deleted_as_a_collection(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    with pytest.raises(ServiceRefused, match=f"is an alias and leads to '{name}-1'"):
        admin.plan_deletion(search, name)
    with pytest.raises(NotFound, match="no collection or alias"):
        admin.plan_deletion(search, f"{name}/documents")

    assert admin.describe_collection(search, f"{name}-1")["num_documents"] == 3


def test_the_versions_of_a_name_sort_by_their_numbers() -> None:
    names = ["plone-10", "plone", "plone-2", "django-1", "plone-x"]

    assert sorted(names, key=admin.by_version) == [
        "django-1",
        "plone",
        "plone-2",
        "plone-10",
        "plone-x",
    ]
