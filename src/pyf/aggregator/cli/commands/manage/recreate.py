"""``pyfa manage``: recreate a collection with the current schema, and take that back."""

from __future__ import annotations

import argparse

from ....index import RefusedDocument
from ....index.recreation import Recreation, RecreationReport, rollback
from ....profiles import load_profiles
from ....settings import Settings
from ...common import actions, output
from ...common.actions import EXIT_PARTIAL, Action
from ...common.progress import DocumentProgress


def recreate_collection(arguments: argparse.Namespace, settings: Settings) -> int:
    """Recreate the collection behind an alias; print what was done."""
    alias = actions.named_target(arguments, settings, "the collection")
    actions.check_name(alias)
    server = actions.connect(settings)
    profile = load_profiles(settings).get(arguments.profile) if arguments.profile else None
    with (
        DocumentProgress(alias) as progress,
        Recreation(
            server,
            alias,
            settings.pyf_data_dir,
            keep_old=arguments.keep_old,
            own_synonyms=[group.as_item() for group in profile.synonyms] if profile else [],
            max_lost_share=settings.pyf_max_delete_share,
            may_lose=lambda _lost, _total: bool(arguments.force),
            report=progress,
        ) as recreation,
    ):
        recreation.copy()
        recreation.switch()
        result = recreation.finish()
    _print(arguments, alias, result)
    return EXIT_PARTIAL if result.refused else 0


def roll_back(arguments: argparse.Namespace, settings: Settings) -> int:
    """Lead an alias back to the version before."""
    alias = actions.named_target(arguments, settings, "the collection")
    left, now = rollback(actions.connect(settings), alias, settings.pyf_data_dir)
    if arguments.json:
        output.data({"alias": alias, "collection": now, "before": left})
    else:
        output.say(f"{alias} leads to {now} again; {left} is kept")
    return 0


def _print(arguments: argparse.Namespace, alias: str, result: RecreationReport) -> None:
    if arguments.json:
        output.data(
            {
                "alias": alias,
                "old": result.old,
                "new": result.new,
                "documents": result.documents,
                "carried_on": result.resumed,
                "kept_for": list(result.kept_for),
                "refused": [_row(refusal) for refusal in result.refused],
            }
        )
        return
    before = f", before it was {result.old}" if result.old else ""
    output.say(f"{alias} leads to {result.new} with {result.documents} documents{before}")
    if result.resumed:
        output.note("note: an interrupted recreation was carried to its end")
    if result.kept_for:
        output.note(f"note: {result.old} is kept for the alias {', '.join(result.kept_for)}")
    output.missing("refused", [f"{item.id}: {item.reason}" for item in result.refused])


def _row(refusal: RefusedDocument) -> dict[str, str]:
    return {"id": refusal.id, "reason": refusal.reason}


ACTIONS = (
    Action(
        ("--recreate-collection",),
        "build a new version of the collection, then switch the alias to it",
        recreate_collection,
        takes=("target", "profile", "force", "keep_old"),
    ),
    Action(
        ("--rollback",),
        "point the alias back to the previous version, if it was kept",
        roll_back,
        takes=("target", "profile"),
    ),
)
