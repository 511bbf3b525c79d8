"""What a search server holds, apart from the documents themselves: read from it, written to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import admin, collections, synonyms
from .client import SearchServer
from .raw_requests import get_json, path_part, put_json
from .synonyms import Synonym

SERVER_FIELDS = ("created_at", "num_documents", "num_memory_shards", "aliases", "synonym_sets")
"""What a server says of a collection that is no part of the request that creates it."""
KEY_FIELDS = ("id", "description", "actions", "collections", "expires_at", "autodelete")


@dataclass(frozen=True)
class ServerContents:
    """Collections by name as bodies of the requests that create them, and what goes with them.

    ``presets`` and ``stopwords`` belong to the server as a whole. ``keys`` are descriptions
    without values. ``left_out`` names what the server holds and this does not.
    """

    schemas: Mapping[str, Mapping[str, Any]]
    documents: Mapping[str, int]
    aliases: Mapping[str, str]
    synonyms: Mapping[str, Sequence[Synonym]]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stopwords: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keys: Sequence[Mapping[str, Any]] = ()
    left_out: tuple[str, ...] = ()


class CollectionSource(Protocol):
    """Where collections come from: a server, or a folder with a backup."""

    @property
    def contents(self) -> ServerContents:
        """What there is to take over."""

    @property
    def identity(self) -> str:
        """A short text that is the same when the same source is used again."""

    @property
    def is_fixed(self) -> bool:
        """Whether its documents stay as they are between two uses."""

    def documents(self, collection: str) -> Iterator[bytes]:
        """Yield the documents of a collection, one JSON object a line."""


class ServerSource:
    """A running server as a source, as a whole or ``only`` one collection, named or by alias."""

    is_fixed = False

    def __init__(self, server: SearchServer, only: str | None = None) -> None:
        self._server = server
        self.contents = read_contents(server, only)
        self.identity = hashlib.sha256(server.url.encode()).hexdigest()[:16]

    def documents(self, collection: str) -> Iterator[bytes]:
        """Yield the documents of a collection, one JSON object a line."""
        return self._server.export(collection, {})


def read_contents(server: SearchServer, only: str | None = None) -> ServerContents:
    """Read everything but the documents; with ``only``, of one collection, named or by alias.

    Raises ``NotFound`` when there is no collection of that name.
    """
    leading = collections.aliases(server)
    remotes = {remote["name"]: remote for remote in admin.overview(server)}
    lost = {alias: target for alias, target in leading.items() if target not in remotes}
    leading = {alias: target for alias, target in leading.items() if target in remotes}
    if only is not None:
        name = only if only in remotes else leading.get(only, only)
        if name not in remotes:
            raise admin.not_found_error(server, only)
        remotes = {name: remotes[name]}
        leading = {alias: target for alias, target in leading.items() if target == name}
    return ServerContents(
        schemas={name: _schema(remote) for name, remote in remotes.items()},
        documents={name: int(remote["num_documents"]) for name, remote in remotes.items()},
        aliases=leading,
        synonyms={name: synonyms.read_synonyms(server, name) for name in remotes},
        presets=_presets(server) if only is None else {},
        stopwords=_stopwords(server) if only is None else {},
        keys=_keys(server) if only is None else (),
        left_out=tuple(_left_out(remotes, lost if only is None else {})),
    )


def put_preset(server: SearchServer, name: str, value: Mapping[str, Any]) -> None:
    """Make or replace a preset."""
    put_json(server, f"/presets/{path_part(name)}", {"value": dict(value)})


def put_stopwords(server: SearchServer, name: str, body: Mapping[str, Any]) -> None:
    """Make or replace a set of stopwords."""
    put_json(server, f"/stopwords/{path_part(name)}", body)


def _schema(remote: Mapping[str, Any]) -> dict[str, Any]:
    hidden = (*SERVER_FIELDS, "curation_sets")
    return {key: value for key, value in remote.items() if key not in hidden and value is not None}


def _presets(server: SearchServer) -> dict[str, Mapping[str, Any]]:
    return {item["name"]: item["value"] for item in get_json(server, "/presets")["presets"]}


def _stopwords(server: SearchServer) -> dict[str, Mapping[str, Any]]:
    listed = get_json(server, "/stopwords")["stopwords"]
    return {
        item["id"]: {key: item[key] for key in ("stopwords", "locale") if item.get(key)}
        for item in listed
    }


def _keys(server: SearchServer) -> list[Mapping[str, Any]]:
    listed = server.call(lambda client: client.keys.retrieve())["keys"]
    return [{name: key[name] for name in KEY_FIELDS if name in key} for key in listed]


def _left_out(remotes: Mapping[str, Mapping[str, Any]], lost: Mapping[str, str]) -> Iterator[str]:
    """Curation is no part of this product; where somebody uses it they are told."""
    for alias, target in lost.items():
        yield f"the alias {alias}, which leads to a collection {target} that is not there"
    for name, remote in remotes.items():
        if sets := remote.get("curation_sets"):
            yield f"the curation sets of {name}: {', '.join(map(str, sets))}"
