"""``pyfa pypi``: bring a profile's projects from PyPI into the index."""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path

from ...errors import UsageError
from ...index import SearchServer
from ...ingest.cursor import SinceFile
from ...ingest.fetch_collection import FetchMode, FetchOptions, aggregate, printable_url
from ...ingest.runs import RunScope
from ...profile import Profile, all_projects_profile, profile_from_classifiers
from ...profiles import load_profiles
from ...registries.discovery import DISCOVERY_METHODS
from ...settings import Settings, load_settings
from ..common import collection_options, output, show_package, signals
from ..common.actions import non_empty
from ..common.progress import RunProgress

NAME = "pypi"
HELP = "Fetch the projects of a profile from PyPI into the search index"
EXAMPLE = """examples:
  pyfa pypi -f -p plone             everything in the profile; unchanged projects are skipped
  pyfa pypi -i -p plone             changes since the last run
  pyfa pypi --refresh-from-pypi -p plone
  pyfa pypi --show plone.api -p plone --all-versions

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done, 5 a service is unavailable,
130 interrupted"""

PARTLY = 4
COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    _add_modes(parser)
    _add_scope(parser)
    _add_manner(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def _add_modes(parser: argparse.ArgumentParser) -> None:
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("-f", "--first", action="store_true", help="full fetch of the profile")
    mode.add_argument(
        "-i", "--incremental", action="store_true", help="only changes since the last run"
    )
    mode.add_argument(
        "--refresh-from-pypi",
        action="store_true",
        help="check every indexed project again; remove only what is gone from PyPI",
    )
    mode.add_argument(
        "--show", type=non_empty, metavar="NAME", help="show what the index has for a project"
    )
    parser.add_argument("--all-versions", action="store_true", help="with --show: every release")


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-l",
        "--limit",
        type=collection_options.count,
        metavar="N",
        help="process at most N projects",
    )
    parser.add_argument(
        "-fn",
        "--filter-name",
        type=non_empty,
        metavar="TEXT",
        help="only names that contain TEXT",
    )
    parser.add_argument(
        "-ft",
        "--filter-troove",
        action="append",
        default=[],
        metavar="CLASSIFIER",
        help="projects with this classifier (repeatable; deprecated, use a profile)",
    )
    collection_options.add_collection(parser)
    parser.add_argument("--no-plone-filter", action="store_true", help="index every project")


def _add_manner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-s",
        "--sincefile",
        type=Path,
        default=Path(".pyaggregator.since"),
        metavar="FILE",
        help="file that keeps the last serial (default: %(default)s)",
    )
    parser.add_argument(
        "--recreate-collection",
        action="store_true",
        help="with -f: build a new version of the collection, then switch the alias",
    )
    parser.add_argument(
        "--keep-old",
        action="store_true",
        help="with --recreate-collection: for a `pyfa manage --rollback`",
    )
    parser.add_argument(
        "--discovery",
        choices=DISCOVERY_METHODS,
        default="auto",
        help="how candidates are found (%(default)s)",
    )
    parser.add_argument("--yes", action="store_true", help="remove documents without confirmation")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    signals.exit_on_signals()
    _check(arguments)
    settings = load_settings()
    if arguments.show:
        return show_package.show(arguments, settings)
    profile = _profile(arguments, settings)
    since = SinceFile(arguments.sincefile)
    since.check_writable()
    since.read(profile.collection)
    server = SearchServer.from_settings(settings)
    server.check()
    with RunProgress(f"{profile.collection} from {printable_url(settings)}") as report:
        order = FetchOptions(
            profile=profile,
            mode=_mode(arguments),
            cursor_store=since,
            discovery_method=arguments.discovery,
            scope=RunScope(arguments.filter_name or "", arguments.limit),
            keep_old=arguments.keep_old,
            may_remove=lambda removed, total: _may_remove(arguments, report, removed, total),
            report=report,
            step=report.step,
        )
        result = aggregate(settings, server, order)
    if arguments.json:
        output.data(result.as_dict())
    else:
        output.summary(profile.collection, result)
    return 0 if result.complete else PARTLY


def _check(arguments: argparse.Namespace) -> None:
    if arguments.recreate_collection and not arguments.first:
        raise UsageError("--recreate-collection goes with -f")
    if arguments.keep_old and not arguments.recreate_collection:
        raise UsageError("--keep-old goes with --recreate-collection")
    if arguments.recreate_collection and (arguments.filter_name or arguments.limit):
        raise UsageError("--recreate-collection builds the whole collection; leave out -fn and -l")
    if arguments.all_versions and not arguments.show:
        raise UsageError("--all-versions goes with --show")
    if arguments.filter_name and not show_package.PROJECT.fullmatch(arguments.filter_name):
        raise UsageError(f"no project name can contain {arguments.filter_name!r}")
    if arguments.target is not None and not COLLECTION.fullmatch(arguments.target):
        raise UsageError(
            f"{arguments.target!r} cannot name a collection: use letters, digits, '.', '_', '-'"
        )
    if arguments.no_plone_filter and arguments.filter_troove:
        raise UsageError("--no-plone-filter indexes everything; leave out -ft")


def _profile(arguments: argparse.Namespace, settings: Settings) -> Profile:
    """The profile to work for, with the collection to write into as ``collection``."""
    named = arguments.profile or settings.default_profile
    by_hand = arguments.filter_troove or arguments.no_plone_filter
    if by_hand and not arguments.profile:
        named = None
    profile = load_profiles(settings).get(named) if named else None
    target = arguments.target or (profile and profile.collection) or settings.typesense_collection
    if not target:
        if by_hand:
            raise UsageError("name the collection with -t")
        known = ", ".join(item.key for item in load_profiles(settings))
        raise UsageError(f"name a profile with -p or DEFAULT_PROFILE; known: {known}")
    if arguments.filter_troove:
        by_hand_profile = profile_from_classifiers(arguments.filter_troove, target)
        output.note("note: -ft is deprecated; a profile (PYF_PROFILES) does the same and stays")
        return by_hand_profile
    if arguments.no_plone_filter:
        return all_projects_profile(target)
    if profile is None:
        raise UsageError("name a profile with -p or DEFAULT_PROFILE, or classifiers with -ft")
    return dataclasses.replace(profile, collection=target)


def _mode(arguments: argparse.Namespace) -> FetchMode:
    if arguments.recreate_collection:
        return "recreate"
    if arguments.refresh_from_pypi:
        return "refresh"
    return "incremental" if arguments.incremental else "full"


def _may_remove(
    arguments: argparse.Namespace, report: RunProgress, removed: int, total: int
) -> bool:
    return arguments.yes or report.confirm(f"{removed} of {total} documents are to be removed")
