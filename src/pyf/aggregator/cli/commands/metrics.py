"""``pyfa metrics``: what there is to watch, for Prometheus."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...profiles import load_profiles
from ...running_stack.broker import with_broker
from ...serving import port_number
from ...settings import load_settings
from ..common import output, signals

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

NAME = "metrics"
HELP = "Serve Prometheus metrics of the queue and the index (see docs/operations.md)"
EXAMPLE = """examples:
  pyfa metrics --port 9109          until Ctrl-C; Prometheus asks /metrics
  pyfa metrics --once               print them and end

Redis and the search server are asked at each scrape. One that is away costs its own metrics;
Each scrape asks Redis and the search server. If one is unavailable, its metrics are missing and
pyf_up says so."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=9109, help="port, 0 for any (%(default)s)"
    )
    parser.add_argument("--once", action="store_true", help="print the metrics on stdout and end")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to end, or print once; return the exit status."""
    # Celery and the client of Prometheus take their time to import.
    from prometheus_client import generate_latest

    from ...queue import metrics

    settings = load_settings()
    registry = metrics.metrics_registry(lambda: with_broker(settings), load_profiles(settings))
    if arguments.once:
        sys.stdout.write(generate_latest(registry).decode())
        return 0
    return _serve(arguments.host, arguments.port, registry)


def _serve(host: str, number: int, registry: CollectorRegistry) -> int:
    from prometheus_client import start_http_server

    with signals.stop_event() as ended:
        try:
            server, thread = start_http_server(number, host, registry)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"{host}:{number} cannot be listened on: {reason}") from None
        output.say(f"listening on http://{host}:{server.server_port}/metrics")
        sys.stdout.flush()
        ended.wait()
    server.shutdown()
    server.server_close()
    thread.join()
    return 0
