"""``pyfa demo``: the main job on this machine alone, offline, in under a minute."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...serving import port_number
from ..common import output, signals
from ..common.progress import PartsProgress, RunProgress

if TYPE_CHECKING:
    from ...samples.demo import Demo

NAME = "demo"
HELP = "Run the main job offline: sample PyPI, local search server, one profile, one search"
EXAMPLE = """examples:
  pyfa demo
  pyfa demo --keep                  leave it running until Ctrl-C
  pyfa demo --keep --web-port 8000  the site as well, with half a year of downloads
  pyfa demo --projects 20000 -p django"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("-p", "--profile", default="plone", help="profile (%(default)s)")
    parser.add_argument(
        "--projects",
        type=_projects,
        default=2000,
        metavar="N",
        help="sample projects (%(default)s)",
    )
    parser.add_argument("-q", "--query", default="content types", help="what to search for")
    parser.add_argument("--keep", action="store_true", help="leave the stack running until Ctrl-C")
    parser.add_argument(
        "--web-port",
        type=port_number,
        metavar="PORT",
        help="with --keep: serve the site there, with sample facts; 0 takes a free port",
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; return the exit status."""
    from ...samples.demo import Demo

    if arguments.web_port is not None and not arguments.keep:
        raise UsageError("--web-port needs --keep: the site ends with the demo")
    signals.exit_on_signals()
    with (
        tempfile.TemporaryDirectory(prefix="pyf-demo-") as folder,
        Demo(Path(folder), arguments.profile, arguments.projects, arguments.web_port) as demo,
    ):
        _show(demo, arguments)
        if arguments.keep:
            _wait()
    return 0


def _show(demo: Demo, arguments: argparse.Namespace) -> None:
    output.note(f"sample PyPI with {arguments.projects} projects at {demo.pypi_url}")
    output.note(f"search server at {demo.search_url}")
    label = f"{demo.profile.collection} from the sample PyPI"
    with RunProgress(label) as report:
        summary = demo.aggregate(report)
    output.summary(demo.profile.collection, summary)
    if demo.site:
        with PartsProgress(str) as progress:
            demo.site.load_facts(progress)
    key = demo.search_key()
    found, hits = demo.search(key, arguments.query)
    rows = [[hit["name"], hit["version"], str(hit.get("summary", ""))] for hit in hits]
    output.say(f"\n{found} projects for {arguments.query!r}, asked with a search-only key:")
    output.table(f"newest releases of {demo.profile.name} projects", COLUMNS, rows)
    output.say("\nGo on with:")
    for line in demo.commands(key) if arguments.keep else LATER:
        output.say(f"  {line}")
    if demo.site:
        output.say(f"\nThe site: {demo.site.url}")


COLUMNS = ["project", "version", "summary"]
LATER = (
    "pyfa demo --keep                       # the same, left running, with commands to try",
    "pyfa local search &                    # a search server of your own on this machine",
    "pyfa pypi -f -p flask -l 20            # real projects from PyPI into it",
    "pyfa --help",
)


def _wait() -> None:
    with signals.stop_event() as told:
        output.say("\nThe stack runs; Ctrl-C ends it.")
        told.wait()
    output.note("ending")


def _projects(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if not 1 <= value <= 200_000:
        raise argparse.ArgumentTypeError("a number from 1 to 200000")
    return value
