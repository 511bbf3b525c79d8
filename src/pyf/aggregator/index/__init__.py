"""Typesense: collections and aliases, keys, bulk writes, filters."""

from __future__ import annotations

from .client import SearchServer
from .writer import BulkWriter, RefusedDocument

__all__ = ["BulkWriter", "RefusedDocument", "SearchServer"]
