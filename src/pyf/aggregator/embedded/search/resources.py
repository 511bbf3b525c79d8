"""Presets, synonyms and stopwords: small named things kept beside the collections."""

from __future__ import annotations

from typing import Any

import orjson

from .errors import ApiError, bad_request, not_found
from .storage import Storage
from .text import Synonym

EVERYWHERE = 0
PRESET, SYNONYM, STOPWORDS = "preset", "synonym", "stopwords"


class Resources:
    """Named JSON objects of a kind, of the whole server or of one collection (``scope``)."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._held: dict[tuple[str, int, str], dict[str, Any]] = {}
        with storage.read() as db:
            rows: Any = db.execute("SELECT kind, scope, name, body FROM resources")
            for kind, scope, name, body in rows:
                self._held[kind, scope, name] = orjson.loads(body)

    def put(self, kind: str, scope: int, name: str, body: dict[str, Any]) -> None:
        with self._storage.exclusive():
            with self._storage.write() as db:
                db.execute(
                    "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?)",
                    (kind, scope, name, orjson.dumps(body)),
                )
            self._held = {**self._held, (kind, scope, name): body}

    def get(self, kind: str, scope: int, name: str) -> dict[str, Any] | None:
        return self._held.get((kind, scope, name))

    def all(self, kind: str, scope: int) -> list[tuple[str, dict[str, Any]]]:
        return [(key[2], body) for key, body in self._held.items() if key[:2] == (kind, scope)]

    def delete(self, kind: str, scope: int, name: str) -> None:
        gone = (kind, scope, name)
        with self._storage.exclusive():
            with self._storage.write() as db:
                db.execute("DELETE FROM resources WHERE kind = ? AND scope = ? AND name = ?", gone)
            self._held = {key: kept for key, kept in self._held.items() if key != gone}

    def forget_scope(self, scope: int) -> None:
        """A collection is gone, and with it (in the file already) what belonged to it."""
        with self._storage.exclusive():
            self._held = {key: kept for key, kept in self._held.items() if key[1] != scope}

    def put_preset(self, name: str, body: Any) -> dict[str, Any]:
        value = body.get("value") if isinstance(body, dict) else None
        if not isinstance(value, dict):
            raise bad_request("Parameter `value` is required.")
        self.put(PRESET, EVERYWHERE, name, value)
        return {"name": name, "value": value}

    def preset(self, name: str) -> dict[str, Any]:
        value = self.get(PRESET, EVERYWHERE, name)
        if value is None:
            raise not_found("Not found.")
        return {"name": name, "value": value}

    def put_synonym(self, scope: int, name: str, body: Any) -> dict[str, Any]:
        checked = _check_synonym(body)
        self.put(SYNONYM, scope, name, checked)
        return {"id": name} | checked

    def synonym(self, scope: int, name: str) -> dict[str, Any]:
        body = self.get(SYNONYM, scope, name)
        if body is None:
            raise not_found("Could not find that `id`.")
        return {"id": name} | body

    def synonyms_of(self, scope: int) -> tuple[Synonym, ...]:
        """The synonyms of a collection as the text search takes them."""
        return tuple(
            Synonym(
                synonyms=tuple(body["synonyms"]),
                root=body.get("root", ""),
                symbols_to_index=tuple(body.get("symbols_to_index", ())),
            )
            for _, body in self.all(SYNONYM, scope)
        )

    def put_stopwords(self, name: str, body: Any) -> dict[str, Any]:
        words = body.get("stopwords") if isinstance(body, dict) else None
        if not _strings(words):
            raise bad_request("Parameter `stopwords` is required and should be an array of string.")
        self.put(STOPWORDS, EVERYWHERE, name, {"stopwords": words})
        return {"id": name, "stopwords": words}

    def stopwords(self, name: str) -> dict[str, Any]:
        body = self.get(STOPWORDS, EVERYWHERE, name)
        if body is None:
            raise ApiError(404, "Stopword `" + name + "` not found.")
        return {"id": name} | body


def _check_synonym(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("Bad JSON.")
    if "synonyms" not in body:
        raise bad_request("Could not find an array of `synonyms`")
    if not _strings(body["synonyms"]):
        raise bad_request("Could not find a valid string array of `synonyms`")
    if not isinstance(body.get("root", ""), str):
        raise bad_request("Key `root` should be a string.")
    if not _strings(body.get("symbols_to_index", ["-"])):
        raise bad_request("Symbols to index must be an array of string.")
    known = ("synonyms", "root", "symbols_to_index", "locale")
    return {name: body[name] for name in known if name in body}


def _strings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
