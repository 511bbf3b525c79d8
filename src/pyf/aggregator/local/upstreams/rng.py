"""Random generators that draw the same in every run."""

from __future__ import annotations

from random import Random


def drawing(seed: int) -> Random:
    """Return a generator for a seed. What it draws protects nothing: it is sample data."""
    return Random(seed)  # noqa: S311
