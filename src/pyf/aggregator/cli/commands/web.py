"""``pyfa web``: pages, API, badges."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from ...errors import UsageError
from ...serving import port_number
from ...settings import load_settings
from ..common import output

NAME = "web"
HELP = "Serve the pages, the JSON API, badges and feeds"
EXAMPLE = """examples:
  pyfa web                          on WEB_HOST and WEB_PORT, until Ctrl-C
  pyfa web --port 0                 on any free port; the first line says which
  pyfa web --workers 4              several processes that share the port

It only reads: the search server with a search-only key in browsers, the store as a user that may
The site only reads. Browsers get a search-only key; the store user is read-only. Pages say which
service is unavailable and show the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", help="address to listen on (default: WEB_HOST)")
    parser.add_argument("--port", type=port_number, help="port, 0 for any (default: WEB_PORT)")
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="processes (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to end; return the exit status."""
    serving = _serving()
    settings = load_settings()
    host = arguments.host or settings.web_host
    number = settings.web_port if arguments.port is None else arguments.port
    serving.run(settings, host, number, arguments.workers, _announce)
    return 0


def _serving() -> ModuleType:
    try:
        from ...web import serving
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pyf."):
            raise
        raise UsageError(
            f"the web application needs {error.name}: pip install 'pyf.aggregator[web]'"
        ) from None
    return serving


def _announce(url: str) -> None:
    output.say(f"listening on {url}")
    sys.stdout.flush()


def _workers(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError("a number from 1 to 64")
    return value
