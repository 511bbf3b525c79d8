"""``pyfa store``: the statistics store itself: its tables, what it holds, backups."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from ...settings import load_settings
from ...store import open_store
from ...store.backup import backup, restore
from ...store.overview import LastLoad, Overview, overview
from ..common import output, signals

NAME = "store"
HELP = "Manage the statistics store: tables, contents, backups"
EXAMPLE = """examples:
  pyfa store status --json
  pyfa store backup /backups/2026-07-01
  pyfa store restore /backups/2026-07-01

It is the ClickHouse of CLICKHOUSE_URL, else the one that `pyfa up` runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add(actions, "migrate", "update the tables; does nothing if they are current")
    _add(actions, "status", "show tables, rows, bytes, days and the last load")
    made = _add(actions, "backup", "write everything to a folder as Parquet files")
    made.add_argument("folder", type=Path, metavar="DIR", help="target folder; created if missing")
    made.add_argument("--force", action="store_true", help="overwrite an existing backup")
    back = _add(actions, "restore", "restore into an empty store; rerun to resume")
    back.add_argument("folder", type=Path, metavar="DIR", help="folder written by backup")
    back.add_argument("--force", action="store_true", help="empty the store first")


def run(arguments: argparse.Namespace) -> int:
    """Run an action; return the exit status."""
    signals.exit_on_signals()
    return {"migrate": _migrate, "status": _status, "backup": _backup, "restore": _restore}[
        arguments.action
    ](arguments)


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_, description=help_, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="as JSON on stdout")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")
    return parser


def _migrate(arguments: argparse.Namespace) -> int:
    with open_store(load_settings(), readonly=False, migrate=False) as store:
        made = store.migrate()
    if arguments.json:
        output.data({"made": made})
    else:
        output.note("\n".join(f"made {name}" for name in made) or "the tables are up to date")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    with open_store(load_settings()) as store:
        found = overview(store)
        where = str(store.location)
    if arguments.json:
        output.data({"store": where, **dataclasses.asdict(found)})
        return 0
    rows = [[t.name, f"{t.rows:,}", f"{t.bytes:,}"] for t in found.tables]
    output.table(f"store at {where}", ["table", "rows", "bytes"], rows)
    for line in _lines(found):
        output.say(line)
    return 0


def _lines(found: Overview) -> list[str]:
    if not found.days:
        days = "no day is loaded"
    else:
        span = (found.last - found.first).days + 1 if found.first and found.last else 0
        missing = f", {span - found.days} between them missing" if span > found.days else ""
        days = f"{found.days} days loaded, {found.first} to {found.last}{missing}"
    return [days, *([_print_summary(found.last_load)] if found.last_load else [])]


def _print_summary(load: LastLoad) -> str:
    why = f": {load.reason}" if load.reason else ""
    when = load.finished.strftime("%Y-%m-%d %H:%M")
    return f"last load: {load.day} from {load.source}, {load.status} at {when} UTC{why}"


def _backup(arguments: argparse.Namespace) -> int:
    with open_store(load_settings()) as store:
        made = backup(store, arguments.folder, _report, force=arguments.force)
    return _print_done("backed up", arguments, len(made.files), made.rows)


def _restore(arguments: argparse.Namespace) -> int:
    with open_store(load_settings(), readonly=False) as store:
        made = restore(store, arguments.folder, _report, force=arguments.force)
    return _print_done("restored", arguments, len(made.files), made.rows)


def _print_done(what: str, arguments: argparse.Namespace, files: int, rows: int) -> int:
    if arguments.json:
        output.data({"folder": str(arguments.folder), "files": files, "rows": rows})
    else:
        output.note(f"{what}: {rows:,} rows in {files} files, {arguments.folder}")
    return 0


def _report(name: str, rows: int) -> None:
    output.note(f"{name}: {rows:,} rows")
