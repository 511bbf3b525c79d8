"""``pyfa manage``: backups, and copies to another server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ....errors import UsageError
from ....index import SearchServer, backup, collection_copy
from ....index.transfer import TransferResult
from ....profiles import load_profiles
from ....settings import Settings
from ....settings.value_types import nodes
from ...common import actions, output
from ...common.actions import EXIT_PARTIAL, Action
from ...common.progress import DocumentProgress


def make_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write collections and what belongs to them into a folder."""
    only = _only(arguments, settings)
    server = actions.connect(settings)
    folder = Path(arguments.backup)
    with DocumentProgress("backing up") as report:
        made = backup.backup(server, folder, only=only, force=arguments.force, report=report)
    if arguments.json:
        output.data({"folder": str(folder), "documents": made.documents, "made": made.made})
    else:
        rows = [[actions.cell(name), str(count)] for name, count in made.documents.items()]
        output.table(f"Backup in {folder}", ["collection", "documents"], rows)
    _tell_left_out(made.left_out)
    return 0


def restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring a backup back."""
    folder = backup.BackupSource(Path(arguments.restore))
    server = actions.connect(settings)
    with DocumentProgress("restoring") as report:
        done = backup.restore(server, Path(arguments.restore), force=arguments.force, report=report)
    if folder.contents.keys:
        output.note(
            f"note: {len(folder.contents.keys)} API keys are described in keys.jsonl; "
            "a backup has no values, make the keys anew"
        )
    return _print_summary(arguments, done)


def copy_to(arguments: argparse.Namespace, settings: Settings) -> int:
    """Copy collections and what belongs to them to another server."""
    try:
        where = nodes().parse(arguments.copy_to)
    except ValueError as error:
        raise UsageError(f"--copy-to: {error}") from None
    if not arguments.target_key_file:
        raise UsageError("name the file of the other server's admin key with --target-key-file")
    key = actions.secret(arguments.target_key_file, "--target-key-file")
    only = _only(arguments, settings)
    server = actions.connect(settings)
    target = SearchServer(where, key, settings.typesense_timeout)
    target.check()
    with DocumentProgress("copying") as report:
        done = collection_copy.copy_to_server(
            server, target, only=only, force=arguments.force, report=report
        )
    output.note("note: API keys are not copied, their values are known to nobody; make them anew")
    return _print_summary(arguments, done)


def _only(arguments: argparse.Namespace, settings: Settings) -> str | None:
    """The one collection that -t or -p names; a default profile does not narrow a backup."""
    if arguments.target:
        return str(arguments.target)
    if arguments.profile:
        return load_profiles(settings).get(arguments.profile).collection
    return None


def _print_summary(arguments: argparse.Namespace, done: TransferResult) -> int:
    if arguments.json:
        output.data(_as_data(done))
    else:
        rows = [
            [actions.cell(name), str(poured.read), str(poured.written), str(len(poured.refused))]
            for name, poured in done.collections.items()
        ]
        output.table("Collections", ["collection", "read", "written", "refused"], rows)
        for name, poured in done.collections.items():
            actions.tell_refusals(name, poured.refused)
    for name in done.skipped:
        output.note(f"note: {name} was there from an interrupted run and stays as it is")
    _tell_left_out(done.left_out)
    return 0 if done.complete else EXIT_PARTIAL


def _tell_left_out(left_out: tuple[str, ...]) -> None:
    for what in left_out:
        output.note(f"note: left out: {what}")


def _as_data(done: TransferResult) -> dict[str, Any]:
    return {
        "collections": {
            name: {
                "read": poured.read,
                "written": poured.written,
                "refused": actions.refusals(poured.refused),
            }
            for name, poured in done.collections.items()
        },
        "skipped": list(done.skipped),
        "aliases": dict(done.aliases),
        "presets": done.presets,
        "stopwords": done.stopwords,
        "left_out": list(done.left_out),
    }


ACTIONS = (
    Action(
        ("--backup",),
        "write collections, aliases, synonyms and presets to a folder",
        make_backup,
        metavar="DIR",
        takes=("target", "profile", "force"),
    ),
    Action(
        ("--restore",),
        "restore a backup; -f replaces existing collections",
        restore,
        metavar="DIR",
        takes=("force",),
    ),
    Action(
        ("--copy-to",),
        "copy collections, aliases, synonyms, presets to another server",
        copy_to,
        metavar="URL",
        takes=("target", "profile", "force", "target_key_file"),
    ),
)
