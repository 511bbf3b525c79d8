"""``pyfa security -p`` and ``pyfa security load``: advisories, and what follows for documents."""

from __future__ import annotations

import argparse
import sys

from ....enrich import advisories
from ....enrich.advisories import AdvisoriesResult
from ....enrich.security import SecurityOptions, SecurityResult, enrich_security
from ....errors import UsageError
from ....settings import Settings, load_settings
from ....store import Store, open_store
from ...common import collection_options, output, signals
from ...common.actions import EXIT_PARTIAL
from ...common.progress import CountProgress
from ...common.subcommands import Subcommand

OPTIONS = {
    "profile": "-p",
    "target": "-t",
    "limit": "-l",
    "no_load": "--no-load",
    "go_ahead": "--yes",
    "as_json": "--json",
}
"""Options of the command itself, which no action takes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``pyfa security`` without an action."""
    collection_options.add_collection(parser)
    collection_options.add_limit(parser)
    parser.add_argument("--no-load", action="store_true", help="use the advisories in the store")
    parser.add_argument(
        "--yes",
        dest="go_ahead",
        action="store_true",
        help="accept an archive that lacks many known advisories",
    )
    parser.add_argument(
        "--json", dest="as_json", action="store_true", help="print the result as JSON"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise ``UsageError`` for options that an action would not heed."""
    for name, flag in OPTIONS.items():
        if getattr(arguments, name) not in (None, False):
            raise UsageError(
                f"{flag} before {arguments.verb} has no effect; put it behind, if at all"
            )


def run(arguments: argparse.Namespace) -> int:
    """Bring vulnerabilities and flags to a collection; return the exit status."""
    signals.exit_on_signals()
    settings = load_settings()
    server, name = collection_options.open_collection(arguments, settings)
    with open_store(settings, readonly=False) as store:
        loaded, kept = (
            (None, "") if arguments.no_load else _update_advisories(arguments, settings, store)
        )
        if kept:
            output.note(f"note: {kept}")
        with CountProgress(f"security of {name}") as progress:
            wanted = SecurityOptions(name, limit=arguments.limit, report=progress)
            done = enrich_security(store, server, wanted)
    if arguments.as_json:
        output.data({**done.as_dict(), "advisories": loaded.as_dict() if loaded else None})
    else:
        _tell_loaded(loaded)
        _tell(name, done)
    is_current = not kept and not (loaded and loaded.unreadable)
    return 0 if done.complete and is_current else EXIT_PARTIAL


def _update_advisories(
    arguments: argparse.Namespace, settings: Settings, store: Store
) -> tuple[AdvisoriesResult | None, str]:
    _tell_begun()
    return advisories.load_or_keep(settings, store, lambda _lost, _total: arguments.go_ahead)


def _tell_begun() -> None:
    if sys.stderr.isatty():
        output.note("bringing the advisories up to date ...")


def _tell_loaded(loaded: AdvisoriesResult | None) -> None:
    if loaded is None:
        return
    output.say(
        f"advisories: {loaded.how}, {loaded.records} records, {loaded.gone} gone, "
        f"{loaded.requests} requests, {loaded.seconds:.1f} seconds"
    )
    output.missing("cannot be read:", [f"{id_}: {why}" for id_, why in loaded.unreadable.items()])


def _tell(name: str, done: SecurityResult) -> None:
    output.say(
        f"{name}: {done.projects} projects, {done.vulnerable} vulnerable releases, flagged "
        f"{done.malicious} malicious, {done.quarantined} quarantined, {done.typosquats} suspected "
        f"typosquats; {done.updated} documents updated, {done.unchanged} current, "
        f"{done.seconds:.1f} seconds"
    )
    for line in done.notes:
        output.note(f"note: {line}")
    output.missing("refused", [f"{item.id}: {item.reason}" for item in done.refused])


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes", action="store_true", help="accept an archive that lacks many known advisories"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _load(arguments: argparse.Namespace) -> int:
    signals.exit_on_signals()
    settings = load_settings()
    with open_store(settings, readonly=False) as store:
        _tell_begun()
        loaded = advisories.load(settings, store, lambda _lost, _total: arguments.yes)
    if arguments.json:
        output.data(loaded.as_dict())
    else:
        _tell_loaded(loaded)
    return EXIT_PARTIAL if loaded.unreadable else 0


VERBS = (Subcommand("load", "Load OSV advisories into the store", _add_load, _load),)
