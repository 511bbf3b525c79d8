"""Names of generated projects: all spellings the real index holds, unique when normalised."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .words import ADJECTIVES, NOUNS, SYLLABLES

WIDTH = 48
"""Bytes kept for a name; the longest made here is shorter."""

Names = NDArray[np.bytes_]

_RUNS = re.compile(r"[-_.]+")
_FAMILY = (
    "{root}-{a}-{b}",
    "{root}.{a}{b}",
    "{root}_{a}_{b}",
    "collective.{a}.{b}",
    "{root}.app.{a}{b}",
    "Products.{A}{B}{Root}",
    "{a}-{root}-{b}",
    "{Root}{A}{B}",
)
_GENERAL = (
    "{q}-{a}-{b}",
    "{word}-{a}",
    "{word}{a}",
    "{q}_{a}",
    "py-{word}-{a}",
    "{q}{A}{B}",
    "{word}.{a}.{b}",
    "{Q}-{Word}",
    "{word}",
    "{q}.{word}",
    "{a}-{b}-{word}",
    "py{word}",
    "{word}_{q}_{a}",
    "{a}2{b}-{word}",
)


def names(rng: np.random.Generator, family: NDArray[np.bool_], framework: str) -> Names:
    """Return one display name per project; ``family`` marks those of the framework."""
    root = re.sub(r"[^a-z0-9]", "", framework.rsplit(" :: ", 1)[-1].lower()) or "plugin"
    draws = rng.integers(0, 1 << 30, size=(len(family), 8)).tolist()
    made = np.empty(len(family), dtype=f"S{WIDTH}")
    seen: set[str] = set()
    for index, (drawn, inside) in enumerate(zip(draws, family.tolist(), strict=True)):
        name = _name(drawn, _FAMILY if inside else _GENERAL, root)
        if (key := _RUNS.sub("-", name).lower()) in seen:
            name, key = f"{name}-{index}", f"{key}-{index}"
        seen.add(key)
        made[index] = name.encode()
    return made


def normalized_names(made: Names) -> Names:
    """Return the names as addresses use them."""
    result = np.empty_like(made)
    for index, name in enumerate(made.tolist()):
        result[index] = _RUNS.sub("-", name.decode()).lower().encode()
    return result


def _name(drawn: list[int], patterns: tuple[str, ...], root: str) -> str:
    pattern, first, second, quality, *syllables = drawn
    a, b = NOUNS[first % len(NOUNS)], NOUNS[second % len(NOUNS)]
    q = ADJECTIVES[quality % len(ADJECTIVES)]
    word = "".join(SYLLABLES[each % len(SYLLABLES)] for each in syllables[: 2 + pattern % 3])
    return patterns[pattern % len(patterns)].format(
        a=a, b=b, q=q, word=word, root=root, A=a.title(), B=b.title(), Q=q.title(),
        Word=word.title(), Root=root.title(),
    )  # fmt: skip
