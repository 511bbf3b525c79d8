"""Recall on recorded malicious names, false positives among popular ones, names judged a second.

Which of the malicious names imitate a popular project is judged by hand, in
tests/documents/imitations.py. "Newcomers" are the popular names judged as if nobody knew their
downloads: what would be suspected if they were registered today.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import islice

from tests.documents.imitations import IMITATIONS, UNPOPULAR
from tests.shared import SHARED

from pyf.aggregator.documents.typosquats import PopularProjects, ProjectPopularity, detect_typosquat
from pyf.aggregator.names import normalize_name

from . import common

CORPUS = SHARED / "corpus"


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the figures; name on stderr what was missed and what was suspected wrongly."""
    rows = json.loads((CORPUS / "downloads" / "top-pypi-packages.json").read_bytes())["rows"]
    popular = [
        ProjectPopularity(normalize_name(row["project"]), row["download_count"]) for row in rows
    ]
    begun = time.perf_counter()
    corpus = PopularProjects(popular)
    built = time.perf_counter() - begun
    found = {
        name
        for name in IMITATIONS
        if detect_typosquat(ProjectPopularity(normalize_name(name)), corpus)
    }
    flagged = [
        known.name for known in popular if detect_typosquat(ProjectPopularity(known.name), corpus)
    ]
    newcomers = [
        known.name
        for known in popular
        if detect_typosquat(ProjectPopularity(known.name, 0), corpus)
    ]
    missed = sorted(IMITATIONS.keys() - found)
    print(
        f"missed: {' '.join(missed)}", f"suspected: {' '.join(flagged)}", sep="\n", file=sys.stderr
    )
    return {
        "malicious_names_that_imitate": len(IMITATIONS),
        "recall_percent": 100 * len(found) / len(IMITATIONS),
        "imitating_what_is_not_popular": len(UNPOPULAR),
        "popular_names": len(popular),
        "suspected_popular_names": len(flagged),
        "false_positive_percent": 100 * len(flagged) / len(popular),
        "suspected_as_newcomers_percent": 100 * len(newcomers) / len(popular),
        "index_seconds": built,
        **_speed(corpus, arguments.names),
    }


def _speed(corpus: PopularProjects, count: int) -> common.Figures:
    """Judge so many names made of the words of recorded ones, as those of a registry are."""
    kinds = json.loads((CORPUS / "hard" / "version-lists-mixed.json").read_bytes())
    words = sorted(
        {word for name in (*kinds, *IMITATIONS) for word in normalize_name(name).split("-")}
    )
    pairs = (f"{one}-{other}" for one in words for other in words)
    names = list(islice(pairs, count))
    begun = time.perf_counter()
    for name in names:
        detect_typosquat(ProjectPopularity(normalize_name(name)), corpus)
    seconds = time.perf_counter() - begun
    return {
        "names_a_second": len(names) / seconds,
        "seconds_for_700000": 700_000 * seconds / len(names),
    }


if __name__ == "__main__":
    common.main(
        "typosquats (aim: recall over 80 %, under 0.2 % of the popular names suspected)",
        measure,
        common.command(__doc__, ("--names", 30_000, "names to judge for the speed")),
    )
