"""Collections, documents and servers that the tests of the index work with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyf.aggregator.documents import FIELDS, collection_schema
from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.index.raw_requests import get_json
from pyf.aggregator.settings.value_types import nodes

from ..stack import SEARCH

_VALUES: dict[str, Any] = {"string": "text", "int32": 1, "int64": 1, "float": 1.0, "bool": True}


def document(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    """A document that has every field which the schema demands."""
    demanded = {
        field.name: [] if field.type.endswith("[]") else _VALUES[field.type]
        for field in FIELDS
        if not field.optional and field.name != "id" and field.type.removesuffix("[]") in _VALUES
    }
    own = {"id": f"{name}-{version}", "name": name, "version": version, "registry": "pypi"}
    return {**demanded, **own, "name_normalized": name, "identifier": f"{name}-{version}", **more}


def make(server: SearchServer, name: str, count: int = 0, **schema: Any) -> None:
    """Make a collection with the current fields and ``count`` documents."""
    body = {**collection_schema(name), **schema}
    server.call(lambda client: client.collections.create(body))
    fill(server, name, count)


def fill(server: SearchServer, name: str, count: int, **more: Any) -> None:
    """Write ``count`` documents, ``project-0`` and so on."""
    writer = BulkWriter(server, name)
    for number in range(count):
        writer.upsert(document(f"project-{number}", **more))
    writer.flush()
    assert writer.refused == []


def documents(server: SearchServer, name: str) -> dict[str, dict[str, Any]]:
    """Every document of a collection by id."""
    found = collections.documents(server, name, "pypi")
    return {document["id"]: document for document in found}


def search(server: SearchServer, name: str, key: str, **parameters: Any) -> dict[str, Any]:
    """Search as a frontend with a key of its own does."""
    frontend = SearchServer(server.nodes, key)
    given = {"q": "*", "query_by": "name", **parameters}
    answer = frontend.call(lambda client: client.collections[name].documents.search(given))
    return dict(answer)


@contextmanager
def own_server(folder: Path) -> Iterator[SearchServer]:
    """A local search server that nobody else writes to, whatever the environment names."""
    key = secrets.token_hex(16)
    arguments = ("--port", "0", "--api-key", key, "--data-dir", str(folder))
    with ServerProcess(SEARCH, *arguments) as process:
        yield SearchServer(nodes().parse(process.url), key)


def remove_all(server: SearchServer, prefix: str) -> None:
    """Take away every alias, collection and key of which the name begins so."""
    for alias in [one for one in collections.aliases(server) if one.startswith(prefix)]:
        server.call(lambda client, alias=alias: client.aliases[alias].delete())
    for remote in server.call(lambda client: client.collections.retrieve()):
        if remote["name"].startswith(prefix):
            collections.drop(server, remote["name"])
    for key in server.call(lambda client: client.keys.retrieve())["keys"]:
        if prefix in key["description"]:
            server.call(lambda client, id_=key["id"]: client.keys[id_].delete())


def remove_presets_and_stopwords(server: SearchServer) -> None:
    """Take away what belongs to a server as a whole."""
    for preset in get_json(server, "/presets")["presets"]:
        path = f"/presets/{preset['name']}"
        server.call(lambda client, path=path: client.api_call.delete(path, entity_type=dict))
    for words in get_json(server, "/stopwords")["stopwords"]:
        server.call(lambda client, id_=words["id"]: client.stopwords[id_].delete())
