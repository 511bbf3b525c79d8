"""How bad a vulnerability is: a word and a number, from CVSS vectors or a database's own word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

__all__ = ["LEVELS", "UNKNOWN", "Severity", "rate_severity", "severity_of_vector"]

LEVELS = ("unknown", "none", "low", "medium", "high", "critical")
"""The words, from mild to bad; ``unknown`` where nobody rated."""

_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "none"))
_WORDS = {level: level for level in LEVELS} | {"moderate": "medium", "important": "high"}
_Scheme = Callable[[str], Any]
# The newest scheme first: it is the one that its raters meant to count.
_SCHEMES: Mapping[str, _Scheme] = {"CVSS_V4": CVSS4, "CVSS_V3": CVSS3, "CVSS_V2": CVSS2}


@dataclass(frozen=True, slots=True)
class Severity:
    """``level`` is one of ``LEVELS``, ``score`` 0 to 10 or None where there is no vector."""

    level: str
    score: float | None = None
    vector: str = ""

    @property
    def rank(self) -> tuple[int, float]:
        """What ``max`` finds the worst by."""
        return LEVELS.index(self.level), self.score or 0.0


UNKNOWN = Severity("unknown")


def rate_severity(holder: Mapping[str, Any]) -> Severity:
    """Rate an OSV record or one of its ``affected``: by its vectors, else by its database's word.

    Vectors count from CVSS 4 down to 2; one that cannot be read is passed over. The word stands in
    ``database_specific`` or ``ecosystem_specific``.
    """
    rated = (_from_vector(scheme, vector) for scheme, vector in _vectors(holder))
    return next(filter(None, rated), None) or _from_words(holder)


@lru_cache(maxsize=8192)
def severity_of_vector(scheme: str, vector: str) -> Severity | None:
    """Compute the base score of a vector, ``scheme`` as OSV calls it; None for what is none."""
    try:
        score = float(_SCHEMES[scheme](vector).base_score)
    except (CVSSError, KeyError, ValueError, ArithmeticError):
        return None
    level = next(level for least, level in _BANDS if score >= least)
    # Version 2 ends at "high"; the next word came with version 3.
    level = "high" if scheme == "CVSS_V2" and level == "critical" else level
    return Severity(level, score, vector)


def _from_vector(scheme: str, vector: str) -> Severity | None:
    return severity_of_vector(scheme, vector.strip())


def _vectors(holder: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = holder.get("severity")
    listed = given if isinstance(given, list) else []
    entries = [entry for entry in listed if isinstance(entry, Mapping)]
    for scheme in _SCHEMES:
        for entry in entries:
            score = entry.get("score")
            if entry.get("type") == scheme and isinstance(score, str):
                yield scheme, score


def _from_words(holder: Mapping[str, Any]) -> Severity:
    for key in ("database_specific", "ecosystem_specific"):
        specific = holder.get(key)
        word = specific.get("severity") if isinstance(specific, Mapping) else None
        if isinstance(word, str) and word.strip().lower() in _WORDS:
            return Severity(_WORDS[word.strip().lower()])
    return UNKNOWN
