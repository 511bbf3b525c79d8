"""``pyfa health``: scores that explain themselves, and insights, on the documents."""

from __future__ import annotations

import argparse

from ....documents.insights import INSIGHTS
from ....enrich import screenshots
from ....enrich.health import HealthOptions, HealthResult, enrich_health
from ....enrich.image_sizes import ImageSizeFetcher
from ....index import SearchServer
from ....settings import Settings, load_settings
from ...common import collection_options, output, signals
from ...common.actions import EXIT_PARTIAL
from ...common.progress import CountProgress
from ...common.subcommands import add_subcommands, run_subcommand
from . import explain

NAME = "health"
HELP = "Add an explained health score to the documents of a collection"
EXAMPLE = """examples:
  pyfa health -p plone                       all projects of the profile's collection
  pyfa health -t packages1 -l 100            the first hundred of a collection
  pyfa health explain plone.api.json         explain the score of one project; offline
  pyfa health explain plone.api.json --json

The score uses the facts on the documents: run pyfa github, downloads and security first.

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done, 5 a service is unavailable,
130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    collection_options.add_collection(parser)
    collection_options.add_limit(parser)
    add(
        "--measure-screenshots",
        action="store_true",
        help="before, ask for the beginning of each picture of a README that nothing tells the "
        "size of, and drop small ones",
    )
    add("--json", action="store_true", help="print the result as JSON")
    add("-v", "--verbose", action="count", default=0, help="print more to stderr")
    add_subcommands(parser, (explain.VERB,), required=False)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if arguments.verb:
        return run_subcommand(arguments)
    signals.exit_on_signals()
    settings = load_settings()
    server, name = collection_options.open_collection(arguments, settings)
    if arguments.measure_screenshots:
        _measure(settings, server, name, arguments.limit)
    with CountProgress(f"health of {name}") as progress:
        wanted = HealthOptions(name, limit=arguments.limit, report=progress)
        done = enrich_health(settings, server, wanted)
    _show(name, done, arguments)
    return 0 if done.complete else EXIT_PARTIAL


def _measure(settings: Settings, server: SearchServer, name: str, limit: int | None) -> None:
    wanted = screenshots.ScreenshotsOptions(name, limit)
    done = screenshots.measure_screenshots(server, wanted, ImageSizeFetcher(settings.pyf_contact))
    output.note(f"{name}: {done.asked} pictures asked for, {done.dropped} too small to show much")


def _show(name: str, done: HealthResult, arguments: argparse.Namespace) -> None:
    if arguments.json:
        output.data(done.as_dict())
        return
    mean = "" if done.mean is None else f", mean score {done.mean:.0f}"
    output.say(
        f"{name}: {done.projects} projects{mean}; {done.updated} documents updated, "
        f"{done.unchanged} current, {done.seconds:.1f} seconds"
    )
    for kind in INSIGHTS:
        if done.insights[kind]:
            output.say(f"  {kind}: {done.insights[kind]}")
    for line in done.notes:
        output.note(f"note: {line}")
    output.missing("refused", [f"{item.id}: {item.reason}" for item in done.refused])
