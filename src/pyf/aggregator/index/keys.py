"""API keys of the search server that may search and do nothing else.

A key cannot be changed after its creation. That an old key is to go at a certain time is
therefore written into the description of the key that took its place: it holds on every machine
and needs no file. ``remove_due_keys`` deletes the old ones when their time has come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from typesense.exceptions import ObjectAlreadyExists

from ..errors import NotFound, ServiceRefused
from .client import SearchServer

SEARCH = "documents:search"
FAR_FUTURE = 64_723_363_199
"""The Unix second at which the server lets a key expire that was made without an expiry."""
_REPLACING = re.compile(r"search only: (?P<name>.+); replaces (?P<ids>\d+(,\d+)*) on (?P<due>\S+Z)")


@dataclass(frozen=True)
class SearchKey:
    """A key that may only search. ``value`` is known at its creation and never again."""

    id: int
    value: str


@dataclass(frozen=True)
class SearchKeyInfo:
    """A search-only key as the server lists it; times in Unix seconds, ``None`` for never.

    ``prefix`` are the first characters of its value, ``due`` is when it is to be deleted because
    another one took its place.
    """

    id: int
    description: str
    collections: tuple[str, ...]
    prefix: str
    expires_at: int | None
    due: int | None = None


@dataclass(frozen=True)
class KeyRotation:
    """A new key, those it replaces (with their ``due``), and the ids of keys deleted just now."""

    new: SearchKey
    replaced: tuple[SearchKeyInfo, ...]
    removed: tuple[int, ...]


def create_search_key(
    server: SearchServer, name: str, *, value: str | None = None, note: str = ""
) -> SearchKey:
    """Make a key that may search the collection ``name`` and its versions, and nothing else.

    Raises ``ServiceRefused`` for a value that another key has. Typesense compares a key's
    collections, as regular expressions, with the name in the request.
    """
    body: dict[str, object] = {
        "description": f"search only: {name}{note}",
        "actions": [SEARCH],
        "collections": _patterns(name),
    }
    if value is not None:
        body["value"] = value
    try:
        answer = server.call(lambda client: client.keys.create(body))
    except ServiceRefused as error:
        if isinstance(error.__cause__, ObjectAlreadyExists):
            raise ServiceRefused(f"{server.url} has a key of this value already") from None
        raise
    return SearchKey(int(answer["id"]), str(answer["value"]))


def search_keys(server: SearchServer) -> list[SearchKeyInfo]:
    """Return the keys that may search and nothing else, by id."""
    found = {key.id: key for key in map(_key_info, _search_only(server))}
    for newer in list(found.values()):
        for id_, due in _replaced_by(newer, found):
            older = found[id_]
            first = due if older.due is None else min(due, older.due)
            found[id_] = _with_due(older, first)
    return [found[id_] for id_ in sorted(found)]


def delete_key(server: SearchServer, id_: int) -> str:
    """Delete a key of whatever kind; return its description. Raises ``NotFound``."""
    try:
        listed = server.call(lambda client: client.keys[id_].retrieve())
        server.call(lambda client: client.keys[id_].delete())
    except NotFound:
        raise NotFound(f"there is no API key with the id {id_} on {server.url}") from None
    return str(listed.get("description", ""))


def rotate_search_key(
    server: SearchServer, name: str, *, grace: int, now: int, value: str | None = None
) -> KeyRotation:
    """Make a new search-only key for a collection; the present ones are due in ``grace`` seconds.

    Keys whose time has come are deleted on the way.
    """
    removed = remove_due_keys(server, now=now, name=name)
    present = [key for key in search_keys(server) if _serves(key, name)]
    due = now + grace
    note = ""
    if present:
        note = f"; replaces {','.join(str(key.id) for key in present)} on {_format_time(due)}"
    new = create_search_key(server, name, value=value, note=note)
    replaced = [_with_due(key, min(key.due or due, due)) for key in present]
    removed += remove_due_keys(server, now=now, name=name)
    return KeyRotation(new, tuple(replaced), tuple(removed))


def remove_due_keys(server: SearchServer, *, now: int, name: str | None = None) -> list[int]:
    """Delete the replaced keys whose grace is over, of one collection or all; return their ids."""
    due = [
        key.id
        for key in search_keys(server)
        if key.due is not None and key.due <= now and (name is None or _serves(key, name))
    ]
    for id_ in due:
        delete_key(server, id_)
    return due


def _patterns(name: str) -> list[str]:
    return [re.escape(name), f"{re.escape(name)}-[0-9]+"]


def _search_only(server: SearchServer) -> list[Mapping[str, Any]]:
    answer = server.call(lambda client: client.keys.retrieve())
    return [key for key in answer["keys"] if key["actions"] == [SEARCH]]


def _key_info(key: Mapping[str, Any]) -> SearchKeyInfo:
    expires_at = int(key.get("expires_at", FAR_FUTURE))
    return SearchKeyInfo(
        id=int(key["id"]),
        description=str(key.get("description", "")),
        collections=tuple(key["collections"]),
        prefix=str(key.get("value_prefix", "")),
        expires_at=None if expires_at >= FAR_FUTURE else expires_at,
    )


def _replaced_by(
    newer: SearchKeyInfo, known: Mapping[int, SearchKeyInfo]
) -> Sequence[tuple[int, int]]:
    """Which keys a key replaces, and when.

    Only older ones for the same collection count: a description is free text.
    """
    match = _REPLACING.fullmatch(newer.description)
    if match is None:
        return []
    try:
        due = int(datetime.fromisoformat(match["due"]).timestamp())
    except ValueError:
        return []
    ids = (int(text) for text in match["ids"].split(","))
    return [
        (id_, due)
        for id_ in ids
        if id_ < newer.id and id_ in known and _serves(known[id_], match["name"])
    ]


def _serves(key: SearchKeyInfo, name: str) -> bool:
    """Tell whether a key was made for this collection and no other."""
    return bool(key.collections) and set(key.collections) <= {name, *_patterns(name)}


def _with_due(key: SearchKeyInfo, due: int) -> SearchKeyInfo:
    return replace(key, due=due)


def _format_time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
