"""Scoped search keys: made offline from a search-only key, with parameters nobody can change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from ..errors import NotFound, ServiceRefused
from . import keys
from .client import SearchServer

PREFIX_LENGTH = 4
"""Characters of the parent by which the server finds it."""


def scoped_key(parent: str, embedded: Mapping[str, object]) -> str:
    """Return a key that searches as ``parent`` may, with the embedded search parameters added.

    The server takes the embedded ones over those of a request; ``expires_at`` (Unix seconds)
    among them ends the key. The text that is signed is the text that is sent, byte for byte.
    """
    text = json.dumps(embedded)
    digest = hmac.new(parent.encode(), text.encode(), hashlib.sha256).digest()
    signed = base64.b64encode(digest).decode() + parent[:PREFIX_LENGTH] + text
    return base64.b64encode(signed.encode()).decode()


def check_parent(server: SearchServer, parent: str) -> None:
    """Refuse a parent of which the server would not take scoped keys.

    The server shows only the first characters of its keys, so this finds what cannot work and
    does not prove that the rest does.
    """
    if hmac.compare_digest(parent.encode(), server.key.encode()):
        raise ServiceRefused("the parent is the admin key; a scoped key needs a search-only key")
    answer = server.call(lambda client: client.keys.retrieve())
    alike = [key for key in answer["keys"] if parent.startswith(key["value_prefix"])]
    if not alike:
        raise NotFound(f"{server.url} has no key that begins as the parent does")
    if not any(key["actions"] == [keys.SEARCH] for key in alike):
        raise ServiceRefused(
            f"the parent (key {alike[0]['id']}) may do more than search; "
            "a scoped key needs a search-only key"
        )
