"""Runs the sample in the foreground until it is told to stop."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ...serving import address_of, configuration, listen, serve
from .app import Sample
from .quota import Quotas
from .world import World


def run(arguments: argparse.Namespace, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; PortInUse where something else listens already."""
    given = arguments
    quotas = Quotas(given.points, given.anonymous, given.window, given.per_minute, given.minute)
    sample = Sample(World(given.dead, given.renamed, given.seed), quotas, given.token)
    listener = listen(given.host, given.port)
    url = address_of(given.host, listener)
    serve(configuration(sample.application()), listener, lambda: ready(url) if ready else None)
