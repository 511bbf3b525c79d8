"""API keys: the admin key, stored keys, and scoped search keys with embedded parameters."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from .errors import ApiError, bad_request, forbidden, not_found
from .storage import Storage

FAR_FUTURE = 64_723_363_199
PREFIX_LENGTH = 4
DIGEST_LENGTH = 44
GENERATED_LENGTH = 32
SEARCH = "documents:search"
WRONG_LIST = "Wrong format for `{}`. It should be an array of string."
WRONG_EXPIRY = "Wrong format for `expires_at`. It should be an unsigned integer."


@dataclass(frozen=True)
class ApiKey:
    """A stored key; ``collections`` are names or regular expressions."""

    id: int
    value: str
    description: str
    actions: tuple[str, ...]
    collections: tuple[str, ...]
    expires_at: int = FAR_FUTURE
    autodelete: bool = False

    def as_json(self, *, whole: bool) -> dict[str, Any]:
        """As it is answered; the whole value only right after creation."""
        secret = {"value": self.value} if whole else {"value_prefix": self.value[:PREFIX_LENGTH]}
        return secret | {
            "id": self.id,
            "description": self.description,
            "actions": list(self.actions),
            "collections": list(self.collections),
            "expires_at": self.expires_at,
            "autodelete": self.autodelete,
        }

    def allows(self, action: str, collections: Sequence[str]) -> bool:
        return any(_covers(one, action) for one in self.actions) and all(
            any(_matches_name(pattern, name) for pattern in self.collections)
            for name in collections
        )


@dataclass(frozen=True)
class Grant:
    """What a request may do: search parameters that a scoped key adds and nobody can change."""

    embedded: Mapping[str, Any] = field(default_factory=dict)


class ApiKeys:
    """The keys of a server, held in memory and in its file."""

    def __init__(self, storage: Storage, admin_key: str, clock: Callable[[], float] = time.time):
        self._storage = storage
        self._admin_key = admin_key.encode()
        self._clock = clock
        self._keys: dict[int, ApiKey] = {}
        with storage.read() as db:
            rows: Any = db.execute("SELECT id, value, body FROM keys ORDER BY id")
            for key_id, value, body in rows:
                self._keys[key_id] = _from_row(key_id, value, body)

    def create(self, body: Any) -> ApiKey:
        checked = _validate(body)
        value = checked.get("value") or _generate_key()
        stored = {key: checked[key] for key in checked if key != "value"}
        with self._storage.exclusive():
            if self._is_admin(value) or any(one.value == value for one in self._keys.values()):
                raise ApiError(409, "API key generation conflict.")
            with self._storage.write() as db:
                db.execute("INSERT INTO keys (value, body) VALUES (?, ?)", (value, _dump(stored)))
                key = _from_row(db.last_insert_rowid(), value, _dump(stored))
            self._keys = {**self._keys, key.id: key}
        return key

    def all(self) -> list[ApiKey]:
        self._drop_expired()
        return list(self._keys.values())

    def get(self, key_id: int) -> ApiKey:
        self._drop_expired()
        key = self._keys.get(key_id)
        if key is None:
            raise not_found("Not found.")
        return key

    def delete(self, key_id: int) -> ApiKey:
        with self._storage.exclusive():
            key = self.get(key_id)
            self._remove_keys([key_id])
        return key

    def authorize(self, given: str | None, action: str, collections: Sequence[str]) -> Grant:
        """What the key grants; 401 where it does not allow the action on all the collections."""
        if not given:
            raise forbidden()
        if self._is_admin(given):
            return Grant()
        for key in self._keys.values():
            if hmac.compare_digest(key.value.encode(), given.encode()):
                if self._is_current(key) and key.allows(action, collections):
                    return Grant()
                raise forbidden()
        if action == SEARCH:
            return self._authorize_scoped(given, collections)
        raise forbidden()

    def _authorize_scoped(self, given: str, collections: Sequence[str]) -> Grant:
        try:
            payload = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            raise forbidden() from None
        digest, rest = payload[:DIGEST_LENGTH], payload[DIGEST_LENGTH:]
        prefix, params = rest[:PREFIX_LENGTH], rest[PREFIX_LENGTH:]
        for key in self._keys.values():
            if key.value.encode()[:PREFIX_LENGTH] != prefix:
                continue
            signed = base64.b64encode(hmac.new(key.value.encode(), params, hashlib.sha256).digest())
            if not hmac.compare_digest(signed, digest):
                continue
            # Only a key that may do nothing but search can be the parent of a scoped key.
            if key.actions == (SEARCH,) and key.allows(SEARCH, collections):
                return self._scoped_grant(key, params)
            break
        raise forbidden()

    def _scoped_grant(self, parent: ApiKey, params: bytes) -> Grant:
        try:
            embedded = orjson.loads(params)
        except orjson.JSONDecodeError:
            raise forbidden() from None
        if not isinstance(embedded, dict):
            raise forbidden()
        expires_at = embedded.pop("expires_at", FAR_FUTURE)
        if not isinstance(expires_at, int) or isinstance(expires_at, bool):
            raise forbidden()
        if self._clock() > expires_at or not self._is_current(parent):
            raise forbidden()
        return Grant(embedded)

    def _is_admin(self, given: str) -> bool:
        return hmac.compare_digest(self._admin_key, given.encode())

    def _is_current(self, key: ApiKey) -> bool:
        return self._clock() <= key.expires_at

    def _drop_expired(self) -> None:
        gone = [k.id for k in self._keys.values() if k.autodelete and not self._is_current(k)]
        if gone:
            self._remove_keys(gone)

    def _remove_keys(self, gone: Sequence[int]) -> None:
        with self._storage.exclusive():
            with self._storage.write() as db:
                db.executemany("DELETE FROM keys WHERE id = ?", [(key_id,) for key_id in gone])
            self._keys = {one: kept for one, kept in self._keys.items() if one not in gone}


def _covers(allowed: str, action: str) -> bool:
    if allowed in ("*", action):
        return True
    return allowed.endswith(":*") and action.startswith(allowed[:-1])


def _matches_name(pattern: str, name: str) -> bool:
    if not name or pattern in ("*", name):
        return True
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:
        return False


def _validate(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("Bad JSON.")
    for name in ("description", "actions", "collections"):
        if name not in body:
            raise bad_request(f"Could not find a `{name}` key.")
    if not isinstance(body["description"], str):
        raise bad_request("Wrong format for `description`. It should be a string.")
    for name in ("actions", "collections"):
        listed = body[name]
        if not (isinstance(listed, list) and listed and all(isinstance(i, str) for i in listed)):
            raise bad_request(WRONG_LIST.format(name))
    expires_at = body.get("expires_at", FAR_FUTURE)
    if not isinstance(expires_at, int) or isinstance(expires_at, bool) or expires_at < 0:
        raise bad_request(WRONG_EXPIRY)
    if not isinstance(body.get("autodelete", False), bool):
        raise bad_request("Wrong format for `autodelete`. It should be a boolean.")
    value = body.get("value", "")
    if not isinstance(value, str) or ("value" in body and not value):
        raise bad_request("Wrong format for `value`. It should be a non-empty string.")
    known = ("description", "actions", "collections", "expires_at", "autodelete", "value")
    return {name: body[name] for name in known if name in body}


def _generate_key() -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(GENERATED_LENGTH))


def _from_row(key_id: int, value: str, body: bytes) -> ApiKey:
    stored = orjson.loads(body)
    return ApiKey(
        id=key_id,
        value=value,
        description=stored["description"],
        actions=tuple(stored["actions"]),
        collections=tuple(stored["collections"]),
        expires_at=stored.get("expires_at", FAR_FUTURE),
        autodelete=stored.get("autodelete", False),
    )


def _dump(stored: Mapping[str, Any]) -> bytes:
    return orjson.dumps(stored)
