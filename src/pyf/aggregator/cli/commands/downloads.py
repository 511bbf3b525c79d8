"""``pyfa downloads``, also ``pyfdownloads``: download counts on the documents of a collection."""

from __future__ import annotations

import argparse

from ...enrich.downloads import DownloadsOptions, DownloadsResult, enrich_downloads
from ...settings import load_settings
from ..common import collection_options, output, signals
from ..common.actions import EXIT_PARTIAL
from ..common.progress import PartsProgress

NAME = "downloads"
HELP = "Add download counts, trend and rank to the documents of a collection"
EXAMPLE = """examples:
  pyfa downloads -p plone               all projects of the profile's collection
  pyfa downloads -t packages1 -l 100    the first hundred of a collection
  pyfa downloads -p plone --json        the account as JSON

The statistics store answers for all projects at once. pypistats.org is asked, 30 projects per
minute, only for projects that the store has never seen. npm projects are skipped.

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done, 5 a service is unavailable,
130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    collection_options.add_collection(parser)
    collection_options.add_limit(parser)
    parser.add_argument("--no-api", action="store_true", help="do not ask pypistats.org")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    signals.exit_on_signals()
    settings = load_settings()
    server, name = collection_options.open_collection(arguments, settings)
    with PartsProgress(lambda source: f"downloads of {name} from {source}", "projects") as progress:
        wanted = DownloadsOptions(
            name,
            limit=arguments.limit,
            ask_api=not arguments.no_api,
            progress=progress,
        )
        done = enrich_downloads(settings, server, wanted)
    _show(name, done, arguments)
    return 0 if done.complete else EXIT_PARTIAL


def _show(name: str, done: DownloadsResult, arguments: argparse.Namespace) -> None:
    if arguments.json:
        output.data(done.as_dict())
        return
    output.say(
        f"{name}: {done.projects} projects, {done.from_store} from the store, {done.from_api} from "
        f"pypistats.org, {done.unknown} without counts; {done.updated} documents updated, "
        f"{done.unchanged} current, {done.seconds:.1f} seconds"
    )
    for line in done.notes:
        output.note(f"note: {line}")
    output.missing("no answer for", [f"{one}: {why}" for one, why in done.failed.items()])
    output.missing("refused", [f"{item.id}: {item.reason}" for item in done.refused])
