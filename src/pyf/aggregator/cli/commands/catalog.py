"""``pyfa catalog``: what is known of every project of the registry."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Sequence

import orjson

from ...errors import UsageError
from ...ingest import catalog as syncing
from ...profile import PRIVATE_PREFIX, check_classifiers, classifier_family
from ...profiles import load_profiles
from ...settings import load_settings
from ...store import catalog, open_store
from ..common import output, signals
from ..common.actions import EXIT_PARTIAL, Declined, is_terminal
from ..common.progress import CountProgress
from ..common.subcommands import Subcommand, add_subcommands, run_subcommand

NAME = "catalog"
HELP = "Sync and query the catalog of all projects of the registry"
EXAMPLE = """examples:
  pyfa catalog sync                                   update the catalog; the first run takes long
  pyfa catalog query "Framework :: FastAPI"           what a profile of it would contain
  pyfa catalog query "Framework :: Plone" --family    with all classifiers below it
  pyfa catalog query -p plone --json
  pyfa catalog status

exit status: 0 done, 1 failed or stopped for safety, 2 wrong use, 4 partly done, 5 the store or the
registry is unavailable, 130 interrupted"""

ASKED_FROM = 10_000
"""Projects from which on a first crawl is asked about: that is a public registry, not a sample."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    add_subcommands(parser, VERBS)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    return run_subcommand(arguments)


def _add_sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--older-than",
        type=_days,
        metavar="DAYS",
        help="check again every project not checked for that long; 0: all",
    )
    parser.add_argument(
        "--sweep",
        type=_whole,
        default=syncing.SWEEP,
        metavar="N",
        help="look again at the N that were looked at longest ago, for their status (%(default)s)",
    )
    parser.add_argument(
        "-l", "--limit", type=_whole, metavar="N", help="process at most N projects"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--moved", action="store_true", help="same registry, new URL")
    where.add_argument("--restart", action="store_true", help="empty the catalog first")
    parser.add_argument(
        "--yes",
        action="store_true",
        help="start a first crawl or mark projects as gone without confirmation",
    )
    _add_common(parser)


def _sync(arguments: argparse.Namespace) -> int:
    signals.exit_on_signals()
    settings = load_settings()
    with open_store(settings, readonly=False) as store, CountProgress("catalog") as progress:
        account = syncing.sync(
            settings,
            store,
            syncing.CatalogSyncOptions(
                older_than=arguments.older_than,
                sweep=arguments.sweep,
                limit=arguments.limit,
                moved=arguments.moved,
                restart=arguments.restart,
                may_lose=lambda lost, total: _may_lose(arguments, progress, lost, total),
                report=progress,
                on_first_sync=lambda projects, source: _first(
                    arguments, progress, projects, source
                ),
            ),
        )
    if arguments.json:
        output.data(account.as_dict())
    else:
        _tell(account)
    return 0 if account.complete else EXIT_PARTIAL


def _first(
    arguments: argparse.Namespace, progress: CountProgress, projects: int, source: str
) -> None:
    # A crawl of a public registry is not to begin because PYPI_URL was left unset.
    state = "is emptied first" if arguments.restart else "is empty"
    said = f"the catalog {state}: {projects} projects of {source} are asked for"
    if projects <= ASKED_FROM or arguments.yes:
        with progress.pause():
            output.note(f"note: {said}, two requests each; Ctrl-C ends it, --limit takes a part")
        return
    if not is_terminal():
        raise UsageError(
            f"{said}, two requests each; without a terminal to ask on, --yes begins it, and "
            "--limit takes a part"
        )
    if not progress.confirm(f"{said}, two requests each (--limit takes a part)"):
        raise Declined("nothing was asked for")


def _tell(account: syncing.CatalogSyncResult) -> None:
    output.say(
        f"catalog: listed {account.listed}, fetched {account.fetched}, unchanged "
        f"{account.unchanged}, gone {account.gone}, quarantined {account.quarantined}, requests "
        f"{account.requests}, {account.seconds:.1f} seconds"
    )
    for line in account.notes:
        output.note(f"note: {line}")
    if account.left:
        output.note(f"note: {account.left} projects are still to be looked at; run it again")
    output.missing("no answer for", [f"{name}: {why}" for name, why in account.failed.items()])


def _may_lose(
    arguments: argparse.Namespace, progress: CountProgress, lost: int, total: int
) -> bool:
    return arguments.yes or progress.confirm(f"{lost} of {total} projects are to be marked as gone")


def _add_query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "classifiers", nargs="*", metavar="CLASSIFIER", help="classifier of the projects"
    )
    parser.add_argument(
        "--family", action="store_true", help="include all classifiers below the given ones"
    )
    parser.add_argument(
        "-p", "--profile", metavar="NAME", help="the classifiers and names of a profile"
    )
    _add_common(parser)


def _query(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    wanted, names = _expand_classifiers(arguments.classifiers, arguments.family), set[str]()
    excluded = set[str]()
    if arguments.profile:
        profile = load_profiles(settings).get(arguments.profile)
        wanted += profile.classifiers
        names, excluded = set(profile.include), set(profile.exclude)
    if not wanted and not names:
        raise UsageError("name a classifier, or a profile with -p")
    with open_store(settings) as store:
        found = {
            project.name: project for project in catalog.projects_with_classifiers(store, wanted)
        }
        named = catalog.projects(store, names)
        found |= {name: project for name, project in named.items() if not project.gone}
        as_of = catalog.require_complete(store).started
    for name in sorted(found.keys() - excluded):
        _show(found[name], as_json=arguments.json)
    output.note(f"{len(found.keys() - excluded)} projects, as of {_moment(as_of)}")
    return 0


def _expand_classifiers(classifiers: Sequence[str], with_family: bool) -> list[str]:
    check_classifiers(classifiers)
    if not with_family:
        return list(classifiers)
    return sorted(
        {
            member
            for root in classifiers
            for member in (
                root,
                *(() if root.startswith(PRIVATE_PREFIX) else classifier_family(root)),
            )
        }
    )


def _show(project: catalog.CatalogProject, *, as_json: bool) -> None:
    if not as_json:
        summary = project.summary if len(project.summary) <= 80 else project.summary[:77] + "..."
        output.say(f"{project.display_name}\t{project.latest or '-'}\t{summary}")
        return
    values = {
        **vars(project),
        "first_upload": _iso(project.first_upload),
        "last_upload": _iso(project.last_upload),
        "checked": project.checked.isoformat(timespec="seconds"),
    }
    values.pop("etag")
    output.say(orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode())


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def _status(arguments: argparse.Namespace) -> int:
    with open_store(load_settings()) as store:
        found = catalog.catalog_status(store)
    values = {
        "projects": found.projects,
        "without_release": found.without_release,
        "gone": found.gone,
        "by_status": {word or "unknown": count for word, count in found.by_status.items()},
        "oldest_check": found.oldest_check and _moment(found.oldest_check),
        "last_sync": _sync_values(found.last_sync),
        "last_complete_sync": _sync_values(found.last_complete),
    }
    if arguments.json:
        output.data(values)
        return 0
    for name, value in values.items():
        inner = value.items() if isinstance(value, dict) else ()
        text = ", ".join(f"{key} {part}" for key, part in inner) if inner else value
        output.say(f"{name.replace('_', ' ')}: {'none' if text in (None, '', {}) else text}")
    return 0


def _sync_values(sync: catalog.CatalogSync | None) -> dict[str, object] | None:
    if sync is None:
        return None
    return {
        "finished": _moment(sync.finished),
        "source": sync.source,
        "complete": sync.complete,
        "serial": sync.serial or None,
        "listed": sync.listed,
        "fetched": sync.fetched,
        "unchanged": sync.unchanged,
        "gone": sync.gone,
        "failed": len(sync.failed),
    }


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _iso(seconds: int) -> str | None:
    return _moment(dt.datetime.fromtimestamp(seconds, dt.UTC)) if seconds else None


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError("a whole number is needed")
    return int(text)


def _days(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError("a number of days is needed")
    return float(text)


VERBS = (
    Subcommand("sync", "Sync every project that changed since the last sync", _add_sync, _sync),
    Subcommand(
        "query",
        "List the projects whose latest release has a classifier",
        _add_query,
        _query,
    ),
    Subcommand("status", "Show the number of projects and the last sync", _add_common, _status),
)
