"""Collections behind aliases: ``plone`` is an alias of ``plone-1``, ``plone-2``, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from ..documents.fields import collection_schema, schema_differences
from ..errors import NotFound, ServiceRefused
from . import filters, synonyms
from .client import SearchServer
from .raw_requests import path_part
from .synonyms import Synonym

MAX_HITS = 250
"""Hits that a search server gives on one page at the most."""


@dataclass(frozen=True)
class AliasTarget:
    """A collection as users name it (``alias``) and the collection that holds its documents."""

    alias: str
    collection: str


def resolve(server: SearchServer, name: str) -> AliasTarget | None:
    """Return where ``name`` leads, ``None`` when there is neither an alias nor a collection."""
    collection = aliases(server).get(name, name)
    return AliasTarget(name, collection) if exists(server, collection) else None


def require(server: SearchServer, name: str) -> AliasTarget:
    """Like ``resolve``, for commands that need the collection; raises ``NotFound``."""
    target = resolve(server, name)
    if target is None:
        raise NotFound(f"there is no collection {name!r} on {server.url}; `pyfa pypi -f` makes it")
    return target


def ensure(server: SearchServer, name: str, own_synonyms: Sequence[Synonym] = ()) -> AliasTarget:
    """Return the collection behind ``name``, made with the current fields if there is none.

    A new one is versioned from the start and has its synonyms before it is searched. Raises
    ``ServiceRefused`` when an existing one has fields that the documents of this version do not fit
    in.
    """
    target = resolve(server, name)
    if target is None:
        target = AliasTarget(name, _first_version(server, name))
        if own_synonyms:
            synonyms.write_synonyms(server, target.collection, own_synonyms)
        point_alias(server, name, target.collection)
    check_schema(server, target)
    return target


def check_schema(server: SearchServer, target: AliasTarget) -> None:
    """Refuse a collection of which the schema does not fit the field table."""
    remote = server.call(lambda client: client.collections[target.collection].retrieve())
    breaking = [difference for difference in schema_differences(remote) if difference.breaking]
    if breaking:
        raise ServiceRefused(
            f"the collection {target.collection} does not fit this version's documents "
            f"({'; '.join(map(str, breaking[:3]))}{' ...' if len(breaking) > 3 else ''}); "
            "run again with -f --recreate-collection"
        )


def create(
    server: SearchServer, collection: str, metadata: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Make a collection with the current fields; ``metadata`` is added to its own."""
    schema: dict[str, Any] = collection_schema(collection)
    schema["metadata"] |= metadata
    server.call(lambda client: client.collections.create(schema))


def next_version(server: SearchServer, name: str) -> str:
    """Return the name of the version after all that there are."""
    numbers = (int(version.rpartition("-")[2]) for version in versions(server, name))
    number = max(numbers, default=0) + 1
    return f"{name}-{number}"


def point_alias(server: SearchServer, alias: str, collection: str) -> None:
    """Let the alias lead to the collection, in one step."""
    server.call(lambda client: client.aliases.upsert(alias, {"collection_name": collection}))


def drop(server: SearchServer, collection: str) -> None:
    """Delete a collection with its documents; one that is not there is no error."""
    try:
        server.call(lambda client: client.collections[collection].delete())
    except NotFound:
        return


def aliases(server: SearchServer) -> dict[str, str]:
    """Return all aliases: name -> collection."""
    answer = server.call(lambda client: client.aliases.retrieve())
    return {alias["name"]: alias["collection_name"] for alias in answer["aliases"]}


def count_of_registry(server: SearchServer, collection: str, registry: str) -> int:
    """Return how many documents of a registry a collection holds."""
    parameters = {
        "q": "*",
        "query_by": "name",
        "filter_by": filters.equals("registry", registry),
        "per_page": 0,
    }
    answer = _search(server, collection, parameters)
    return int(answer["found"])


def document_count(server: SearchServer, collection: str) -> int:
    """Return how many documents a collection holds."""
    answer = server.with_retry(lambda client: client.collections[collection].retrieve())
    return int(answer["num_documents"])


def documents_by_ids(
    server: SearchServer, collection: str, ids: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield those documents of the given ids that there are."""
    for some in filters.in_batches(ids):
        yield from _lines(server, collection, {"filter_by": filters.equals("id", *some)})
    for id_ in ids:
        if not filters.can_quote([id_]):
            yield from _one(server, collection, id_)


def documents(
    server: SearchServer, collection: str, registry: str, *fields: str
) -> Iterator[dict[str, Any]]:
    """Stream the documents of a registry; only the named fields when any are named."""
    parameters = {"filter_by": filters.equals("registry", registry)}
    if fields:
        parameters["include_fields"] = ",".join(fields)
    return _lines(server, collection, parameters)


def project_documents(
    server: SearchServer, collection: str, name_normalized: str
) -> list[dict[str, Any]]:
    """Return all documents of a project, the newest stable release first."""
    found: list[dict[str, Any]] = []
    while True:
        parameters = {
            "q": "*",
            "query_by": "name",
            "filter_by": filters.equals("name_normalized", name_normalized),
            "sort_by": "version_sortable:desc",
            "per_page": MAX_HITS,
            "page": len(found) // MAX_HITS + 1,
        }
        answer = _search(server, collection, parameters)
        found.extend(hit["document"] for hit in answer["hits"])
        if len(answer["hits"]) < MAX_HITS:
            return found


def similar_names(server: SearchServer, collection: str, name: str) -> list[str]:
    """Return up to three names in the collection that are written like ``name``."""
    parameters = {
        "q": name,
        "query_by": "name",
        "group_by": "name",
        "group_limit": 1,
        "per_page": 3,
    }
    answer = _search(server, collection, parameters)
    return [group["hits"][0]["document"]["name"] for group in answer.get("grouped_hits", [])]


def _lines(
    server: SearchServer, collection: str, parameters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for line in server.export(collection, parameters):
        yield orjson.loads(line)


def _one(server: SearchServer, collection: str, id_: str) -> list[dict[str, Any]]:
    try:
        return [
            server.call(
                lambda client: client.collections[collection].documents[path_part(id_)].retrieve()
            )
        ]
    except NotFound:
        return []


def _search(server: SearchServer, collection: str, parameters: Mapping[str, Any]) -> Any:
    return server.with_retry(
        lambda client: client.collections[collection].documents.search(parameters)
    )


def _first_version(server: SearchServer, name: str) -> str:
    """Make ``<name>-1``; one that a crash left without its alias is taken up if it is empty."""
    first = f"{name}-1"
    if first not in versions(server, name):
        create(server, first)
        return first
    remote = server.call(lambda client: client.collections[first].retrieve())
    if remote["num_documents"] == 0:
        return first
    raise ServiceRefused(
        f"there is a collection {first} with {remote['num_documents']} documents, but no alias "
        f"{name}; set the alias or delete the collection first"
    )


def versions(server: SearchServer, name: str) -> list[str]:
    """Return the versions of a collection that there are, ``<name>-<number>``, ascending."""
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    answer = server.call(lambda client: client.collections.retrieve())
    matches = (pattern.fullmatch(collection["name"]) for collection in answer)
    found = [match for match in matches if match]
    return [match.group(0) for match in sorted(found, key=lambda match: int(match.group(1)))]


def metadata(server: SearchServer, collection: str) -> dict[str, Any]:
    """Return what a collection carries beside its schema, {} for nothing."""
    answer = server.call(lambda client: client.collections[collection].retrieve())
    return dict(answer.get("metadata") or {})


def set_metadata(server: SearchServer, collection: str, values: Mapping[str, Any]) -> None:
    """Replace what a collection carries beside its schema."""
    body = {"metadata": dict(values)}
    server.call(lambda client: client.collections[collection].update(body))


def exists(server: SearchServer, collection: str) -> bool:
    """Say whether there is a collection of that very name."""
    try:
        server.call(lambda client: client.collections[collection].retrieve())
    except NotFound:
        return False
    return True
