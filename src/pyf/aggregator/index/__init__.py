"""Typesense: collections and aliases, keys, bulk writes, filters."""

from __future__ import annotations

from .client import SearchServer
from .writer import BulkWriter, Refusal

__all__ = ["BulkWriter", "Refusal", "SearchServer"]
