"""API keys of the search server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .client import SearchServer


@dataclass(frozen=True)
class SearchKey:
    """A key that may only search. ``value`` is known at its creation and never again."""

    id: int
    value: str


def create_search_key(server: SearchServer, name: str, *, value: str | None = None) -> SearchKey:
    """Make a key that may search the collection ``name`` and its versions, and nothing else.

    Typesense compares a key's collections, as regular expressions, with the name in the request.
    """
    body: dict[str, object] = {
        "description": f"search only: {name}",
        "actions": ["documents:search"],
        "collections": [f"{re.escape(name)}", f"{re.escape(name)}-[0-9]+"],
    }
    if value is not None:
        body["value"] = value
    answer = server.call(lambda client: client.keys.create(body))
    return SearchKey(int(answer["id"]), str(answer["value"]))
