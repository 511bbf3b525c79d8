"""Synonyms of a collection, on servers that keep them with it and on those that keep sets.

Up to version 29 they belong to a collection; from 30 on they stand in sets of the whole server,
to which a collection is linked. Here they are always those of one collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import NotFound
from .client import SearchServer
from .raw_requests import get_json, path_part, put_json

Synonym = Mapping[str, Any]
"""``id``, ``synonyms`` and, where given, ``root``, ``locale``, ``symbols_to_index``."""


def read_synonyms(server: SearchServer, collection: str) -> list[Synonym]:
    """Return the synonyms that searches in a collection use; the name is the collection's own."""
    try:
        answer = get_json(server, f"/collections/{path_part(collection)}/synonyms")
    except NotFound:
        return _of_sets(server, collection)
    return list(answer["synonyms"])


def write_synonyms(server: SearchServer, collection: str, synonyms: Sequence[Synonym]) -> None:
    """Give a collection these synonyms; others of the same id are replaced."""
    try:
        for synonym in synonyms:
            path = f"/collections/{path_part(collection)}/synonyms/{path_part(str(synonym['id']))}"
            put_json(server, path, {key: value for key, value in synonym.items() if key != "id"})
    except NotFound:
        _write_set(server, collection, synonyms)


def _of_sets(server: SearchServer, collection: str) -> list[Synonym]:
    remote = get_json(server, f"/collections/{path_part(collection)}")
    found: dict[str, Synonym] = {}
    for name in remote.get("synonym_sets") or []:
        answer = get_json(server, f"/synonym_sets/{path_part(name)}")
        found |= {str(item["id"]): item for item in answer["items"]}
    return list(found.values())


def _write_set(server: SearchServer, collection: str, synonyms: Sequence[Synonym]) -> None:
    name = f"{collection}_synonyms"
    put_json(
        server, f"/synonym_sets/{path_part(name)}", {"items": [dict(item) for item in synonyms]}
    )
    server.call(
        lambda client: client.collections[path_part(collection)].update({"synonym_sets": [name]})
    )
