"""``pyfa local``: the servers of the one-machine stack, each alone in the foreground."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import UsageError
from ..index.nodes import ENDPOINT
from ..local.search import server as search
from ..local.upstreams import server as upstreams
from ..local.upstreams.options import Faults, Options
from ..settings import load_settings
from . import output

NAME = "local"
HELP = "Start a server of the one-machine stack in the foreground."
EXAMPLE = """examples:
  pyfa local search --port 8108
  pyfa local upstreams --port 8081 --projects 20000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the servers and their options."""
    servers = parser.add_subparsers(dest="server", metavar="SERVER", required=True)
    _add_search(servers.add_parser("search", help="a search server that answers as Typesense does"))
    _add_upstreams(servers.add_parser("upstreams", help="a sample PyPI to try and test with"))


def run(arguments: argparse.Namespace) -> int:
    """Run a server until it is told to end."""
    serve = _search if arguments.server == "search" else _upstreams
    return serve(arguments)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=port, default=8108, help="port, 0 for any (%(default)s)")
    parser.add_argument("--api-key", help="admin key (default: one made and kept in the data dir)")
    parser.add_argument("--data-dir", type=Path, help="folder of its data (default: PYF_DATA_DIR)")


def _add_upstreams(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=port, default=8081, help="port, 0 for any (%(default)s)")
    parser.add_argument(
        "--projects",
        type=int,
        default=2000,
        metavar="N",
        help="size of the catalogue (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, another catalogue")
    parser.add_argument(
        "--share", type=float, default=0.02, help="share that carries the framework (%(default)s)"
    )
    parser.add_argument(
        "--framework", default="Framework :: Plone", help="classifier family (%(default)s)"
    )
    parser.add_argument(
        "--from",
        dest="recorded",
        type=Path,
        metavar="DIR",
        help="serve the recorded answers of this folder instead",
    )
    for name in ("429", "503", "reset", "truncated", "malformed"):
        parser.add_argument(
            f"--rate-{name}", type=float, default=0.0, metavar="SHARE", help=f"faults: {name}"
        )
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="of answers")


def _search(arguments: argparse.Namespace) -> int:
    data_dir = arguments.data_dir or load_settings().pyf_data_dir
    endpoint = data_dir / ENDPOINT

    def ready(url: str) -> None:
        endpoint.write_text(f'{{"url": "{url}"}}\n', "utf-8")
        output.say(f"listening on {url}")

    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        search.run(arguments.host, arguments.port, arguments.api_key, data_dir, ready=ready)
    except OSError as error:
        raise UsageError(f"the search server cannot be started: {error}") from None
    finally:
        endpoint.unlink(missing_ok=True)
    return 0


def _upstreams(arguments: argparse.Namespace) -> int:
    faults = Faults(
        latency=arguments.latency,
        rate_429=arguments.rate_429,
        rate_503=arguments.rate_503,
        rate_reset=arguments.rate_reset,
        rate_truncated=arguments.rate_truncated,
        rate_malformed=arguments.rate_malformed,
    )
    options = Options(
        host=arguments.host,
        port=arguments.port,
        projects=arguments.projects,
        seed=arguments.seed,
        framework=arguments.framework,
        share=arguments.share,
        recorded=arguments.recorded,
        faults=faults,
    )
    upstreams.run(options, ready=lambda url: output.say(f"listening on {url}"))
    return 0


def port(text: str) -> int:
    """Read a port number for argparse."""
    value = int(text) if text.isdigit() else -1
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return value
