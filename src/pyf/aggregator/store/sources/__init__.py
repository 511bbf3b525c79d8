"""Where download counts come from: one class each, all of the same kind (``base.Source``)."""

from __future__ import annotations

from .base import SOURCE_NAMES, CostEstimate, DownloadSource, InvalidFile, NoData
from .factory import open_source

__all__ = ["SOURCE_NAMES", "CostEstimate", "DownloadSource", "InvalidFile", "NoData", "open_source"]
