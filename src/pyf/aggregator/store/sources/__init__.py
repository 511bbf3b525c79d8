"""Where download counts come from: one class each, all of the same kind (``base.Source``)."""

from __future__ import annotations

from .base import NAMES, Estimate, NoData, Source, WrongFile
from .choose import open_source

__all__ = ["NAMES", "Estimate", "NoData", "Source", "WrongFile", "open_source"]
