"""Requests of a full fetch by ``browse``, and of a second one without changes."""

from __future__ import annotations

import argparse

from pyf.aggregator.ingest.fetch_collection import FetchOptions, aggregate

from . import common


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return the counts and their ratio to what is necessary."""
    with common.stack(arguments.projects) as stack:
        order = FetchOptions(common.PROFILE, "full", stack.since)
        first = aggregate(stack.settings(), stack.server, order)
        stack.control("reset_stats")
        second = aggregate(stack.settings(), stack.server, order)
        asked = stack.control("stats")["requests"]
    necessary = len(common.PROFILE.classifiers) + first.indexed
    return {
        "projects": arguments.projects,
        "matched": first.matched,
        "classifiers": len(common.PROFILE.classifiers),
        "releases": first.indexed,
        "requests": first.requests,
        "over_necessary_percent": 100.0 * (first.requests - necessary) / necessary,
        "seconds": first.seconds,
        "second_run_requests": second.requests,
        "second_run_release_requests": sum(
            count for kind, count in asked.items() if kind in ("project_json", "release_json")
        ),
        "second_run_indexed": second.indexed,
        "second_run_seconds": second.seconds,
    }


if __name__ == "__main__":
    common.main(
        "full fetch of a profile (aim: at most 5 % over classifiers + releases; then none)",
        measure,
        common.command(__doc__, ("--projects", 20_000, "sample projects, 2 % of them in it")),
    )
