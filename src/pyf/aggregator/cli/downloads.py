"""``pyfa downloads``, also ``pyfdownloads``: download counts on the documents of a collection."""

from __future__ import annotations

import argparse
import re

from rich.progress import TaskID, TimeRemainingColumn

from ..enrich.downloads import Brought, Wanted, enrich_downloads
from ..errors import UsageError
from ..index import collections
from ..profiles import load_profiles
from ..settings import Settings, load_settings
from . import ending, output
from .actions import PARTLY, connect, given
from .progress import Bars

NAME = "downloads"
HELP = "Bring download counts, trend and rank to the documents of a collection."
EXAMPLE = """examples:
  pyfa downloads -p plone               all projects of the profile's collection
  pyfa downloads -t packages1 -l 100    the first hundred of a collection
  pyfa downloads -p plone --json        the account as JSON

The statistics store answers for all projects at once; pypistats.org is asked, 30 projects a minute,
for those only that the store has never seen. Projects of npm are left alone.

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 done in part, 5 a service is away,
130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-p", "--profile", type=given, metavar="NAME", help="profile (default: DEFAULT_PROFILE)"
    )
    parser.add_argument(
        "-t",
        "--target",
        type=given,
        metavar="COLLECTION",
        help="collection (default: the profile's)",
    )
    parser.add_argument(
        "-l", "--limit", type=_count, metavar="N", help="the first N projects by name at the most"
    )
    parser.add_argument(
        "--no-api", action="store_true", help="leave out what only pypistats.org could tell"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more on stderr")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    ending.orderly()
    settings = load_settings()
    name = _collection(arguments, settings)
    server = connect(settings)
    target = collections.need(server, name)
    collections.check_schema(server, target)
    with DownloadProgress(name) as progress:
        wanted = Wanted(
            target.alias,
            limit=arguments.limit,
            ask_api=not arguments.no_api,
            progress=progress,
        )
        done = enrich_downloads(settings, server, wanted)
    _show(name, done, arguments)
    return 0 if done.complete else PARTLY


class DownloadProgress(Bars):
    """Progress over projects, a bar for each source."""

    def __init__(self, label: str) -> None:
        super().__init__(TimeRemainingColumn())
        self._label = label
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, source: str, done: int, total: int) -> None:
        label = f"downloads of {self._label} from {source}"
        if not self.bars:
            self.line(f"{label}: {done} of {total} projects")
            return
        if source not in self._tasks:
            self._tasks[source] = self.bars.add_task(label, total=total)
        self.bars.update(self._tasks[source], completed=done, total=total)


def _collection(arguments: argparse.Namespace, settings: Settings) -> str:
    if arguments.target:
        return str(arguments.target)
    named = arguments.profile or settings.default_profile
    if named:
        return load_profiles(settings).get(named).collection
    if settings.typesense_collection:
        return settings.typesense_collection
    known = ", ".join(item.key for item in load_profiles(settings))
    raise UsageError(f"name a profile with -p or a collection with -t; profiles: {known}")


def _show(name: str, done: Brought, arguments: argparse.Namespace) -> None:
    if arguments.json:
        output.data(done.as_dict())
        return
    output.say(
        f"{name}: {done.projects} projects, {done.from_store} from the store, {done.from_api} from "
        f"pypistats.org, {done.unknown} unknown to both; {done.updated} documents updated, "
        f"{done.unchanged} current, {done.seconds:.1f} seconds"
    )
    for line in done.notes:
        output.note(f"note: {line}")
    output.missing("no answer for", [f"{one}: {why}" for one, why in done.failed.items()])
    output.missing("refused", [f"{item.id}: {item.reason}" for item in done.refused])


def _count(text: str) -> int:
    value = int(text) if re.fullmatch(r"[0-9]{1,12}", text) else 0
    if value < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on is needed")
    return value
