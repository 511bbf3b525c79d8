"""The command line of the sample, for both ways to start it."""

from __future__ import annotations

import argparse

from ...serving import port_number
from .rate_limits import GitHubRateLimits
from .repositories import SampleRepositories


def add_arguments(parser: argparse.ArgumentParser, *, default_port: int = 0) -> None:
    """Declare the options."""
    quotas, world = GitHubRateLimits(), SampleRepositories()
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=port_number, default=default_port, help="0 takes a free one (%(default)s)")
    add("--token", default="", help="the only token that is taken (default: any)")
    add("--points", type=int, default=quotas.points, help="an hour, with a token (%(default)s)")
    add("--anonymous", type=int, default=quotas.anonymous, help="without one (%(default)s)")
    add("--window", type=float, default=quotas.window, help="seconds of that hour (%(default)s)")
    add("--per-minute", type=int, default=quotas.per_minute, help="requests (%(default)s)")
    add("--minute", type=float, default=quotas.minute, help="seconds of that (%(default)s)")
    add("--dead", type=float, default=world.dead, help="share that is gone (%(default)s)")
    add("--renamed", type=float, default=world.renamed, help="share that moved (%(default)s)")
    add("--seed", type=int, default=world.seed, help="another seed, other facts")
