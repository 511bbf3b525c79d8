"""GitHub's API: facts of repositories, many at once where there is a token."""

from __future__ import annotations

from .client import GitHub, Looked
from .limits import LimitReached
from .model import Contributor, Facts

__all__ = ["Contributor", "Facts", "GitHub", "LimitReached", "Looked"]
