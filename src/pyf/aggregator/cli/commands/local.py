"""``pyfa local``: the servers of the one-machine stack, each alone in the foreground."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...errors import UsageError
from ...index.nodes import ENDPOINT
from ...samples.github import arguments as github_arguments
from ...samples.pypi import arguments as upstreams_arguments
from ...serving import port_number
from ...settings import load_settings
from ..common import output

NAME = "local"
HELP = "Start one server of the one-machine stack in the foreground"
EXAMPLE = """examples:
  pyfa local search --port 8108
  pyfa local upstreams --port 8081 --projects 20000
  pyfa local github --port 8082"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the servers and their options."""
    servers = parser.add_subparsers(dest="server", metavar="SERVER", required=True)
    _add_search(servers.add_parser("search", help="a search server that answers as Typesense does"))
    sample = servers.add_parser("upstreams", help="a sample PyPI to try and test with")
    upstreams_arguments.add_arguments(sample, default_port=8081)
    other = servers.add_parser("github", help="a sample GitHub to try and test with")
    github_arguments.add_arguments(other, default_port=8082)


def run(arguments: argparse.Namespace) -> int:
    """Run a server until it is told to end."""
    serve = {"search": _search, "upstreams": _upstreams, "github": _github}
    return serve[arguments.server](arguments)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=8108, help="port, 0 for any (%(default)s)"
    )
    parser.add_argument("--api-key", help="admin key (default: one made and kept in the data dir)")
    parser.add_argument("--data-dir", type=Path, help="folder of its data (default: PYF_DATA_DIR)")


def _search(arguments: argparse.Namespace) -> int:
    # The servers take their time to import; no other command should wait for that.
    from ...embedded.search import server as search

    data_dir = arguments.data_dir or load_settings().pyf_data_dir
    endpoint = data_dir / ENDPOINT

    def ready(url: str) -> None:
        # Commands without settings find the server by this file and the key beside it.
        if arguments.api_key is None:
            endpoint.write_text(f'{{"url": "{url}"}}\n', "utf-8")
        output.say(f"listening on {url}")

    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        search.run(arguments.host, arguments.port, arguments.api_key, data_dir, ready=ready)
    except OSError as error:
        raise UsageError(f"the search server cannot be started: {error}") from None
    endpoint.unlink(missing_ok=True)
    return 0


def _github(arguments: argparse.Namespace) -> int:
    from ...samples.github import server as github

    github.run(arguments, ready=lambda url: output.say(f"listening on {url}"))
    return 0


def _upstreams(arguments: argparse.Namespace) -> int:
    from ...samples.pypi import server as upstreams

    options = upstreams_arguments.options_from(arguments)
    upstreams.run(options, ready=lambda url: output.say(f"listening on {url}"))
    return 0
