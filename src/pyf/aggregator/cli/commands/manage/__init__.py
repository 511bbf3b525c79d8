"""``pyfa manage``, also ``pyfupdater``: collections, keys, backups, queue. One action a call."""

from __future__ import annotations

import argparse

from ....errors import UsageError
from ....settings import load_settings
from ...common.actions import Action, duration
from . import backup, collections, keys, queue, recreate

NAME = "manage"
HELP = "Manage collections, aliases and API keys of the search server, and the task queue"
EXAMPLE = """examples:
  pyfa manage -ls                                     what is there
  pyfa manage --add-alias -s packages -t packages1    packages points to packages1
  pyfa manage --migrate -s packages1 -t packages2     copy documents
  pyfa manage --add-search-only-apikey -p plone       a key for a frontend
  pyfa manage --rotate-search-key -p plone --grace 7d
  pyfa manage --check-schema -p plone
  pyfa manage --recreate-collection -p plone --keep-old
  pyfa manage --backup /var/backups/search
  pyfa manage --queue-stats

exit status: 0 done, 1 failed (--check-schema: it differs), 2 wrong use, 3 not found, 4 done in
part, 5 a service is unavailable, 130 interrupted"""

ACTIONS: tuple[Action, ...] = (
    *collections.ACTIONS,
    *recreate.ACTIONS,
    *keys.ACTIONS,
    *backup.ACTIONS,
    *queue.ACTIONS,
)
OPTIONS = {
    "source": "-s",
    "target": "-t",
    "profile": "-p",
    "key": "-key",
    "force": "-f",
    "all_versions": "--all-versions",
    "keep_old": "--keep-old",
    "grace": "--grace",
    "filter": "--filter",
    "expires": "--expires",
    "parent_key_file": "--parent-key-file",
    "target_key_file": "--target-key-file",
}
"""Options that belong to some of the actions only, as users know them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    for action in ACTIONS:
        if action.metavar is None:
            chosen.add_argument(*action.flags, action="store_true", help=action.help)
        else:
            chosen.add_argument(
                *action.flags, metavar=action.metavar, type=action.type, help=action.help
            )
    _add_names(parser)
    _add_for_keys(parser)
    parser.add_argument(
        "--all-versions", action="store_true", help="with --show: every release of the project"
    )
    parser.add_argument(
        "--keep-old", action="store_true", help="with --recreate-collection: for a --rollback"
    )
    parser.add_argument(
        "--target-key-file", metavar="FILE", help="with --copy-to: admin key there; - for stdin"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    (action,) = (action for action in ACTIONS if _is_chosen(action, arguments))
    for name, flag in OPTIONS.items():
        if name not in action.takes and getattr(arguments, name) not in (None, False):
            raise UsageError(f"{flag} does not go with {action.name}")
    return action.run(arguments, load_settings())


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-s", "--source", metavar="NAME", help="collection to read, or alias")
    parser.add_argument("-t", "--target", metavar="COLLECTION", help="collection to work on")
    parser.add_argument("-p", "--profile", metavar="NAME", help="profile, for its collection")
    parser.add_argument("-f", "--force", action="store_true", help="skip the confirmation")


def _add_for_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-key", "--key", metavar="VALUE", help="value of the new key (default: a random one)"
    )
    parser.add_argument(
        "--grace",
        type=duration,
        metavar="TIME",
        help="with --rotate-search-key: how long old keys stay valid, such as 12h (default: 7d)",
    )
    parser.add_argument(
        "--filter", metavar="FILTER", help="with --scoped-key: filter_by that is always applied"
    )
    parser.add_argument(
        "--expires", type=duration, metavar="TIME", help="with --scoped-key: life time, such as 30d"
    )
    parser.add_argument(
        "--parent-key-file", metavar="FILE", help="with --scoped-key: its search-only key; - stdin"
    )


def _is_chosen(action: Action, arguments: argparse.Namespace) -> bool:
    return getattr(arguments, action.dest) not in (None, False)
