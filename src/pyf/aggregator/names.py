"""Project names: one normaliser for every edge."""

from __future__ import annotations

import re

from packaging.utils import NormalizedName, canonicalize_name

__all__ = ["PROJECT_NAME", "NormalizedName", "normalize_name"]

PROJECT_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
"""How the name of a project is written; nothing else can be one."""


def normalize_name(name: str) -> NormalizedName:
    """Return the PEP 503 form of a project name (``Plone.API`` -> ``plone-api``)."""
    return canonicalize_name(name.strip())
