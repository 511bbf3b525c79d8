"""Looking after collections and aliases: what is there, and careful changes to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import NotFound, ServiceRefused, UsageError
from ..profile import did_you_mean
from . import collections
from .client import SearchServer
from .raw_requests import path_part

_VERSIONED = re.compile(r"(.+)-(\d+)")


@dataclass(frozen=True)
class DeletionPlan:
    """What deleting a collection would take away; ``aliases`` would lead nowhere then."""

    collection: str
    documents: int
    aliases: tuple[str, ...]


def overview(server: SearchServer) -> list[dict[str, Any]]:
    """Return all collections by name, as the server describes them, each with its ``aliases``."""
    leading = collections.aliases(server)
    listed = server.call(lambda client: client.collections.retrieve())
    return [
        {**remote, "aliases": _leading_to(leading, remote["name"])}
        for remote in sorted(listed, key=lambda remote: by_version(remote["name"]))
    ]


def collection_names(server: SearchServer) -> list[str]:
    """Return the names of all collections, version 10 after version 9."""
    listed = server.call(lambda client: client.collections.retrieve())
    return sorted((remote["name"] for remote in listed), key=by_version)


def by_version(name: str) -> tuple[str, int]:
    """A key to sort the versions of a collection by their numbers."""
    match = _VERSIONED.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, -1)


def find_collection(server: SearchServer, name: str) -> str | None:
    """Return the collection that a name leads to, its own or an alias; ``None`` for nothing.

    The names are compared here: the server would take one with a slash for a longer path.
    """
    present = collection_names(server)
    target = name if name in present else collections.aliases(server).get(name)
    return target if target in present else None


def describe_collection(server: SearchServer, name: str) -> dict[str, Any]:
    """Return what the server says of a collection, found by its own name; raises ``NotFound``."""
    for remote in overview(server):
        if remote["name"] == name:
            return remote
    raise not_found_error(server, name)


def not_found_error(server: SearchServer, name: str) -> NotFound:
    """The sentence for a name that is neither a collection nor an alias."""
    known = [*collection_names(server), *collections.aliases(server)]
    return NotFound(
        f"there is no collection or alias {name!r} on {server.url}{did_you_mean(name, known)}"
    )


def set_alias(server: SearchServer, alias: str, collection: str) -> str | None:
    """Let an alias lead to an existing collection; return where it led before, if anywhere.

    Raises ``NotFound`` without the collection, ``ServiceRefused`` where a collection has the
    alias's name, ``UsageError`` where the target is an alias itself, which the server would not
    follow.
    """
    before = collections.aliases(server)
    if collection in before and collection not in collection_names(server):
        raise UsageError(
            f"{collection!r} is an alias itself and leads to {before[collection]!r}; "
            "name that collection"
        )
    describe_collection(server, collection)
    if alias in collection_names(server):
        raise ServiceRefused(f"{alias!r} is a collection; an alias needs a name of its own")
    collections.point_alias(server, path_part(alias), collection)
    return before.get(alias)


def remove_alias(server: SearchServer, alias: str) -> str:
    """Take an alias away, its collection stays; return where it led. Raises ``NotFound``."""
    leading = collections.aliases(server)
    if alias not in leading:
        raise NotFound(f"there is no alias {alias!r} on {server.url}{did_you_mean(alias, leading)}")
    server.call(lambda client: client.aliases[path_part(alias)].delete())
    return leading[alias]


def plan_deletion(server: SearchServer, name: str) -> DeletionPlan:
    """Say what deleting a collection would mean.

    Raises ``NotFound``, and ``ServiceRefused`` for an alias, through which the server would delete
    the collection behind it.
    """
    leading = collections.aliases(server)
    if name in leading and name not in collection_names(server):
        raise ServiceRefused(
            f"{name!r} is an alias and leads to {leading[name]!r}; name the collection to delete"
        )
    remote = describe_collection(server, name)
    return DeletionPlan(name, int(remote["num_documents"]), tuple(remote["aliases"]))


def delete_collection(server: SearchServer, planned: DeletionPlan) -> None:
    """Delete a collection with its documents."""
    collections.drop(server, path_part(planned.collection))


def _leading_to(leading: dict[str, str], collection: str) -> list[str]:
    return sorted(alias for alias, target in leading.items() if target == collection)
