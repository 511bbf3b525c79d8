"""A description in, safe HTML out, split into what frontends show apart; nothing here does I/O."""

from __future__ import annotations

from .render import README_FIELDS, Readme, plain_readme, render_readme
from .sanitizer import sanitize
from .screenshots import Picture, classify_picture, pictures

__all__ = [
    "README_FIELDS",
    "Picture",
    "Readme",
    "classify_picture",
    "pictures",
    "plain_readme",
    "render_readme",
    "sanitize",
]
