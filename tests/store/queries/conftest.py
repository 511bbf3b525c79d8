"""A store of one's own that the tests of the questions fill by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pyf.aggregator.store import Store
from tests.store.serving import Served

from .book import Book


@pytest.fixture(scope="session")
def asked_store(store_server: Served) -> Iterator[Store]:
    """A database for all questions: its tables are emptied sooner than made."""
    with Store(replace(store_server.admin, database="questions")) as store:
        store.migrate()
        yield store


@pytest.fixture
def book(asked_store: Store) -> Book:
    """An empty store and its second account."""
    book = Book(asked_store)
    book.clear()
    return book
