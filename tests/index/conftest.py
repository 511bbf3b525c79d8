"""Fixtures of the index's tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from pyf.aggregator.index import SearchServer

from . import making


@pytest.fixture
def name(search: SearchServer) -> Iterator[str]:
    """A name; whatever begins with it is gone from the server after the test."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    making.remove_all(search, name)


@pytest.fixture(scope="session")
def _second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    with making.own_server(tmp_path_factory.mktemp("second")) as server:
        yield server


@pytest.fixture
def second(_second: SearchServer) -> SearchServer:
    """Another search server, empty."""
    making.remove_all(_second, "")
    making.remove_presets_and_stopwords(_second)
    return _second
