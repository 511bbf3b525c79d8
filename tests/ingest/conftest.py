"""A statistics store for the tests of this room, too."""

from __future__ import annotations

from ..store.conftest import store, store_location, store_server

__all__ = ["store", "store_location", "store_server"]
