"""Fixtures: real servers, started once, and a collection of one's own for each test."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pyf.aggregator.index import SearchServer

from . import stack

# What decides whether work lands draws the same examples each time; elsewhere they vary.
# How long one takes says nothing where others run beside it.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a script: what the tests start would never see Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # The same under nohup. A handler that does nothing is not inherited by what is started.
    signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    """A search server for the whole session."""
    with stack.search_server(tmp_path_factory.mktemp("search")) as server:
        yield server


@pytest.fixture
def collection(search: SearchServer) -> Iterator[str]:
    """The name of a collection that is gone after the test."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    stack.remove_collections(search, name)


@pytest.fixture
def bench(search: SearchServer, collection: str, tmp_path: Path) -> Iterator[stack.Bench]:
    """A sample PyPI of 400 projects, 20 of the profile, and a collection to write into."""
    with stack.sample_pypi() as pypi:
        yield stack.Bench(pypi, search, tmp_path, collection)
