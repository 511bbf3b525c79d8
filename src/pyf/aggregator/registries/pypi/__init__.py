"""PyPI and indexes that answer as it does."""

from __future__ import annotations

from .client import PyPI

__all__ = ["PyPI"]
