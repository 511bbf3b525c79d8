"""What several collections hold of one project, asked for in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ServiceRefused, ServiceUnreachable
from ..index import SearchServer, filters
from ..index.collections import MAX_HITS
from ..names import NormalizedName
from .worklist import KNOWN_FIELDS, KnownRelease, known_release

BATCH_SIZE = 50
"""Searches that a search server takes in one request at the most."""

IndexedReleases = dict[str, list[KnownRelease]]
"""Per collection what it holds; a collection that is not there is not in it."""


def fetch_indexed_releases(
    server: SearchServer, collections: Sequence[str], name: NormalizedName
) -> IndexedReleases:
    """Return what each of the collections (or aliases) holds of a project.

    Raises the errors of ``SearchServer.call``.
    """
    found: IndexedReleases = {}
    for start in range(0, len(collections), BATCH_SIZE):
        found.update(_page(server, collections[start : start + BATCH_SIZE], name, 1))
    return found


def _page(
    server: SearchServer, collections: Sequence[str], name: NormalizedName, page: int
) -> IndexedReleases:
    searches = [_search(collection, name, page) for collection in collections]
    answer = server.call(lambda client: client.multi_search.perform({"searches": searches}, {}))
    found: IndexedReleases = {}
    for collection, result in zip(collections, answer["results"], strict=True):
        documents = _documents(server, collection, result)
        if documents is not None:
            found[collection] = [known_release(document) for document in documents]
    full = [collection for collection, releases in found.items() if len(releases) == MAX_HITS]
    for collection, more in (_page(server, full, name, page + 1) if full else {}).items():
        found[collection].extend(more)
    return found


def _search(collection: str, name: NormalizedName, page: int) -> dict[str, Any]:
    return {
        "collection": collection,
        "q": "*",
        "query_by": "name",
        "filter_by": filters.equals("name_normalized", name),
        "include_fields": ",".join(KNOWN_FIELDS),
        "per_page": MAX_HITS,
        "page": page,
    }


def _documents(
    server: SearchServer, collection: str, result: dict[str, Any]
) -> list[dict[str, Any]] | None:
    """The documents of one search of several; each has its own error."""
    code = int(result.get("code") or 200)
    if code == 404:
        return None
    if code >= 500:
        raise ServiceUnreachable(f"the search server at {server.url}", str(result.get("error")))
    if code != 200:
        raise ServiceRefused(f"{server.url}: {collection}: {result.get('error')}")
    return [hit["document"] for hit in result["hits"]]
