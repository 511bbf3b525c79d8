"""The connection: nodes that are away, and what a server says when it refuses."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused, ServiceUnreachable
from pyf.aggregator.index import SearchServer
from pyf.aggregator.settings.value_types import nodes

from .load import fill

pytestmark = pytest.mark.integration


@pytest.fixture
def away() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_one_node_that_is_away_is_no_hindrance(
    search: SearchServer, collection: str, away: str
) -> None:
    """Nodes of a cluster stand in for each other, in exports too."""
    fill(search, collection, 3)
    server = SearchServer(nodes().parse(f"{away},{search.url}"), search.key)
    server.check()
    assert len(list(server.export(collection, {}))) == 3


def test_all_nodes_away(search: SearchServer, away: str) -> None:
    server = SearchServer(nodes().parse(f"{away},{away}"), search.key, patience=0)
    with pytest.raises(ServiceUnreachable, match="connection refused"):
        server.check()
    with pytest.raises(ServiceUnreachable, match="connection refused"):
        list(server.export("any", {}))


def test_an_export_that_is_refused_says_why(search: SearchServer, collection: str) -> None:
    fill(search, collection, 1)
    with pytest.raises(NotFound):
        list(search.export(f"{collection}_not_there", {}))
    with pytest.raises(ServiceRefused, match="API key"):
        list(SearchServer(search.nodes, "no key of it").export(collection, {}))
    with pytest.raises(ServiceRefused, match="filter"):
        list(search.export(collection, {"filter_by": "nothing_of_it:=1"}))
