"""As of which serial projects were looked at that no collection holds, so that none is in vain.

A cache: losing it costs requests, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..ingest.multi_profile import ActiveProfile, LastInspection
from ..names import NormalizedName
from .redis_client import UNAVAILABLE, Client

TTL = 2 * 86_400


class InspectionCache:
    """What was seen by the profiles of this moment; other profiles or collections see anew."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def get(self, name: NormalizedName, stocks: Sequence[ActiveProfile]) -> LastInspection | None:
        """Return what is remembered of a project."""
        try:
            text = self._redis.get(_key(name))
        except UNAVAILABLE:
            return None
        if text is None:
            return None
        serial, latest, scope = str(text).split("\n")
        return LastInspection(int(serial), latest) if scope == _scope(stocks) else None

    def note(
        self, name: NormalizedName, stocks: Sequence[ActiveProfile], seen: LastInspection | None
    ) -> None:
        """Remember a look."""
        if seen is None:
            return
        text = f"{seen.serial}\n{seen.latest}\n{_scope(stocks)}"
        try:
            self._redis.set(_key(name), text, ex=TTL)
        except UNAVAILABLE:
            return


def _key(name: NormalizedName) -> str:
    return f"pyf:seen:{name}"


def _scope(stocks: Sequence[ActiveProfile]) -> str:
    return hashlib.sha256(repr(list(stocks)).encode()).hexdigest()[:16]
