"""``pyfa manage``: collections and aliases."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from ....index import admin, collection_copy, collections, schema_check
from ....index.schema_check import SchemaCheck
from ....settings import Settings
from ...common import actions, output, show_package
from ...common.actions import EXIT_PARTIAL, Action
from ...common.progress import DocumentProgress

DIFFERS = 1


def list_collections(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the collections with what the server says of them."""
    found = admin.overview(actions.connect(settings))
    if arguments.json:
        output.data(found)
        return 0
    columns = ["collection", "documents", "fields", "made", "aliases"]
    output.table("Collections", columns, [_row(remote) for remote in found])
    return 0


def list_names(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the names of the collections."""
    found = admin.collection_names(actions.connect(settings))
    if arguments.json:
        output.data(found)
        return 0
    for name in found:
        output.say(actions.cell(name))
    return 0


def list_aliases(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the aliases and where they lead."""
    server = actions.connect(settings)
    leading, present = collections.aliases(server), set(admin.collection_names(server))
    if arguments.json:
        output.data(
            [
                {"name": alias, "collection_name": target, "exists": target in present}
                for alias, target in sorted(leading.items())
            ]
        )
        return 0
    rows = [
        [actions.cell(alias), actions.cell(target), "" if target in present else "not there"]
        for alias, target in sorted(leading.items())
    ]
    output.table("Aliases", ["alias", "collection", ""], rows)
    return 0


def add_alias(arguments: argparse.Namespace, settings: Settings) -> int:
    """Let an alias lead to a collection."""
    alias = actions.named_source(arguments, "the alias")
    collection = actions.named_target(arguments, settings, "the collection it leads to")
    actions.check_name(alias)
    before = admin.set_alias(actions.connect(settings), alias, collection)
    if arguments.json:
        output.data({"name": alias, "collection_name": collection, "before": before})
    else:
        moved = f" (before: {before})" if before not in (None, collection) else ""
        output.say(f"{alias} leads to {collection}{moved}")
    return 0


def delete_alias(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take an alias away; its collection stays."""
    alias = arguments.delete_alias
    led = admin.remove_alias(actions.connect(settings), alias)
    if arguments.json:
        output.data({"name": alias, "collection_name": led})
    else:
        output.say(f"{alias} is no alias any more; it led to {led}")
    return 0


def delete_collection(arguments: argparse.Namespace, settings: Settings) -> int:
    """Delete a collection after a question."""
    server = actions.connect(settings)
    planned = admin.plan_deletion(server, arguments.delete_collection)
    consequence = f"{planned.collection} is to be deleted with {planned.documents} documents"
    if planned.aliases:
        consequence += f", and {_lead(planned.aliases)} to it"
    actions.confirm(arguments, consequence)
    admin.delete_collection(server, planned)
    if arguments.json:
        output.data(
            {
                "deleted": planned.collection,
                "documents": planned.documents,
                "aliases": list(planned.aliases),
            }
        )
    else:
        output.say(f"{planned.collection} is deleted with {planned.documents} documents")
    for alias in planned.aliases:
        output.note(f"note: the alias {alias} leads nowhere now")
    return 0


def migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the documents of one collection into another."""
    source = actions.named_source(arguments, "the collection to read")
    target = actions.named_target(arguments, settings, "the collection to write")
    actions.check_name(target)
    server = actions.connect(settings)
    with DocumentProgress("migrating") as report:
        done = collection_copy.migrate_documents(server, source, target, report=report)
    poured = done.documents
    if arguments.json:
        output.data(
            {
                "source": done.source,
                "target": done.target,
                "created": done.created,
                "read": poured.read,
                "written": poured.written,
                "refused": actions.refusals(poured.refused),
            }
        )
    else:
        made = " (made for it)" if done.created else ""
        output.say(
            f"{done.source} to {done.target}{made}: read {poured.read}, "
            f"written {poured.written}, refused {len(poured.refused)}"
        )
        actions.tell_refusals(done.target, poured.refused)
    return EXIT_PARTIAL if poured.refused else 0


def check_schema(arguments: argparse.Namespace, settings: Settings) -> int:
    """Compare a collection with the field table; status 1 when it differs."""
    name = arguments.target or show_package.collection_of(arguments.profile, settings)
    found = schema_check.check_schema(actions.connect(settings), name)
    if arguments.json:
        output.data(_as_data(found))
    elif found.fits:
        output.say(f"{found.collection} fits the field table")
    else:
        _tell(found)
    return 0 if found.fits else DIFFERS


def show_project(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what the index holds of a project."""
    return show_package.show(arguments, settings)


def _row(remote: dict[str, Any]) -> list[str]:
    made = datetime.fromtimestamp(int(remote.get("created_at", 0)), UTC)
    return [
        actions.cell(remote["name"]),
        str(remote["num_documents"]),
        str(len(remote["fields"])),
        made.strftime("%Y-%m-%d %H:%M"),
        actions.cell(", ".join(remote["aliases"])),
    ]


def _lead(aliases: tuple[str, ...]) -> str:
    if len(aliases) == 1:
        return f"the alias {aliases[0]} leads"
    return f"the aliases {', '.join(aliases)} lead"


def _tell(found: SchemaCheck) -> None:
    rows = [
        [
            actions.cell(finding.difference),
            "breaking" if finding.difference.breaking else "harmless",
            "in place" if finding.in_place else "recreate",
        ]
        for finding in found.findings
    ]
    columns = ["difference", "effect", "remedy"]
    output.table(f"{found.collection} differs from the field table", columns, rows)
    way = "recreate it" if found.needs_recreation else "it can be altered in place"
    effect = "documents or searches fail" if found.breaking else "nothing fails because of it"
    output.note(f"{found.collection} differs in {len(rows)} points: {effect}; {way}")


def _as_data(found: SchemaCheck) -> dict[str, Any]:
    return {
        "collection": found.collection,
        "fits": found.fits,
        "breaking": found.breaking,
        "needs_recreation": found.needs_recreation,
        "alter": {"fields": list(found.alteration)} if found.alteration else None,
        "differences": [
            {
                "field": finding.difference.field,
                "kind": finding.difference.kind,
                "expected": finding.difference.expected,
                "actual": finding.difference.actual,
                "breaking": finding.difference.breaking,
                "in_place": finding.in_place,
                "text": str(finding.difference),
            }
            for finding in found.findings
        ],
    }


ACTIONS = (
    Action(("-ls", "--list-collections"), "list collections with their details", list_collections),
    Action(("-lsn", "--list-collection-names"), "list the names of collections", list_names),
    Action(("-lsa", "--list-aliases"), "list aliases and their collections", list_aliases),
    Action(
        ("--add-alias",),
        "point the alias -s to the collection -t",
        add_alias,
        takes=("source", "target", "profile"),
    ),
    Action(
        ("--delete-alias",),
        "delete an alias; its collection is kept",
        delete_alias,
        metavar="ALIAS",
    ),
    Action(
        ("--migrate",),
        "write all documents of the collection -s into -t",
        migrate,
        takes=("source", "target", "profile"),
    ),
    Action(
        ("--delete-collection",),
        "delete a collection; asks for confirmation",
        delete_collection,
        metavar="NAME",
        takes=("force",),
    ),
    Action(
        ("--check-schema",),
        "compare a collection with the field table",
        check_schema,
        takes=("target", "profile"),
    ),
    Action(
        ("--show",),
        "show what the index has for a project",
        show_project,
        metavar="PROJECT",
        takes=("target", "profile", "all_versions"),
    ),
)
