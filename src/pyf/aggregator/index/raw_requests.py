"""Requests that the official client has no words for, and names as parts of a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .client import SearchServer


def path_part(name: str) -> str:
    """Return a name as one part of a path; the official client takes names as they are."""
    return quote(name, safe="")


def get_json(server: SearchServer, path: str) -> Any:
    """Return the JSON answer of ``GET path``."""
    return server.call(lambda client: client.api_call.get(path, entity_type=dict, as_json=True))


def put_json(server: SearchServer, path: str, body: Mapping[str, Any]) -> Any:
    """Return the JSON answer of ``PUT path``."""
    return server.call(lambda client: client.api_call.put(path, body=body, entity_type=dict))
