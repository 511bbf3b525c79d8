"""Project names: one normaliser for every edge."""

from __future__ import annotations

from packaging.utils import NormalizedName, canonicalize_name

__all__ = ["NormalizedName", "normalize"]


def normalize(name: str) -> NormalizedName:
    """Return the PEP 503 form of a project name (``Plone.API`` -> ``plone-api``)."""
    return canonicalize_name(name.strip())
