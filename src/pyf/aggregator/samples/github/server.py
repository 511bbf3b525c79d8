"""Runs the sample in the foreground until it is told to stop."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ...serving import address_of, listen, serve, uvicorn_config
from .app import SampleGitHub
from .rate_limits import GitHubRateLimits
from .repositories import SampleRepositories


def run(arguments: argparse.Namespace, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; PortInUse where something else listens already."""
    given = arguments
    quotas = GitHubRateLimits(
        given.points, given.anonymous, given.window, given.per_minute, given.minute
    )
    sample = SampleGitHub(
        SampleRepositories(given.dead, given.renamed, given.seed), quotas, given.token
    )
    listener = listen(given.host, given.port)
    url = address_of(given.host, listener)
    serve(uvicorn_config(sample.application()), listener, lambda: ready(url) if ready else None)
