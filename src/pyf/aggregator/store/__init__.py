"""The statistics store: ClickHouse's tables, and everything that is read from and written to them.

``open_store`` finds it, :class:`Store` speaks to it, ``migrations`` says what stands in it.
"""

from __future__ import annotations

from .client import Store
from .client_errors import QueryFailed
from .connect import open_store
from .location import Location, StoreEmpty, StoreNotSetUp
from .schema import Column, Table, View
from .snapshot import Snapshot

__all__ = [
    "Column",
    "Location",
    "QueryFailed",
    "Snapshot",
    "Store",
    "StoreEmpty",
    "StoreNotSetUp",
    "Table",
    "View",
    "open_store",
]
