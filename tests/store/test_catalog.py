"""The table of all projects: what is written is what is read, and one row counts."""

from __future__ import annotations

import datetime as dt

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.store import Store, catalog
from pyf.aggregator.store.catalog import CatalogProject, CatalogSync

THEN = dt.datetime(2026, 7, 1, 12, 0, 0, 123_000, tzinfo=dt.UTC)
LATER = THEN + dt.timedelta(hours=1)
PLONE = "Framework :: Plone"
API = CatalogProject(
    name="plone-api",
    display_name="plone.api",
    serial=31_412_346,
    latest="2.5.0",
    releases=70,
    classifiers=(PLONE, "Programming Language :: Python"),
    summary="A Plone API.",
    author="Plone Foundation",
    project_urls={"Homepage": "https://github.example/plone/plone.api"},
    status="active",
    first_upload=1_340_000_000,
    last_upload=1_737_437_705,
    etag='"abc"',
    checked=THEN,
)
BARE = CatalogProject("bare", "Bare", 7, checked=THEN)


def sync_of(**values: object) -> CatalogSync:
    given = {"started": THEN, "finished": LATER, "source": "https://pypi.example"}
    return CatalogSync(**{**given, "complete": True, "serial": 9, **values})  # type: ignore[arg-type]


def test_what_is_written_is_read(store: Store) -> None:
    catalog.put_projects(store, [API, BARE])

    assert catalog.projects(store, ["plone-api", "bare", "nobody"]) == {
        "plone-api": API,
        "bare": BARE,
    }


def test_the_row_that_was_checked_last_counts(store: Store) -> None:
    newer = CatalogProject("bare", "Bare", 8, latest="1.0", checked=LATER)
    catalog.put_projects(store, [newer])
    catalog.put_projects(store, [BARE])  # a slower run that looked before

    assert catalog.projects(store, ["bare"]) == {"bare": newer}


def test_marks_change_what_they_name_and_nothing_else(store: Store) -> None:
    other = CatalogProject("other", "Other", 1, latest="1", checked=THEN)
    catalog.put_projects(store, [API, BARE, other])
    catalog.mark_gone(store, ["bare", "never-heard-of"], LATER)
    catalog.mark_quarantined(store, ["plone-api"], LATER)
    catalog.mark_checked(store, ["other"], LATER)

    found = catalog.projects(store, ["bare", "plone-api", "other", "never-heard-of"])
    assert found.keys() == {"bare", "plone-api", "other"}
    assert (found["bare"].gone, found["bare"].serial, found["bare"].checked) == (True, 7, LATER)
    assert (found["plone-api"].status, found["plone-api"].gone) == ("quarantined", False)
    assert found["plone-api"].classifiers == API.classifiers
    assert (found["other"].latest, found["other"].checked) == ("1", LATER)
    hidden = {item.name: (item.hidden, item.gone) for item in catalog.catalog_entries(store)}
    assert hidden == {"bare": (True, True), "plone-api": (True, False), "other": (False, False)}


def test_carriers_are_those_of_the_exact_classifier_that_are_there(store: Store) -> None:
    below = CatalogProject("addon", "addon", 1, classifiers=(f"{PLONE} :: 6.0",), checked=THEN)
    lost = CatalogProject("lost", "lost", 1, classifiers=(PLONE,), gone=True, checked=THEN)
    catalog.put_projects(store, [API, BARE, below, lost])
    with pytest.raises(UsageError, match="pyfa catalog sync"):
        catalog.projects_with_classifiers(store, [PLONE])
    catalog.record_sync(store, sync_of())

    assert [item.name for item in catalog.projects_with_classifiers(store, [PLONE])] == [
        "plone-api"
    ]
    both = catalog.projects_with_classifiers(store, [PLONE, f"{PLONE} :: 6.0"])
    assert [item.name for item in both] == ["addon", "plone-api"]
    assert catalog.projects_with_classifiers(store, ["'; DROP TABLE projects --"]) == []


def test_status_counts_and_names_the_syncs(store: Store) -> None:
    assert catalog.catalog_status(store).oldest_check is None
    catalog.put_projects(store, [API, BARE])
    catalog.mark_gone(store, ["bare"], LATER)
    whole = sync_of(failed=("broken",))
    part = sync_of(complete=False, finished=LATER + dt.timedelta(hours=1), serial=12)
    catalog.record_sync(store, whole)
    catalog.record_sync(store, part)

    found = catalog.catalog_status(store)
    assert (found.projects, found.without_release, found.gone) == (1, 0, 1)
    assert found.by_status == {"active": 1}
    assert found.oldest_check == THEN
    assert (found.last_sync, found.last_complete) == (part, whole)


def test_forgetting_leaves_nothing(store: Store) -> None:
    catalog.put_projects(store, [API])
    catalog.record_sync(store, sync_of())
    assert catalog.is_started(store)
    catalog.clear_catalog(store)

    assert not catalog.is_started(store)
    assert catalog.last_sync(store, complete=False) is None
