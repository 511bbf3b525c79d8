"""A description in, safe HTML out, split into what frontends show apart; nothing here does I/O."""

from __future__ import annotations

from .render import README_FIELDS, Readme, plain_readme, render_readme
from .safe import sanitize
from .screenshots import Picture, judge, pictures

__all__ = [
    "README_FIELDS",
    "Picture",
    "Readme",
    "judge",
    "pictures",
    "plain_readme",
    "render_readme",
    "sanitize",
]
