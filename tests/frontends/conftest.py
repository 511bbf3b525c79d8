"""A collection filled as a profile's is, behind its alias, with a search-only key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.index.keys import create_search_key
from tests import stack

from .projects import documents


@dataclass(frozen=True)
class Frontend:
    """What a frontend knows: address, collection, key."""

    url: str
    collection: str
    key: str

    def search(self, **parameters: Any) -> Any:
        """Search as a page does; the whole answer."""
        answer = requests.get(
            f"{self.url}/collections/{self.collection}/documents/search",
            params={"q": "*", **parameters},
            headers={"X-TYPESENSE-API-KEY": self.key},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self, **parameters: Any) -> list[str]:
        """The names of the projects found, in order."""
        hits = self.search(per_page=250, **parameters)["hits"]
        return [hit["document"]["name"] for hit in hits]

    @property
    def environment(self) -> Mapping[str, str]:
        """What the examples of the documentation expect."""
        return {
            "TYPESENSE_URL": self.url,
            "COLLECTION": self.collection,
            "SEARCH_KEY": self.key,
        }


def fill(server: SearchServer, found: list[dict[str, Any]]) -> Frontend:
    """Write documents into a new collection and make a key that may search it."""
    target = collections.ensure(server, f"test_{secrets.token_hex(4)}")
    writer = BulkWriter(server, target.collection)
    for document in found:
        writer.upsert(document)
    writer.flush()
    assert writer.refused == []
    return Frontend(server.url, target.alias, create_search_key(server, target.alias).value)


@pytest.fixture(scope="session")
def frontend(search: SearchServer) -> Iterator[Frontend]:
    """The made-up projects."""
    made = fill(search, documents())
    yield made
    stack.remove_collections(search, made.collection)
